"""Text cells to typed ones, a group of rows at a time, by the patterns that prediction reads with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.times import read_time
from service.domain.written import (
    BLANKS,
    FALSE_WORDS,
    GROUP_MARKS,
    NOT_A_NUMBER,
    TRUE_WORDS,
    TextStyle,
    number_pattern,
    read_boolean,
    read_number,
)
from workers.ingest.careful import LINE

STORED_AS = {"DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us"), "VARCHAR": pa.string()}
BATCH_CELLS = 1_000_000
GROUP_BYTES = 32 * 1024 * 1024
GROUP_ROWS = 122_880  # as DuckDB's
CLEAN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?Z?)?"
CACHED_TIMES = 65_536

# (line, column, reason) of a row that does not fit
Misfit = tuple[int, str, str]


def batches(path: Path, names: Sequence[str]) -> Iterator[Any]:
    """The rows of a Parquet file in order, of these columns, in batches of bounded size."""
    with pq.ParquetFile(path) as file:
        rows = max(1, min(65_536, BATCH_CELLS // max(1, len(names))))
        yield from file.iter_batches(batch_size=rows, columns=list(names))


def present(cells: Any, style: TextStyle) -> tuple[Any, Any]:
    """The cells without blanks around them, and whether each is there."""
    text = pc.utf8_trim(cells, BLANKS)
    missing = pc.is_in(text, pa.array(style.missing, pa.string()))
    return text, pc.and_(pc.is_valid(cells), pc.invert(missing))


def matches(text: Any, pattern: str) -> Any:
    """Whether each cell is of the pattern, from its start to its end."""
    return pc.fill_null(pc.match_substring_regex(text, f"^(?:{pattern})$"), False)


def read_cells(name: str, type: str, style: TextStyle, cells: Any) -> tuple[Any, Any]:
    """The typed cells, null where they are missing or do not fit; and whether each is there and does not fit."""
    text, there = present(cells, style)
    if type == "VARCHAR":
        return pc.if_else(there, cells, pa.scalar(None, pa.string())), None
    if type == "DOUBLE":
        there = pc.and_(there, pc.invert(matches(text, NOT_A_NUMBER)))
    text = pc.if_else(there, text, pa.scalar(None, pa.string()))
    if type == "DOUBLE":
        values = _numbers(text, style.decimal_of(name))
    elif type == "BOOLEAN":
        values = _booleans(text)
    else:
        values = _times(text, style.order_of(name))
    return values, pc.and_(there, pc.is_null(values))


def _numbers(text: Any, decimal: str) -> Any:
    text = pc.if_else(matches(text, number_pattern(decimal)), text, pa.scalar(None, pa.string()))
    if decimal:
        for mark in GROUP_MARKS[decimal]:
            text = pc.replace_substring(text, mark, "")
        text = pc.replace_substring(text, decimal, ".")
    text = pc.replace_substring_regex(text, r"^\+|_", "")
    try:
        values = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:  # a number too large, or written in a way that Arrow does not have
        values = pa.array([None if cell is None else float(cell) for cell in text.to_pylist()], pa.float64())
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def _booleans(text: Any) -> Any:
    words = pc.utf8_lower(text)
    true, false = (pc.is_in(words, pa.array(sorted(known))) for known in (TRUE_WORDS, FALSE_WORDS))
    return pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))


def _times(text: Any, order: str) -> Any:
    """By Arrow where the cells are plain ISO, else one by one as prediction reads them."""
    if not order and (pc.all(pc.match_substring_regex(text, f"^(?:{CLEAN_TIME})$"), min_count=0).as_py()):
        try:
            return pc.cast(pc.replace_substring_regex(text, "Z$", ""), pa.timestamp("us"))
        except pa.ArrowInvalid:  # a day that no month has, or an hour that ends the day
            pass
    encoded = text.dictionary_encode()
    times = pa.array(map(partial(_time, order), encoded.dictionary.to_pylist()), pa.timestamp("us"))
    return times.take(encoded.indices)


@lru_cache(maxsize=CACHED_TIMES)
def _time(order: str, cell: str) -> int | None:
    try:
        return read_time(cell, order)
    except ValueError:
        return None


def write_typed(
    raw: Path,
    target: Path,
    stored: Mapping[str, str],
    types: Mapping[str, str],
    style: TextStyle,
    most: int,
    check: Callable[[], None],
) -> list[Misfit]:
    """Write the table without the rows that do not fit; of these the first `most` + 1. `stored` are the types of
    `raw`; where it has no lines, those of the misfits are 0."""
    misfits: list[Misfit] = []
    names = list(types)
    schema = pa.schema([(name, STORED_AS[type]) for name, type in types.items()])
    with pq.ParquetFile(raw) as file:
        has_lines = LINE in file.schema_arrow.names
    waiting: list[Any] = []
    with pq.ParquetWriter(target, schema, compression="snappy") as writer:
        for batch in batches(raw, [LINE, *names] if has_lines else names):
            columns, wrong = [], {}
            for name, type in types.items():
                cells = batch.column(name)
                if stored[name] == "VARCHAR":
                    cells, bad = read_cells(name, type, style, cells)
                    if bad is not None and pc.any(bad).as_py():
                        wrong[name] = bad
                columns.append(cells)
            made = pa.record_batch(columns, schema=schema)
            if wrong:
                lines = batch.column(LINE) if has_lines else pa.array([0] * len(batch), pa.int64())
                if len(misfits) <= most:
                    misfits += _misfits(batch, lines, wrong, types, style)
                made = made.filter(pc.invert(_any(list(wrong.values()))))
            waiting.append(made)
            if sum(one.nbytes for one in waiting) > GROUP_BYTES or sum(map(len, waiting)) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting = []
            check()
            if len(misfits) > most:
                break
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))
    return misfits


def _any(masks: Sequence[Any]) -> Any:
    whole = masks[0]
    for mask in masks[1:]:
        whole = pc.or_(whole, mask)
    return whole


def _misfits(
    batch: Any, lines: Any, wrong: Mapping[str, Any], types: Mapping[str, str], style: TextStyle
) -> list[Misfit]:
    """Each bad row of a batch, by its first bad cell."""
    found: dict[int, Misfit] = {}
    for name, mask in wrong.items():
        for row in pc.indices_nonzero(mask).to_pylist():
            if row not in found:
                cell = batch.column(name)[row].as_py()
                found[row] = (lines[row].as_py(), name, _reason(cell, name, types[name], style))
    return [found[row] for row in sorted(found)]


def _reason(cell: str, name: str, type: str, style: TextStyle) -> str:
    try:
        if type == "DOUBLE":
            read_number(cell, style.decimal_of(name))
        elif type == "BOOLEAN":
            read_boolean(cell)
        else:
            read_time(cell, style.order_of(name))
    except ValueError as error:
        return str(error)
    return "the cell does not fit its column"
