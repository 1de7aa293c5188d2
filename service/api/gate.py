"""Before everything else: requests that a browser was made to send are refused, and allowed pages are told so (CORS).

A WSGI application around the others, so that no answer passes by it, those before Flask among them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Request

from service.api import access, problems
from service.api.bodies import discard_rest
from service.api.callers import SAFE, Callers
from service.errors import CallerRefused
from service.logs import access_log

# what a page's program needs beside the headers that browsers always show it
EXPOSED = "Content-Disposition, ETag, Location, Retry-After, X-Request-Id"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = (
    "Accept, Content-Type, Content-Encoding, Idempotency-Key, If-Match, If-None-Match, If-Range, "
    "Inference-Header-Content-Length, Last-Event-ID, Prefer, Range, X-Request-Id"
)
PREFLIGHT_SECONDS = 600
MOST_KNOWN = 1024  # header values that a verdict is remembered for
LONGEST_KNOWN = 512  # characters of such values

Environ = dict[str, Any]
Start = Callable[..., Any]
Headers = tuple[tuple[str, str], ...]
Asked = tuple[bool, str | None, str | None, str | None, bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of requests with the same headers: refused or not, and what their answers say besides."""

    refusal: CallerRefused | None
    headers: Headers
    shown: bool  # to the page that asks


class Gate:
    """A WSGI application that lets requests through to `app` by the rules of `callers`."""

    def __init__(self, app: Callable[[Environ, Start], Iterable[bytes]], callers: Callers) -> None:
        self._app = app
        self._callers = callers
        self._known: dict[Asked, Verdict] = {}

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
        if verdict.refusal is not None:
            return _refuse(verdict.refusal, environ, start)
        if verdict.shown and environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            return _answer_preflight(environ, start)
        return self._app(environ, start)

    def _judge(self, asked: Asked) -> Verdict:
        safe, host, origin, site, old = asked
        headers: Headers = (("Vary", "Origin"),) if self._callers.origins else ()
        if shown := self._callers.may_read(origin):
            headers += (("Access-Control-Allow-Origin", str(origin)), ("Access-Control-Expose-Headers", EXPOSED))
        refusal = self._callers.refusal(safe=safe, host=host, origin=origin, site=site, old=old)
        verdict = Verdict(refusal, headers, shown)
        if sum(len(value or "") for value in (host, origin, site)) <= LONGEST_KNOWN:
            if len(self._known) >= MOST_KNOWN:
                self._known = {}
            self._known[asked] = verdict
        return verdict


def _with(headers: Headers, start: Start) -> Start:
    def start_with(status: str, given: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, [*given, *headers], *rest)

    return start_with


def _refuse(refusal: CallerRefused, environ: Environ, start: Start) -> list[bytes]:
    began = time.perf_counter()
    request_id = access.id_of(environ.get("HTTP_X_REQUEST_ID", ""))
    status, media_type, body = problems.described(
        problems.status_of(refusal), refusal.code, refusal.title, refusal.detail, _path(environ), request_id
    )
    if "HTTP_EXPECT" not in environ:  # who expects sends no body
        discard_rest(Request(environ))
    headers = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
    return _answer(environ, start, f"{status} {HTTPStatus(status).phrase}", headers, body, request_id, began)


def _answer_preflight(environ: Environ, start: Start) -> list[bytes]:
    """What a page's browser asks before it sends what no form could (Fetch Standard, 4.8)."""
    headers = [
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Allow-Headers", HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    ]
    request_id = access.id_of(environ.get("HTTP_X_REQUEST_ID", ""))
    return _answer(environ, start, "204 No Content", headers, b"", request_id, time.perf_counter())


def _answer(
    environ: Environ,
    start: Start,
    status: str,
    headers: list[tuple[str, str]],
    body: bytes,
    request_id: str,
    began: float,
) -> list[bytes]:
    start(status, [*headers, (access.HEADER, request_id), *access.ALWAYS.items()])
    method = environ["REQUEST_METHOD"]
    access_log().tell(request_id, method, _path(environ), int(status[:3]), time.perf_counter() - began)
    return [body] if body and method != "HEAD" else []


def _path(environ: Environ) -> str:
    return str(environ["PATH_INFO"]).encode("latin-1").decode(errors="replace")
