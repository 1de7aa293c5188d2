"""The dialect of a CSV to predict from: what the query says, else what shows in the body, else that of the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from service.domain.reading.dialect import SAMPLE_BYTES, Dialect, Found, find
from service.domain.reading.encodings import EncodingUnknown
from service.domain.reading.refusals import DialectInvalid, SampleTooShort
from service.errors import BodyMalformed
from service.reading.arriving import Arriving, encoding_of

MAX_SAMPLE = 2 * 1024 * 1024  # for the first line: cells of megabytes come below it
NO_BODY = "the body is empty; send CSV with a header line"


def settled(source: Arriving, options: Mapping[str, Any], model: Dialect | None, features: Collection[str]) -> Found:
    """How the body is read, and its columns. From here on `source` is UTF-8. Raises BodyMalformed.

    A delimiter whose header names every feature is the right one, and the model's own is tried first. Marks that the
    body does not show (quotes, escapes, comments) are the model's: a few rows may well have none.
    """
    _settle_encoding(source, options, model)
    known: dict[str, Any] = {"delimiter": options.get("delimiter"), "header": options.get("header")}
    ways = [known]
    if model and known["delimiter"] is None:
        ways = [{**known, "delimiter": model.delimiter}, known]
    if model and known["header"] is None and not model.header:
        ways = [{**way, "header": header} for header in (True, False) for way in ways]
    best: Found | None = None
    failure: DialectInvalid | None = None
    for way in ways:
        try:
            found = _find(source, way, model)
        except DialectInvalid as error:
            failure = failure or error
            continue
        if set(features) <= set(found.names):
            return _with_marks(source, found, model)
        # without a header a file of too few columns has the first names; what names more was cut at better marks
        if best is None or len(set(features) & set(found.names)) > len(set(features) & set(best.names)):
            best = found
    if best is None:
        raise BodyMalformed(failure.detail if failure else NO_BODY)
    return _with_marks(source, best, model)


def _settle_encoding(source: Arriving, options: Mapping[str, Any], model: Dialect | None) -> None:
    sample, whole = source.look(SAMPLE_BYTES)
    if not sample.strip():
        raise BodyMalformed(NO_BODY)
    try:
        source.as_utf8(*encoding_of(sample, whole, options.get("encoding"), model.encoding if model else "utf-8"))
    except EncodingUnknown as error:
        raise BodyMalformed(str(error)) from None
    except UnicodeError as error:
        raise BodyMalformed(f"the body cannot be decoded: {error}; give its encoding with ?encoding=") from None


def _find(source: Arriving, options: Mapping[str, Any], model: Dialect | None) -> Found:
    size = SAMPLE_BYTES
    while True:
        sample, whole = source.look(size)
        try:
            return find(sample, whole, {**options, "encoding": "utf-8"}, for_table=False, like=model)
        except SampleTooShort:
            if size >= MAX_SAMPLE:
                raise
            size *= 8


def _with_marks(source: Arriving, found: Found, model: Dialect | None) -> Found:
    """What was found, with the marks of the model that the first part of the body does not speak against."""
    # a row that ends early is whole only where the model's own file was written so
    dialect = replace(found.dialect, short_rows=model is not None and model.short_rows)
    found = replace(found, dialect=dialect)
    if model is None or model.delimiter != dialect.delimiter:
        return found
    sample, _ = source.look(SAMPLE_BYTES)
    if dialect.quote == '"' and b'"' not in sample:
        dialect = replace(dialect, quote=model.quote)
    if not dialect.escape and b"\\" not in sample:
        dialect = replace(dialect, escape=model.escape)
    blanks = dialect.blanks_before_quotes or model.blanks_before_quotes
    dialect = replace(
        dialect,
        comment=dialect.comment or model.comment,
        blanks_before_quotes=blanks,
        cells_beyond=max(dialect.cells_beyond, model.cells_beyond),
    )
    return replace(found, dialect=dialect)
