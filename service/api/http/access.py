"""Each request has an id, which its answer and every line of its log carry, and one line in the access log."""

from __future__ import annotations

import os
import random
import re
import time
from functools import cache, partial
from typing import Any

import structlog
from flask import Flask, Response, g, request

from service.api.http.bodies import REST_SECONDS, discard_rest
from service.errors import NotFound
from service.logs import access_log
from service.store.session import new_id
from service.tracing import request_span

HEADER = "X-Request-Id"
USABLE = re.compile(r"[\x21-\x7e]{1,128}")
VARIABLE = re.compile(r"<(?:[^<>:]*:)?([^<>]*)>")  # of a rule
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
INPUT = "adaline.input"  # in the environ: the body as it arrives, where that is guarded (service.api.http.arrival)
# pages of other origins neither run, show nor frame what is answered here
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}

_numbers = random.Random()  # for ids that open nothing: the kernel's cost a third of a prediction
os.register_at_fork(after_in_child=_numbers.seed)


def register(app: Flask) -> None:
    """Number and log the requests of the app."""
    app.before_request(_begin)
    app.after_request(_end)


@cache
def template(rule: str) -> str:
    """A rule of Flask's as OpenAPI writes it.

    >>> template("/v1/models/<name>/versions/<int:number>")
    '/v1/models/{name}/versions/{number}'
    """
    return VARIABLE.sub(r"{\1}", rule)


def id_of(given: str) -> str:
    """A request's id: the client's own where it is usable."""
    return given if given and USABLE.fullmatch(given) else new_id("req", _numbers.getrandbits)


def _whole(response: Response, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    return response.status_code, response.get_wsgi_headers(environ).to_wsgi_list(), response.get_data()


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = id_of(request.headers.get(HEADER, ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    g.span = request_span(request.method, request.path, request.headers.get("traceparent"))
    if "\0" in request.path:  # nothing can have such a name, and PostgreSQL will not even look for it
        raise NotFound("names contain no NUL character")


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    response.headers.update(ALWAYS)
    is_read_on = g.get("body_is_read_on", False)  # by the thread that makes the answer
    if request.method in WITH_BODY and not is_read_on and "Expect" not in request.headers:  # who expects sends no body
        arriving = request.environ.get(INPUT)
        if arriving is not None and not response.is_streamed:
            arriving.answer_by(REST_SECONDS, partial(_whole, response, request.environ))
        discard_rest(request)
    route = template(request.url_rule.rule) if request.url_rule else ""
    seconds = time.perf_counter() - g.began
    who = g.get("identity")
    owner = who.owner if who is not None else ""
    access_log().tell(g.request_id, request.method, request.path, response.status_code, seconds, route, 0, owner)
    if g.span is not None:
        g.span.end(request.method, route, response.status_code, g.request_id)
    return response
