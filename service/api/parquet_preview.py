"""The columns and first rows of a small Parquet file. pyarrow is imported on first use: the API starts without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.api.stored_rows import as_json
from service.domain.columns import Kind
from service.domain.dialect import DialectInvalid, names_of
from service.errors import UploadInvalid
from service.settings import MIB

ROWS = 50


def parquet_preview(data: bytes, whole: bool, declared: Mapping[str, str], most_columns: int) -> dict[str, Any]:
    """As `preview` answers. Raises UploadInvalid."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not whole:
        detail = f"a Parquet file names its columns at its end: a preview needs all of it, at most {MIB:,} bytes"
        raise UploadInvalid(detail, reason="preview_too_short")
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        if len(schema.names) > most_columns:
            raise UploadInvalid(
                f"the file has {len(schema.names):,} columns; at most {most_columns:,} are allowed "
                "(ADALINE_MAX_COLUMNS)",
                reason="too_many_columns",
            )
        names_of(schema.names)
        kinds = {field.name: _kind(field.name, field.type) for field in schema}
        batch = next(file.iter_batches(ROWS, use_threads=False), None)
        cells = [column.to_pylist() for column in batch.columns] if batch is not None else []
    except (pa.ArrowException, OSError) as error:
        raise UploadInvalid(f"the file cannot be read as Parquet: {error}", reason="not_parquet") from None
    except DialectInvalid as error:
        raise UploadInvalid(error.detail, reason=error.code) from None
    if unknown := sorted(set(declared) - set(kinds)):
        shown = ", ".join(map(repr, unknown[:10]))
        raise UploadInvalid(f"?types= names columns that the file does not have: {shown}", reason="unknown_column")
    return {
        "dialect": None,
        "columns": [
            {"name": name, "kind": declared.get(name, kind).partition(":")[0], "notes": []}
            for name, kind in kinds.items()
        ],
        "rows": [[as_json(cell) for cell in row] for row in zip(*cells, strict=True)],
        "rejects": [],
        "truncated": False,
    }


def _kind(name: str, of: Any) -> Kind:
    from pyarrow import types

    inner = of.value_type if types.is_dictionary(of) else of
    if types.is_boolean(inner):
        return "boolean"
    if types.is_integer(inner) or types.is_floating(inner) or types.is_decimal(inner):
        return "numeric"
    if types.is_timestamp(inner) or types.is_date(inner):
        return "datetime"
    if types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner) or types.is_null(inner):
        return "categorical"
    detail = f"column {name!r} is {of}; use numbers, booleans, times and strings"
    raise UploadInvalid(detail, reason="column_type_unsupported")
