"""The columns and first rows of a small Parquet file, the columns of any. pyarrow is imported on first use: the API
starts without it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from service.api.uploads.stored_rows import as_json
from service.domain.cells.kinds import PLAIN_KIND, Kind
from service.domain.reading.declared import declared_kinds
from service.domain.reading.names import check_names
from service.domain.reading.refusals import DialectInvalid
from service.errors import UploadInvalid
from service.reading.bounds import Bounds
from service.reading.parquet.footer import MARK
from service.reading.parquet.thrift import Damaged
from service.settings import MIB, Settings

ROWS = 50
MOST_BYTES = MIB  # of the rows' cells; of long ones fewer are shown


def parquet_preview(data: bytes, whole: bool, declared: Mapping[str, str], settings: Settings) -> dict[str, Any]:
    """The preview of a Parquet file, in the form of `preview`; of its end alone, without rows. Raises UploadInvalid."""
    import pyarrow as pa

    from service.reading.parquet.bounds import check_pages, opened

    has_rows = data.startswith(MARK)
    footer = int.from_bytes(data[-8:-4], "little") + 8
    if not whole or (footer > len(data) and not has_rows):
        detail = f"a preview needs a Parquet file of at most {MIB:,} bytes, or the end of one with all of its footer"
        raise UploadInvalid(detail, reason="preview_too_short")
    try:
        source = io.BytesIO(data)
        file = opened(source)
        schema = file.schema_arrow
        most_columns = settings.max_columns
        if len(schema.names) > most_columns:
            raise UploadInvalid(
                f"the file has {len(schema.names):,} columns; at most {most_columns:,} are allowed "
                "(ADALINE_MAX_COLUMNS)",
                reason="too_many_columns",
            )
        check_names(schema.names)
        own = {field.name: _kind(field.name, field.type) for field in schema}
        bounds = Bounds.of(settings)
        cells: list[list[Any]] = []
        if has_rows:
            checked = check_pages(source, file, bounds, len(data))
            source.seek(0)
            batches = opened(source, checked.dictionaries).iter_batches(min(ROWS, checked.at_once), use_threads=False)
            cells = _cells(next(batches, None), bounds)
        kinds = {**own, **declared_kinds(declared, own)[0]}
    except UnicodeDecodeError:
        detail = "a column name is not UTF-8; write the file with UTF-8 names"
        raise UploadInvalid(detail, reason="not_text") from None
    except (pa.ArrowException, OSError, Damaged) as error:
        detail = f"the file cannot be read as Parquet: {str(error).splitlines()[0]}"
        raise UploadInvalid(detail, reason="not_parquet") from None
    except DialectInvalid as error:
        raise UploadInvalid(error.detail, reason=error.code) from None
    return {
        "dialect": None,
        "columns": [{"name": name, "kind": kind, "notes": []} for name, kind in kinds.items()],
        "rows": [[as_json(cell) for cell in row] for row in zip(*cells, strict=True)],
        "rejects": [],
        "truncated": not has_rows,
    }


def _cells(batch: Any, bounds: Bounds) -> list[list[Any]]:
    """The cells of each column. Raises UploadInvalid for those that are no text or no time."""
    from service.reading.parquet.bounds import expanded_bytes

    if batch is not None:
        size = sum(map(expanded_bytes, batch.columns))
        batch = batch.slice(0, max(1, batch.num_rows * MOST_BYTES // max(size, MOST_BYTES)))
    cells = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True) if batch is not None else ():
        bounds.check_piece(expanded_bytes(column), name, len(column))
        try:
            cells.append(column.to_pylist())
        except (ValueError, OverflowError) as error:
            raise UploadInvalid(f"column {name!r} cannot be read: {error}", reason="not_parquet") from None
    return cells


def _kind(name: str, of: Any) -> Kind:
    from service.reading.arrow.types import held_by

    if held := held_by(of):
        return PLAIN_KIND[held]
    detail = f"column {name!r} is {of}; use numbers, booleans, times and strings"
    raise UploadInvalid(detail, reason="column_type_unsupported")
