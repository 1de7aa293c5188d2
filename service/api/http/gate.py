"""Before everything else: requests that a browser was made to send are refused, and allowed pages are told so (CORS).

A WSGI application around the others, so that no answer passes by it, those before Flask among them. Bodies are
guarded from here on (`service.api.http.arrival`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Request

from service.api.http import access, early
from service.api.http.arrival import Arrivals
from service.api.http.bodies import REST_SECONDS, discard_rest
from service.api.http.callers import SAFE, Callers
from service.errors import AdalineError, CallerRefused, TooManyBodies
from service.logs import access_log

# what a page's program needs beside the headers that browsers always show it
EXPOSED = "Content-Disposition, ETag, Location, Retry-After, X-Request-Id"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = (
    "Accept, Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, If-None-Match, If-Range, "
    "Inference-Header-Content-Length, Last-Event-ID, Prefer, Range, X-CSRF-Token, X-Request-Id"
)
PREFLIGHT_SECONDS = 600
CROWDED = "too many request bodies are being received right now; try again shortly (ADALINE_READING_REQUESTS)"
MOST_KNOWN = 1024  # header values that a verdict is remembered for
LONGEST_KNOWN = 512  # characters of such values

Environ = dict[str, Any]
Start = Callable[..., Any]
Headers = tuple[tuple[str, str], ...]
AskedHeaders = tuple[bool, str | None, str | None, str | None, bool]


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What becomes of requests with the same headers: refused or not, and what their answers say besides."""

    refusal: CallerRefused | None
    headers: Headers
    shown: bool  # to the page that asks


class Gate:
    """A WSGI application that lets requests through to `app` by the rules of `callers`."""

    def __init__(
        self,
        app: Callable[[Environ, Start], Iterable[bytes]],
        callers: Callers,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._app = app
        self._callers = callers
        self._arrivals = arrivals
        self._known: dict[AskedHeaders, GateVerdict] = {}

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        get = environ.get
        asked = (
            environ["REQUEST_METHOD"] in SAFE,
            get("HTTP_HOST"),
            get("HTTP_ORIGIN"),
            get("HTTP_SEC_FETCH_SITE"),
            environ["SERVER_PROTOCOL"] in ("HTTP/1", "HTTP/1.0"),
        )
        verdict = self._known.get(asked) or self._judge(asked)
        if verdict.headers:
            start = _with(verdict.headers, start)
        if (
            self._arrivals is not None
            and environ["REQUEST_METHOD"] in access.WITH_BODY
            and not self._arrivals.take(environ)
        ):
            return _refuse(TooManyBodies(CROWDED), environ, start, take_in=False)
        if verdict.refusal is not None:
            return _refuse(verdict.refusal, environ, start)
        if verdict.shown and environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            return _answer_preflight(environ, start)
        return self._app(environ, start)

    def _judge(self, asked: AskedHeaders) -> GateVerdict:
        safe, host, origin, site, old = asked
        headers: Headers = (("Vary", "Origin"),) if self._callers.origins else ()
        if shown := self._callers.may_read(origin):
            headers += (("Access-Control-Allow-Origin", str(origin)), ("Access-Control-Expose-Headers", EXPOSED))
        refusal = self._callers.refusal(safe=safe, host=host, origin=origin, site=site, old=old)
        verdict = GateVerdict(refusal, headers, shown)
        if sum(len(value or "") for value in (host, origin, site)) <= LONGEST_KNOWN:
            if len(self._known) >= MOST_KNOWN:
                self._known = {}
            self._known[asked] = verdict
        return verdict


def _with(headers: Headers, start: Start) -> Start:
    def start_with(status: str, given: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, [*given, *headers], *rest)

    return start_with


def _refuse(error: AdalineError, environ: Environ, start: Start, *, take_in: bool = True) -> list[bytes]:
    began, request_id = time.perf_counter(), early.request_id_of(environ)
    status, headers, body = early.problem(error, environ, request_id)
    if take_in and "HTTP_EXPECT" not in environ:  # who expects sends no body
        if access.INPUT in environ:
            environ[access.INPUT].answer_by(REST_SECONDS, lambda: (status, headers, body))
        discard_rest(Request(environ))
    start(f"{status} {HTTPStatus(status).phrase}", headers)
    _tell(environ, request_id, status, time.perf_counter() - began)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _answer_preflight(environ: Environ, start: Start) -> list[bytes]:
    """What a page's browser asks before it sends what no form could (Fetch Standard, 4.8)."""
    request_id = early.request_id_of(environ)
    headers = [
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Allow-Headers", HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    ]
    start("204 No Content", [*headers, *early.standing(request_id)])
    _tell(environ, request_id, 204, 0.0)
    return []


def _tell(environ: Environ, request_id: str, status: int, seconds: float) -> None:
    access_log().tell(request_id, environ["REQUEST_METHOD"], early.path_of(environ), status, seconds)
