"""How an answer ends that has begun and cannot go on.

The WSGI server ends a chunked answer in the proper way whatever the application does, so the end itself must say it:
in each format the last bytes are such that a reader of it fails.
"""

from __future__ import annotations

import orjson
import structlog

from service.api.http.problems import status_of
from service.api.predictions.codecs import ARROW, CSV, JSON, NDJSON
from service.errors import AdalineError

log = structlog.get_logger(__name__)

MARK = "the answer breaks off: "


def broken_off(media_type: str, error: Exception) -> bytes:
    """The last bytes of the answer: what is wrong, where the format has room for it. The error is logged."""
    if isinstance(error, AdalineError):
        detail, code, status = error.detail, error.code, int(status_of(error))
        log.warning("answer broke off", code=code, detail=detail)
    else:
        detail, code, status = "internal error", AdalineError.code, 500
        log.error("answer broke off", exc_info=error)
    return {CSV: _csv, JSON: _json, NDJSON: _json_lines, ARROW: _arrow}[media_type](detail, code, status)


def _csv(detail: str, code: str, status: int) -> bytes:
    """A cell whose quote is never closed."""
    text = " ".join((MARK + detail).split()).replace('"', '""')
    return f'"{text}\n'.encode()


def _json(detail: str, code: str, status: int) -> bytes:
    """A list that is never closed."""
    return b',{"error":' + orjson.dumps({"code": code, "status": status, "detail": detail})


def _json_lines(detail: str, code: str, status: int) -> bytes:
    """The problem on a line of its own, and a line that is no JSON."""
    problem = {"error": {"code": code, "status": status, "detail": detail}}
    return orjson.dumps(problem) + b'\n{"the answer breaks off":\n'


def _arrow(detail: str, code: str, status: int) -> bytes:
    """The beginning of a message that does not come."""
    return b"\xff\xff\xff\xff\x00\x10\x00\x00"
