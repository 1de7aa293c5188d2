"""Each request has an id, which its answer and every line of its log carry, and one line in the access log."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request

from service.api.bodies import discard_rest
from service.errors import NotFound
from service.store.session import new_id

HEADER = "X-Request-Id"
USABLE = re.compile(r"[\x21-\x7e]{1,128}")
WITH_BODY = ("POST", "PUT")
QUIET = ("/healthz", "/readyz")  # asked every few seconds by machines

log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Number and log the requests of the app."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    given = request.headers.get(HEADER, "")
    g.request_id = given if USABLE.fullmatch(given) else new_id("req")
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if "\0" in request.path:  # nothing can have such a name, and PostgreSQL will not even look for it
        raise NotFound("nothing has a name with a NUL in it")


def _end(response: Response) -> Response:
    is_read_on = g.get("body_is_read_on", False)  # by the thread that makes the answer
    if request.method in WITH_BODY and not is_read_on and "Expect" not in request.headers:  # who expects sends no body
        discard_rest(request)
    response.headers[HEADER] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    milliseconds = round((time.perf_counter() - g.began) * 1000, 1)
    tell = log.debug if request.path in QUIET else log.info
    tell("request", method=request.method, path=request.path, status=response.status_code, milliseconds=milliseconds)
    return response
