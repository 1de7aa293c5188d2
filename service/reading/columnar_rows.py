"""The rows of an Arrow stream as it arrives, and of a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.columns import Columns, Kind, Values
from service.domain.written import TextStyle
from service.errors import BodyMalformed, FieldError, RowsInvalid
from service.reading.arriving import Arriving, Raw
from service.reading.readings import of_arrow
from service.reading.rows import PIECE, Rows, Wrong
from service.reading.values import ColumnInvalid


class ColumnarRows:
    """Rows in Arrow's memory layout. `names` are the table's columns."""

    def __init__(
        self, schema: Any, batches: Iterator[Any], kinds: Mapping[str, Kind], style: TextStyle, with_table: bool
    ) -> None:
        self.schema = schema
        self.names: Sequence[str] = schema.names
        self._batches = batches
        self._kinds = kinds
        self._style = style
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
            try:
                columns[name], bad = of_arrow(name, kind, column, self._style)
            except ColumnInvalid as error:
                raise RowsInvalid(error.detail, [FieldError("", error.detail)]) from None
            wrong += bad
        table = None
        if self._with_table:
            table = {str(at): part.column(at) for at in range(part.num_columns)}
        return Rows(Columns(columns, part.num_rows), None, wrong, table)


def stream_rows(
    pieces: Iterator[bytes], kinds: Mapping[str, Kind], style: TextStyle, with_table: bool = False
) -> ColumnarRows:
    """Rows of an Arrow IPC stream, read as it comes. Raises BodyMalformed."""
    source = Arriving(pieces)
    if not source.look(1)[0]:
        raise BodyMalformed("there is no body; send an Arrow stream")
    try:
        reader = pa.ipc.open_stream(pa.PythonFile(io.BufferedReader(Raw(source)), mode="r"))
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Arrow stream that Content-Type says: {error}") from None

    def batches() -> Iterator[Any]:
        try:
            for batch in reader:
                batch.validate(full=True)
                yield batch
        except MemoryError:  # the length of a batch is the sender's word
            raise BodyMalformed("the body is damaged: a batch says that it is larger than can be") from None

    return ColumnarRows(reader.schema, batches(), kinds, style, with_table)


def parquet_rows(file: BinaryIO, kinds: Mapping[str, Kind], style: TextStyle, with_table: bool = False) -> ColumnarRows:
    """Rows of a Parquet file, whose end must be there first. Raises BodyMalformed."""
    try:
        opened = pq.ParquetFile(file)
        schema = opened.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Parquet file that Content-Type says: {error}") from None
    wanted = None if with_table else [name for name in kinds if name in schema.names]
    batches = opened.iter_batches(PIECE, columns=wanted, use_threads=False)
    return ColumnarRows(schema, batches, kinds, style, with_table)
