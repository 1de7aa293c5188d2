"""Tables to predict from, of any length: the body of a request as rows, read while it arrives."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Request
from werkzeug.local import LocalProxy

from service.api.http.bodies import Body, Limit
from service.api.http.decoding import CutOff
from service.api.predictions.codecs import ARROW, CSV, NDJSON, PARQUET, check_features
from service.api.uploads.options import check_parquet
from service.domain.cells.written import TextStyle
from service.domain.model.predictor import Predictor
from service.errors import BodyMalformed, FieldError
from service.reading.arrow_alone import arrow_alone
from service.reading.bounds import Bounds
from service.reading.rows import Rows, Wrong
from service.settings import Settings

TABLES = (CSV, NDJSON, ARROW, PARQUET)
LINE_ENDS = (b"\n", b"\r")
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"  # of Arrow


@dataclass(frozen=True, slots=True)
class BodyTable:
    """The rows of a body, its columns' names, and where a row is wrong. `close` lets go of the body."""

    parts: Iterable[Rows]
    names: Sequence[str]
    close: Callable[[], None]

    @staticmethod
    def place(row: int, line: int | None, wrong: Wrong) -> FieldError:
        where = f"row {row}" if line is None else f"line {line}"
        column = f", column {wrong.column!r}" if wrong.column else ""
        return FieldError("", f"{where}{column}: {wrong.detail}")


def opened(
    request: Request, media_type: str, predictor: Predictor, query: Mapping[str, Any], settings: Settings
) -> BodyTable:
    """The table of a request. It may be read on by another thread.

    Raises BodyMalformed, BodyTooLarge, MediaTypeUnsupported, ParameterInvalid, RowsInvalid for what its first part
    gives away.
    """
    arrow_alone()
    real = request._get_current_object() if isinstance(request, LocalProxy) else request
    most, setting = settings.max_prediction_bytes, "ADALINE_MAX_PREDICTION_BYTES"
    body = Body(real, Limit(most, most, settings.max_decompression_ratio, setting, setting))
    if media_type != CSV:
        check_parquet(query, "a body of this type describes itself")
    return _OPENERS[media_type](body, predictor, query, settings)


def _to_its_end(body: Body, ends: tuple[bytes, ...]) -> Iterator[bytes]:
    """The body. Raises CutOff where neither the request nor its last bytes say that it has come to its end: half a
    number is another number."""
    last = b""
    for piece in body.pieces():
        last = (last + piece[-len(END_OF_STREAM) :])[-len(END_OF_STREAM) :]
        yield piece
    if last and not body.says_its_end and not last.endswith(ends):
        end = "the end-of-stream marker of Arrow" if END_OF_STREAM in ends else "a line break"
        raise CutOff(
            f"the chunked body does not end with {end}, so it may be truncated; end it so, or send a Content-Length"
        )


def _csv(body: Body, predictor: Predictor, query: Mapping[str, Any], settings: Settings) -> BodyTable:
    from service.reading.csv_rows import CsvRows

    style = _style(predictor.text_style, query)
    kinds = predictor.feature_kinds
    rows = CsvRows(
        _to_its_end(body, LINE_ENDS), kinds, style, query, predictor.dialect, settings.max_cell_bytes, query["echo"]
    )
    if not set(kinds) & set(rows.names) and rows.looks_like_json:
        raise BodyMalformed("the body is not CSV, as Content-Type says; for JSON send application/json")
    check_features(kinds, rows.names)
    return BodyTable(rows.parts(), rows.names, lambda: None)


def _style(style: TextStyle, query: Mapping[str, Any]) -> TextStyle:
    """The model's, but for what the query says."""
    if query.get("null_values") is not None:
        style = replace(style, missing=TextStyle.declared(query["null_values"], None).missing)
    if query.get("decimal"):
        style = replace(style, decimal=query["decimal"], decimals={})
    return style


def _json_lines(body: Body, predictor: Predictor, query: Mapping[str, Any], settings: Settings) -> BodyTable:
    from service.reading.json_lines import JsonLines

    kinds, style = predictor.feature_kinds, predictor.text_style
    rows = JsonLines(_to_its_end(body, LINE_ENDS), kinds, style, settings.max_cell_bytes, query["echo"])
    return BodyTable(rows.parts(), rows.names, lambda: None)


def _arrow(body: Body, predictor: Predictor, query: Mapping[str, Any], settings: Settings) -> BodyTable:
    from service.reading.columnar_rows import stream_rows

    kinds, style, bounds = predictor.feature_kinds, predictor.text_style, Bounds.of(settings)
    rows = stream_rows(_to_its_end(body, (END_OF_STREAM,)), kinds, style, query["echo"], bounds, lambda: body.received)
    check_features(predictor.feature_kinds, rows.names)
    return BodyTable(rows.parts(), rows.names, lambda: None)


def _parquet(body: Body, predictor: Predictor, query: Mapping[str, Any], settings: Settings) -> BodyTable:
    """Its end says where all else is: it waits on the disk until that has come."""
    from service.reading.columnar_rows import parquet_rows

    file = tempfile.TemporaryFile(prefix="adaline-body-")  # noqa: SIM115  # open as long as its rows are read
    try:
        file.writelines(body.pieces())
        if not file.tell():
            raise BodyMalformed("the body is empty; send a Parquet file")
        file.seek(0)
        kinds, style, bounds = predictor.feature_kinds, predictor.text_style, Bounds.of(settings)
        rows = parquet_rows(file, kinds, style, query["echo"], bounds, body.received)
        check_features(predictor.feature_kinds, rows.names)
    except BaseException:
        file.close()
        raise
    return BodyTable(rows.parts(), rows.names, file.close)


_OPENERS: Mapping[str, Callable[[Body, Predictor, Mapping[str, Any], Settings], BodyTable]] = {
    CSV: _csv,
    NDJSON: _json_lines,
    ARROW: _arrow,
    PARQUET: _parquet,
}
