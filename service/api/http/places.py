"""Where in a JSON text a position is: the JSON pointer of the value that begins there.

The text is not parsed again: brackets, commas and colons outside strings say it, a chunk at a time by numpy, so that
time is linear and memory is that of a chunk, however large and deep the text is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Integers

CHUNK = 1024 * 1024
_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_MARKS = np.zeros(256, np.bool_)
_MARKS[[ord(mark) for mark in "[]{},:"]] = True
QUOTE, COMMA, COLON, OBJECT = ord('"'), ord(","), ord(":"), ord("{")


@dataclass(slots=True)
class _Open:
    """An object or list that is not closed yet: how many commas are in it, and where its last colon is."""

    is_object: bool
    commas: int
    colon: int


def place_in(data: bytes, position: int) -> str:
    """The JSON pointer (RFC 6901) of the value at a position, up to which `data` is JSON in UTF-8.

    >>> place_in(b'{"records": [{"a": 1}, {"a/b": NaN}]}', 31)
    '/records/1/a~1b'
    """
    # left to right, as escapes are read: what is left of quotes then are the strings' own
    text = data[:position].replace(b"\\\\", b"__").replace(b'\\"', b"__")
    path: list[_Open] = []
    in_string = False
    for start in range(0, position, CHUNK):
        letters = np.frombuffer(text, np.uint8, min(CHUNK, position - start), start)
        quotes = letters == QUOTE
        inside = np.logical_xor.accumulate(quotes) ^ in_string
        in_string = bool(inside[-1])
        marks = np.flatnonzero(_MARKS[letters] & ~inside)
        if len(marks):
            _follow(path, letters[marks], marks + start)
    if path and path[-1].is_object and not text.rstrip().endswith(b":"):
        path.pop()  # a name is to stand there, not a value: the place is that of the object
    return "".join("/" + (_key(data, text, one.colon) if one.is_object else str(one.commas)) for one in path)


def _follow(path: list[_Open], marks: npt.NDArray[np.uint8], positions: Integers) -> None:
    """Open and close, by the marks of a chunk."""
    steps = _STEP[marks]
    depths = len(path) + np.cumsum(steps, dtype=np.int64)
    del path[min(len(path), int(depths.min())) :]  # what was closed on the way
    kept, depth = len(path), int(depths[-1])
    opened = np.full(int(depths.max()) + 1, -1, np.int64)  # by depth: the last mark that opened something so deep
    at = np.flatnonzero(steps == 1)
    opened[depths[at]] = at
    path += [_Open(bool(marks[opened[level]] == OBJECT), 0, -1) for level in range(kept + 1, depth + 1)]
    opened[: kept + 1] = -1  # these were open before the chunk
    for mark in (COMMA, COLON):
        at = np.flatnonzero(marks == mark)
        at = at[at > opened[depths[at]]]
        at = at[(depths[at] >= max(kept, 1)) & (depths[at] <= depth)]
        counts = np.bincount(depths[at], minlength=depth + 1)
        last = np.full(depth + 1, -1, np.int64)
        last[depths[at]] = positions[at]
        for level in np.flatnonzero(counts).tolist():
            if mark == COMMA:
                path[level - 1].commas += int(counts[level])
            else:
                path[level - 1].colon = int(last[level])


def _key(data: bytes, text: bytes, colon: int) -> str:
    """The name before a colon, as a step of a pointer."""
    end = text.rindex(b'"', 0, colon)
    start = text.rindex(b'"', 0, end)
    name = str(json.loads(data[start : end + 1]))
    return name.replace("~", "~0").replace("/", "~1")
