"""The rows of an Arrow stream as it arrives, and of a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from service.domain.cells.columns import Columns, Values
from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.errors import BodyMalformed, FieldError, RowsInvalid
from service.reading.arriving import Arriving
from service.reading.arrow.values import ColumnInvalid
from service.reading.arrow_frames import Frames
from service.reading.bounds import Bounds
from service.reading.parquet.bounds import check_pages, expanded_bytes, opened
from service.reading.parquet.thrift import Damaged
from service.reading.readings import of_arrow
from service.reading.rows import PIECE, Rows, Wrong

MOST_TOLD = 300


class ColumnarRows:
    """Rows in Arrow's memory layout. `names` are the table's columns; the texts of `dictionaries` come so to be held to
    the bounds, and are plain from there on."""

    def __init__(
        self,
        schema: Any,
        batches: Iterator[Any],
        kinds: Mapping[str, Kind],
        style: TextStyle,
        with_table: bool,
        bounds: Bounds,
        received: Callable[[], int],
        dictionaries: Collection[str] = (),
    ) -> None:
        """Raises BodyMalformed for names that are no text."""
        try:
            self.names: Sequence[str] = schema.names
        except UnicodeDecodeError:
            raise BodyMalformed("the name of a column is not UTF-8; write the file with names that are text") from None
        self._batches = batches
        self._kinds = kinds
        self._style = style
        self._with_table = with_table
        self._bounds = bounds
        self._received = received
        self._expanded = 0
        self._dictionaries = frozenset(dictionaries)

    def parts(self) -> Iterator[Rows]:
        """The rows in order. Every feature must be among the names. Raises BodyMalformed, BodyTooLarge, RowsInvalid."""
        try:
            for batch in self._batches:
                for start in range(0, batch.num_rows, PIECE):
                    yield self._typed(batch.slice(start, PIECE))
        except (pa.ArrowException, OSError) as error:
            raise BodyMalformed(f"the body breaks off or is damaged: {told(error)}") from None

    def _typed(self, part: Any) -> Rows:
        columns: dict[str, Values] = {}
        wrong: list[Wrong] = []
        bounded: dict[int, Any] = {}
        for name, kind in self._kinds.items():
            at = part.schema.get_field_index(name)
            try:
                bounded[at] = self._bounded(part, at)
                columns[name], bad = of_arrow(name, kind, bounded[at], self._style)
            except ColumnInvalid as error:
                raise RowsInvalid(error.detail, [FieldError("", error.detail)]) from None
            except (pa.ArrowException, ValueError, OverflowError) as error:
                detail = f"column {name!r} holds what cannot be read: {told(error)}"
                raise RowsInvalid(detail, [FieldError("", detail)]) from None
            wrong += bad
        table = None
        if self._with_table:
            table = {str(at): bounded.get(at) or self._bounded(part, at) for at in range(part.num_columns)}
        return Rows(Columns(columns, part.num_rows), None, wrong, table)

    def _bounded(self, part: Any, at: int) -> Any:
        """A column whose texts may stand one after the other. Raises DecompressedTooLarge."""
        column = part.column(at)
        name = self.names[at]
        expanded = expanded_bytes(column)
        self._bounds.check_piece(expanded, name, len(column))
        self._expanded += expanded
        self._bounds.check_whole(self._expanded, self._received(), "what has come of the texts")
        if name in self._dictionaries:
            column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
            column.validate(full=True)
        return column


def told(error: Exception) -> str:
    """What a reader says of bytes, in one line."""
    return str(error).split("\n")[0][:MOST_TOLD]


def stream_rows(
    pieces: Iterator[bytes],
    kinds: Mapping[str, Kind],
    style: TextStyle,
    with_table: bool,
    bounds: Bounds,
    received: Callable[[], int],
) -> ColumnarRows:
    """Rows of an Arrow IPC stream, read as it comes; `received` tells how many bytes have. Raises BodyMalformed."""
    source = Arriving(pieces)
    if not source.look(1)[0]:
        raise BodyMalformed("there is no body; send an Arrow stream")
    try:
        reader = pa.ipc.open_stream(pa.PythonFile(Frames(source, bounds, received), mode="r"))
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body is not the Arrow stream that Content-Type says: {told(error)}") from None

    def batches() -> Iterator[Any]:
        try:
            for batch in reader:
                batch.validate(full=True)
                yield batch
        except MemoryError:  # the length of a batch is the sender's word
            raise BodyMalformed("the body is damaged: a batch says that it is larger than can be") from None

    return ColumnarRows(reader.schema, batches(), kinds, style, with_table, bounds, received)


def parquet_rows(
    file: BinaryIO, kinds: Mapping[str, Kind], style: TextStyle, with_table: bool, bounds: Bounds, received: int
) -> ColumnarRows:
    """Rows of a Parquet file, whose end must be there first. Raises BodyMalformed, BodyTooLarge."""
    try:
        parquet = opened(file)
        schema = parquet.schema_arrow
        wanted = None if with_table else [name for name in kinds if name in schema.names]
        checked = check_pages(file, parquet, bounds, received, wanted)
        file.seek(0)
        parquet = opened(file, checked.dictionaries)
    except (pa.ArrowException, OSError, Damaged, UnicodeDecodeError) as error:
        raise BodyMalformed(f"the body is not the Parquet file that Content-Type says: {told(error)}") from None
    batches = parquet.iter_batches(checked.at_once, columns=wanted, use_threads=False)
    return ColumnarRows(schema, batches, kinds, style, with_table, bounds, lambda: received, checked.dictionaries)
