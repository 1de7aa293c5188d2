"""Plain numbers out of a block of a CSV, compiled: a quarter of the time of a general reader, and into given memory.

Only what can be told at once is read: up to 15 digits, with a dot and an exponent or without, times a power of ten up
to 22. Both are exact in float64, so that one multiplication or division rounds correctly (Clinger 1990). Digits after
the dot are looked at eight at a time (Lemire & Lemire 2021, "Number parsing at a gigabyte per second"). Of a block
with any other cell nothing is read: it is left to a reader that knows more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

from workers.kernels.cache import choose_directory

AFTER = 8  # bytes of the text that may be looked at beyond its end
MOST_DIGITS = np.uint64(15)
MOST_POWER = 22
MARKS = "0123456789.+-eE\r\n"  # what no delimiter may be

# places are unsigned: of others numba asks at each step whether they count from the end
U = np.uint64
ONE = U(1)
LINE_FEED, RETURN, DOT, MINUS, PLUS, ZERO, SMALL_E, LARGE_E = (U(ord(mark)) for mark in "\n\r.-+0eE")
POWERS = np.array([float(10**power) for power in range(MOST_POWER + 1)])
WHOLE_POWERS = np.array([10**power for power in range(9)], dtype=np.uint64)


def _word_at(_typing: Any, text: Any, place: Any) -> Any:
    """The eight bytes of a text from a place on, the first one lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bytes = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.gep(bytes.data, [arguments[1]])
        return builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(text, types.uint64), generate


def _zeros_below(_typing: Any, _word: Any) -> Any:
    """How many bits of a word are 0 below its lowest 1; 64 for 0."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


word_at: Any = intrinsic(_word_at)
zeros_below: Any = intrinsic(_zeros_below)


def kernel(function: Any) -> Any:
    """Called by other kernels only, and compiled into them."""
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return numba.njit(error_model="numpy", **options)(function)


def entry(function: Any) -> Any:
    """Called by Python: without the interpreter's lock, so that threads read side by side; cached on disk."""
    cached = choose_directory([Path(__file__)])
    return numba.njit(error_model="numpy", nogil=True, cache=cached)(function)


@kernel
def _whole(text: Any, place: Any) -> Any:
    """Behind the digits from a place on, and their number; of very many it is none."""
    number = U(0)
    digit = U(text[place]) - ZERO
    while digit < U(10):
        number = number * U(10) + digit
        place += ONE
        digit = U(text[place]) - ZERO
    return place, number


@kernel
def _fraction(text: Any, place: Any, number: Any) -> Any:
    """Behind the digits, and the number with them appended; of more digits than may be, not all are seen."""
    first = place
    while place - first <= MOST_DIGITS:
        word = word_at(text, place) ^ U(0x3030303030303030)
        others = (word | (word + U(0x7676767676767676))) & U(0x8080808080808080)
        digits = zeros_below(others) >> U(3)
        if digits < U(8):  # zeros go before the digits that are there
            word = word << ((U(8) - digits) << U(3)) if digits else U(0)
        word = word * U(10) + (word >> U(8))
        even, odd = word & U(0x000000FF000000FF), (word >> U(16)) & U(0x000000FF000000FF)
        eight = (even * U(0x000F424000000064) + odd * U(0x0000271000000001)) >> U(32)
        number = number * WHOLE_POWERS[digits] + eight
        place += digits
        if digits < U(8):
            break
    return place, number


@kernel
def _cell(text: Any, place: Any) -> Any:
    """Behind a cell, and its number; behind nothing when the cell is not as plain as that."""
    unread = place, 0.0
    is_negative = U(text[place]) == MINUS
    if is_negative:
        place += ONE
    start = place
    place, number = _whole(text, start)
    digits = place - start
    power: Any = 0
    if digits == U(0) or (digits > ONE and U(text[start]) == ZERO):
        return unread
    if U(text[place]) == DOT:
        start = place + ONE
        place, number = _fraction(text, start, number)
        digits += place - start
        power = -np.intp(place - start)
        if power == 0:
            return unread
    if U(text[place]) == SMALL_E or U(text[place]) == LARGE_E:
        place += ONE
        is_inverse = U(text[place]) == MINUS
        if is_inverse or U(text[place]) == PLUS:
            place += ONE
        start = place
        place, exponent = _whole(text, start)
        if place == start or place - start > U(2):
            return unread
        power += -np.intp(exponent) if is_inverse else np.intp(exponent)
    if digits > MOST_DIGITS or abs(power) > MOST_POWER:
        return unread
    value = float(number)
    value = value * POWERS[U(power)] if power > 0 else value / POWERS[U(-power)]
    return place, -value if is_negative else value


@entry
def count_lines(text: Any, start: int, end: int) -> int:
    """The line feeds from `start` to `end` of a text (uint8)."""
    lines = 0
    for byte in text[start:end]:
        lines += U(byte) == LINE_FEED
    return lines


@entry
def read_numbers(text: Any, start: int, end: int, delimiter: int, may_lack: bool, cells: Any, gaps: Any) -> int:
    """Read the lines from `start` to `end` of a text (uint8, with a line feed last and AFTER bytes behind it).

    The number of rows, which are written to `cells` (m, n) float64, one column a row; or -1 when any line is not m
    plain numbers, or there are more than n. An empty cell is NaN and counted in `gaps` (m,), if cells may lack.
    """
    place, stop, row = U(start), U(end), 0
    last = cells.shape[0] - 1
    while place < stop:
        if row == cells.shape[1]:
            return -1
        for column in range(last + 1):
            behind, value = _cell(text, place)
            if behind == place:
                if not may_lack:
                    return -1
                value = np.nan  # what stands here is an end, or an odd cell
                gaps[column] += 1
            place = behind
            if column < last:
                if text[place] != delimiter:
                    return -1
            else:
                if U(text[place]) == RETURN:
                    place += ONE
                if U(text[place]) != LINE_FEED:
                    return -1
            place += ONE
            cells[column, row] = value
        row += 1
    return row
