"""Rows of an Arrow stream or a Parquet file. pyarrow is imported on first use: the API starts without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from service.api.codecs import Kinds, missing_feature, refused
from service.domain.columns import Categories, Columns, Floats, Kind, Values
from service.errors import BodyMalformed, FieldError

MICROSECONDS = 1e6


class ArrowRows:
    """Rows of a table in Arrow's memory layout."""

    def __init__(self, names: Sequence[str], batches: Callable[[int], Iterator[Any]], features: Sequence[str]) -> None:
        """Raises RowsInvalid when a feature has no column, or two."""
        self._batches = batches
        if errors := [missing_feature(name, "", names) for name in features if name not in names]:
            raise refused(errors)
        for name in features:
            if list(names).count(name) > 1:
                raise refused([FieldError("", f"the table has two columns {name!r}; rename or remove one")])

    def pieces(self, kinds: Kinds, size: int) -> Iterator[Columns]:
        first = 0
        for batch in _refusing(self._batches(size)):
            for start in range(0, batch.num_rows, size):
                part = batch.slice(start, size)
                yield self._typed(part, kinds, first)
                first += part.num_rows

    def wrong(self, row: int, column: str, detail: str) -> FieldError:
        return FieldError("", f"row {row}, column {column!r}: {detail}")

    def _typed(self, part: Any, kinds: Kinds, first: int) -> Columns:
        columns: dict[str, Values] = {}
        for name, kind in kinds.items():
            column = part.column(part.schema.get_field_index(name))
            values = _values(column, kind)
            if values is None:
                detail = f"column {name!r} holds Arrow's {column.type}, which cannot be read as {kind}; convert it"
                raise refused([FieldError("", detail)])
            if not isinstance(values, Categories) and (infinite := np.flatnonzero(np.isinf(values))).size:
                row = first + int(infinite[0])
                raise refused([self.wrong(row, name, "is not a finite number; leave it null where it is missing")])
            columns[name] = values
        return Columns(columns, part.num_rows)


def stream_rows(data: bytes, features: Sequence[str]) -> ArrowRows:
    """Rows of an Arrow IPC stream. Raises BodyMalformed, RowsInvalid."""
    import pyarrow as pa

    if not data:
        raise BodyMalformed("there is no body; send an Arrow stream")
    try:
        reader = pa.ipc.open_stream(data)
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Arrow stream that Content-Type says: {error}") from None

    def batches(_: int) -> Iterator[Any]:
        for batch in reader:
            batch.validate(full=True)
            yield batch

    return ArrowRows(reader.schema.names, batches, features)


def parquet_rows(data: bytes, features: Sequence[str]) -> ArrowRows:
    """Rows of a Parquet file. Raises BodyMalformed, RowsInvalid."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not data:
        raise BodyMalformed("there is no body; send a Parquet file")
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Parquet file that Content-Type says: {error}") from None
    wanted = list(features)
    return ArrowRows(names, lambda size: file.iter_batches(size, columns=wanted, use_threads=False), features)


def _refusing(batches: Iterator[Any]) -> Iterator[Any]:
    import pyarrow as pa

    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body breaks off or is damaged: {error}") from None


def _values(column: Any, kind: Kind) -> Values | None:
    """A column as the domain holds it; None when its type has another meaning."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = pa.types
    of = column.type
    if kinds.is_null(of):
        empty = [None] * len(column)
        return Categories.of(empty) if kind in ("categorical", "text") else np.full(len(column), np.nan)
    if kind == "numeric" and (kinds.is_integer(of) or kinds.is_floating(of) or kinds.is_decimal(of)):
        return _floats(pc.cast(column, pa.float64(), safe=False))
    if kind == "boolean" and kinds.is_boolean(of):
        return _floats(pc.cast(pc.cast(column, pa.uint8()), pa.float64()))
    if kind == "datetime" and (kinds.is_timestamp(of) or kinds.is_date(of)):
        moments = pc.cast(column, pa.timestamp("us", tz=of.tz if kinds.is_timestamp(of) else None), safe=False)
        return _floats(pc.cast(pc.cast(moments, pa.int64()), pa.float64(), safe=False)) / MICROSECONDS
    if kind in ("categorical", "text"):
        return _categories(column)
    return None


def _floats(column: Any) -> Floats:
    values: Floats = np.array(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    return values


def _categories(column: Any) -> Categories | None:
    import pyarrow as pa

    kinds = pa.types
    of = column.type.value_type if kinds.is_dictionary(column.type) else column.type
    if not (kinds.is_string(of) or kinds.is_large_string(of) or kinds.is_string_view(of) or kinds.is_integer(of)):
        return None
    return Categories.of(None if cell is None or cell == "" else str(cell) for cell in column.to_pylist())
