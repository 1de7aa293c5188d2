"""The rows of an Arrow stream as it arrives, and of a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.domain.columns import Categories, Columns, Kind, Values
from service.errors import BodyMalformed, FieldError, RowsInvalid
from service.reading.arriving import Arriving, Raw
from service.reading.rows import PIECE, Rows, Wrong
from service.reading.text_values import categories, floats

INFINITE = "is not a finite number; leave it null where it is missing"


class ColumnarRows:
    """Rows in Arrow's memory layout. `names` are the table's columns."""

    def __init__(self, schema: Any, batches: Iterator[Any], kinds: Mapping[str, Kind], with_table: bool) -> None:
        self.schema = schema
        self.names: Sequence[str] = schema.names
        self._batches = batches
        self._kinds = kinds
        self._with_table = with_table

    def parts(self) -> Iterator[Rows]:
        """The rows in order. Every feature must be among the names. Raises BodyMalformed, RowsInvalid."""
        try:
            for batch in self._batches:
                for start in range(0, batch.num_rows, PIECE):
                    yield self._typed(batch.slice(start, PIECE))
        except (pa.ArrowException, OSError) as error:
            raise BodyMalformed(f"the body breaks off or is damaged: {error}") from None

    def _typed(self, part: Any) -> Rows:
        columns: dict[str, Values] = {}
        wrong: list[Wrong] = []
        for name, kind in self._kinds.items():
            column = part.column(part.schema.get_field_index(name))
            values = _values(column, kind)
            if values is None:
                detail = f"column {name!r} holds Arrow's {column.type}, which cannot be read as {kind}; convert it"
                raise RowsInvalid(detail, [FieldError("", detail)])
            if not isinstance(values, Categories) and (infinite := np.flatnonzero(np.isinf(values))).size:
                wrong += [Wrong(row, name, INFINITE) for row in infinite.tolist()]
                values = np.where(np.isinf(values), np.nan, values)
            columns[name] = values
        table = None
        if self._with_table:
            table = {str(at): part.column(at) for at in range(part.num_columns)}
        return Rows(Columns(columns, part.num_rows), None, wrong, table)


def stream_rows(pieces: Iterator[bytes], kinds: Mapping[str, Kind], with_table: bool = False) -> ColumnarRows:
    """Rows of an Arrow IPC stream, read as it comes. Raises BodyMalformed."""
    source = Arriving(pieces)
    if not source.look(1)[0]:
        raise BodyMalformed("there is no body; send an Arrow stream")
    try:
        reader = pa.ipc.open_stream(pa.PythonFile(io.BufferedReader(Raw(source)), mode="r"))
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Arrow stream that Content-Type says: {error}") from None

    def batches() -> Iterator[Any]:
        for batch in reader:
            batch.validate(full=True)
            yield batch

    return ColumnarRows(reader.schema, batches(), kinds, with_table)


def parquet_rows(file: BinaryIO, kinds: Mapping[str, Kind], with_table: bool = False) -> ColumnarRows:
    """Rows of a Parquet file, whose end must be there first. Raises BodyMalformed."""
    try:
        opened = pq.ParquetFile(file)
        schema = opened.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Parquet file that Content-Type says: {error}") from None
    wanted = None if with_table else [name for name in kinds if name in schema.names]
    return ColumnarRows(schema, opened.iter_batches(PIECE, columns=wanted, use_threads=False), kinds, with_table)


def _values(column: Any, kind: Kind) -> Values | None:
    """A column as the domain holds it; None when its type has another meaning."""
    kinds = pa.types
    of = column.type
    if kinds.is_null(of):
        empty = [None] * len(column)
        return Categories.of(empty) if kind in ("categorical", "text") else np.full(len(column), np.nan)
    if kind == "numeric" and (kinds.is_integer(of) or kinds.is_floating(of) or kinds.is_decimal(of)):
        return floats(pc.cast(column, pa.float64(), safe=False))  # type: ignore[no-any-return]
    if kind == "boolean" and kinds.is_boolean(of):
        return floats(column)  # type: ignore[no-any-return]
    if kind == "datetime" and (kinds.is_timestamp(of) or kinds.is_date(of)):
        return floats(pc.cast(column, pa.timestamp("us", tz=getattr(of, "tz", None)), safe=False))  # type: ignore[no-any-return]
    if kind in ("categorical", "text"):
        of = of.value_type if kinds.is_dictionary(of) else of
        if kinds.is_string(of) or kinds.is_large_string(of) or kinds.is_string_view(of) or kinds.is_integer(of):
            cells = pc.cast(column, pa.string())
            return categories(pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells))
    return None
