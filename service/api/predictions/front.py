"""In front of Flask: predictions of known models from JSON, the requests that clients send all day.

Finding a view, reading parameters by a schema and making a response cost Flask more than twenty such predictions.
This is no second API: it is `POST /v1/models/{ref}/predict` as documented, answered early where nothing about the
request asks for more, and handed on as it came everywhere else.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from flask import Flask

from service.api.admission.rules import PREDICTS
from service.api.http import access
from service.api.http.gate import Environ, Start
from service.api.predictions.codecs import JSON
from service.api.predictions.direct import Direct
from service.errors import RateLimited, Unauthenticated, Unavailable
from service.logs import access_log
from service.tracing import request_told
from service.usecases.known_keys import KnownKeys
from service.usecases.limits.rates import COUNTED, RequestRates
from service.usecases.predict import LoadedModel, LoadedModels

BEFORE, AFTER = "/v1/models/", "/predict"
ROUTE = f"{BEFORE}{{ref}}{AFTER}"
TYPES = frozenset({JSON, "application/json; charset=utf-8", "application/json;charset=utf-8"})
ACCEPTED = frozenset({"", "*/*", JSON, "application/json, */*", "application/json, text/plain, */*"})
MOST_BYTES = 4 * 1024 * 1024  # of a body that is answered here: a longer one would keep others from their turn
UNUSUAL = ("HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT")


class Front:
    """A WSGI application that answers some predictions itself, and everything else by `app`."""

    def __init__(self, app: Flask, models: LoadedModels, keys: KnownKeys, rates: RequestRates) -> None:
        self._app = app
        self._models = models
        self._keys = keys
        self._rates = rates
        self._direct: WeakKeyDictionary[LoadedModel, Direct | None] = WeakKeyDictionary()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        began = time.perf_counter()
        if environ["REQUEST_METHOD"] == "POST" and (answered := self._answer(environ)) is not None:
            answer, rows, owner = answered
            request_id = access.id_of(environ.get("HTTP_X_REQUEST_ID", ""))
            headers = [("Content-Type", JSON), ("Content-Length", str(len(answer))), (access.HEADER, request_id)]
            start("200 OK", [*headers, *access.ALWAYS.items(), *environ[COUNTED]])
            seconds = time.perf_counter() - began
            access_log().tell(request_id, "POST", environ["PATH_INFO"], 200, seconds, ROUTE, rows, owner)
            request_told("POST", ROUTE, 200, request_id, environ.get("HTTP_TRACEPARENT"), seconds)
            return [answer]
        return self._app(environ, start)

    def _answer(self, environ: Environ) -> tuple[bytes, int, str] | None:
        """The answer, for how many rows and for whom it is, or None with the request as it was."""
        path: str = environ["PATH_INFO"]
        if not (path.startswith(BEFORE) and path.endswith(AFTER)):
            return None
        try:
            who = self._keys.identify(environ.get("HTTP_AUTHORIZATION"))
        except (Unauthenticated, Unavailable):  # the ordinary way says why, or knows the session of a page
            return None
        if not PREDICTS.scopes & who.scopes:
            return None
        model = self._models.known(who.owner, path[len(BEFORE) : -len(AFTER)])
        if model is None or not _is_usual(environ):
            return None
        try:
            direct = self._direct[model]
        except KeyError:
            direct = self._direct[model] = _compiled(model)
        if direct is None:
            return None
        try:
            environ[COUNTED] = self._rates.admit(who)
        except RateLimited:  # the ordinary way says so
            return None
        length = int(environ["CONTENT_LENGTH"])
        try:
            body = environ["wsgi.input"].read(length)
        except OSError:  # the connection is lost: the ordinary way says so
            body = b""
        answer = direct.answer(body) if len(body) == length else None
        if answer is None:
            environ["wsgi.input"] = io.BytesIO(body)
        return None if answer is None else (*answer, who.owner)


def _compiled(model: LoadedModel) -> Direct | None:
    try:
        return Direct(model)
    except ValueError:
        return None


def _is_usual(environ: Environ) -> bool:
    """Whether a request is plain JSON with a length, and asks for nothing but the predictions as JSON."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        not environ.get("QUERY_STRING")
        and environ.get("CONTENT_TYPE") in TYPES
        and environ.get("HTTP_ACCEPT", "") in ACCEPTED
        and length.isdecimal()
        and int(length) <= MOST_BYTES
        and not any(name in environ for name in UNUSUAL)
    )
