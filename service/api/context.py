"""What the views of one process work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app

from service.api.http.sessions import Sessions
from service.api.http.together import Together
from service.api.http.waiting import Places, WaitingRequests
from service.domain.access.loopback import is_loopback
from service.usecases.keeping.gauges import Gauges
from service.usecases.known_keys import KnownKeys
from service.usecases.limits.rates import RequestRates
from service.usecases.predict import LoadedModels
from service.wiring import Deps

NAME = "adaline"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts, the models and keys in memory, the sessions of pages, the counters of requests, the requests that
    wait, what they look for together, and the answers that are on their way: one of each in a process."""

    deps: Deps
    models: LoadedModels
    keys: KnownKeys
    sessions: Sessions
    rates: RequestRates
    waiting: WaitingRequests
    looks: Together[Any]
    sending: Places
    gauges: Gauges


def attach(app: Flask, deps: Deps) -> None:
    """Give the app's views their parts."""
    models = LoadedModels(deps.database, deps.blobs, deps.settings.cached_models)
    waiting = WaitingRequests(deps.changes, deps.settings.waiting_requests, deps.settings.wait_seconds)
    keys = KnownKeys(deps.database, always=not is_loopback(deps.settings.host))
    sessions = Sessions(deps.database)
    rates, sending = RequestRates(deps.settings), Places(deps.settings.sending_requests)
    gauges = Gauges(deps.database, deps.queue)
    app.extensions[NAME] = Context(deps, models, keys, sessions, rates, waiting, Together(), sending, gauges)


def context() -> Context:
    """The parts of the app that answers the present request."""
    return of(current_app)


def of(app: Flask) -> Context:
    """The parts of an app."""
    return cast(Context, app.extensions[NAME])
