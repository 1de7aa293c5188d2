"""Rows of an Arrow stream or a Parquet file. pyarrow is imported on first use: the API starts without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from service.api.codecs import Kinds, missing_feature, refused
from service.domain.columns import CellInvalid, Columns, Values
from service.domain.written import PLAIN, TextStyle
from service.errors import BodyMalformed, FieldError


class ArrowRows:
    """Rows of a table in Arrow's memory layout."""

    def __init__(
        self, names: Sequence[str], batches: Callable[[int], Iterator[Any]], features: Sequence[str], style: TextStyle
    ) -> None:
        """Raises RowsInvalid when a feature has no column, or two."""
        self._batches = batches
        self._style = style
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
        from service.reading.values import ColumnInvalid, values_of

        columns: dict[str, Values] = {}
        for name, kind in kinds.items():
            column = part.column(part.schema.get_field_index(name))
            try:
                columns[name] = values_of(name, kind, column, self._style)
            except ColumnInvalid as error:
                raise refused([FieldError("", error.detail)]) from None
            except CellInvalid as error:
                raise refused([self.wrong(first + error.row, name, error.detail)]) from None
        return Columns(columns, part.num_rows)


def stream_rows(data: bytes, features: Sequence[str], style: TextStyle = PLAIN) -> ArrowRows:
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

    return ArrowRows(reader.schema.names, batches, features, style)


def parquet_rows(data: bytes, features: Sequence[str], style: TextStyle = PLAIN) -> ArrowRows:
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
    return ArrowRows(names, lambda size: file.iter_batches(size, columns=wanted, use_threads=False), features, style)


def _refusing(batches: Iterator[Any]) -> Iterator[Any]:
    import pyarrow as pa

    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        raise BodyMalformed(f"the body breaks off or is damaged: {error}") from None
