"""What would be read of an upload, by its first part; nothing is stored. Kinds are a guess: ingest reads all rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.api.http.decoding import CutOff
from service.api.uploads.arriving import PARQUET, ArrivingUpload
from service.api.uploads.options import check_parquet, merged
from service.api.uploads.parquet_preview import parquet_preview
from service.api.uploads.stored_rows import as_json
from service.domain.cells.written import TextStyle
from service.domain.reading import sample
from service.domain.reading.dialect import SAMPLE_BYTES, Found, find
from service.domain.reading.refusals import DialectInvalid, SampleTooShort
from service.errors import UploadInvalid
from service.settings import MIB, Settings

PREVIEW_BYTES = MIB  # of the file, decompressed; no more is read
ROWS = 50
REJECTS = 10


def preview(upload: ArrivingUpload, options: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """{"dialect", "columns", "rows", "rejects", "truncated"}. Raises UploadInvalid for what an ingest would refuse."""
    first, whole = _first_part(upload)
    options = merged(options, upload.fields)
    if upload.media_type == PARQUET:
        check_parquet(options)
        return parquet_preview(first, whole, options.get("types") or {}, settings)
    found = _found(first, whole, options)
    most_columns = settings.max_columns
    if len(found.names) > most_columns:
        detail = (
            f"the file has {len(found.names):,} columns; at most {most_columns:,} are allowed (ADALINE_MAX_COLUMNS)"
        )
        raise UploadInvalid(detail, reason="too_many_columns")
    declared = {**found.assumed, **(options.get("types") or {})}
    style = TextStyle.declared(options.get("null_values"), options.get("decimal"))
    try:
        made = sample.decide(found.names, found.rows, declared, style)
    except DialectInvalid as error:
        raise UploadInvalid(error.detail, reason=error.code) from None
    rows, misfits = sample.typed(found.names, found.rows[:ROWS], made)
    return {
        "dialect": {**found.dialect.to_json(), "text_style": made.style.to_json()},
        "columns": [
            {
                "name": name,
                "kind": made.kinds[name],
                "notes": [*found.notes.get(name, ()), *made.notes.get(name, ())],
            }
            for name in found.names
        ],
        "rows": [[as_json(cell) for cell in row] for row in rows],
        "rejects": [{"row": one.row, "column": one.column, "reason": one.reason} for one in misfits[:REJECTS]],
        "truncated": not whole,
    }


def _first_part(upload: ArrivingUpload) -> tuple[bytes, bool]:
    """The first bytes of the file, and whether they are all of it: a part that breaks off is no error here."""
    first = bytearray()
    try:
        for piece in upload.pieces():
            first += piece
            if len(first) > PREVIEW_BYTES:
                return bytes(first[:PREVIEW_BYTES]), False
    except CutOff:
        if not first:
            raise
        return bytes(first), False
    return bytes(first), True


def _found(first: bytes, whole: bool, options: Mapping[str, Any]) -> Found:
    """The dialect and names as ingest finds them, from as much of the file as its first line and a row need."""
    size = SAMPLE_BYTES
    while True:
        try:
            found = find(first[:size], whole and len(first) <= size, options)
            if found.rows or size >= len(first):
                return found
            size *= 2
        except SampleTooShort as error:
            if size >= len(first):
                detail = f"the first {len(first):,} bytes do not hold the file's first line: {error.detail}"
                raise UploadInvalid(detail, reason=error.code) from None
            size *= 2
        except DialectInvalid as error:
            raise UploadInvalid(error.detail, reason=error.code) from None
