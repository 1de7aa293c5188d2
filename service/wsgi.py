"""What a WSGI server runs: `granian --interface wsgi --factory service.wsgi:app`."""

from __future__ import annotations

import atexit
import contextlib
import signal
import socket
import threading

from service.api import context
from service.api.app import create_app
from service.api.http.arrival import Arrivals
from service.api.http.callers import Callers
from service.api.http.gate import Gate
from service.api.predictions.front import Front
from service.changes import Changes
from service.errors import Unavailable
from service.logs import configure_logging
from service.metrics import serve_metrics
from service.settings import Settings
from service.tracing import configure_tracing
from service.usecases.known_keys import KnownKeys
from service.wiring import wire


def app() -> Gate:
    """The API on the parts that the environment names. Raises SettingInvalid; CannotStart beyond loopback without a
    key."""
    settings = Settings.from_environment()
    configure_logging(settings)
    configure_tracing("api")
    deps = wire(settings)
    atexit.register(deps.close)
    _end_with_signals(deps.changes)
    threading.Thread(target=deps.queue.prepare, name="queue", daemon=True).start()  # nobody's first upload waits for it
    api = create_app(deps)
    here = context.of(api)
    _check_keys(here.keys)
    threading.Thread(target=here.models.follow, args=[deps.changes], name="models", daemon=True).start()
    threading.Thread(target=here.keys.follow, args=[deps.changes], name="keys", daemon=True).start()
    arrivals = Arrivals(settings)
    threading.Thread(target=arrivals.watch, name="arrivals", daemon=True).start()
    if settings.metrics_port:
        with contextlib.suppress(OSError):  # another process of this part answers for all, as long as it lives
            serve_metrics(settings.metrics_host, settings.metrics_port, context.of(api).gauges)
    return Gate(Front(api, here.models, here.keys, here.rates), Callers.of(settings), arrivals)


def _check_keys(keys: KnownKeys) -> None:
    """A database that is away is no reason not to start: nobody is let in before it has answered."""
    with contextlib.suppress(Unavailable):
        keys.check_there_are()


def _end_with_signals(changes: Changes) -> None:
    """Let nobody wait any longer once the process is asked to end: the server lets open requests end by themselves.

    The server takes the signals' handlers for itself after this; the wakeup descriptor is told of signals as well.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.detach(), warn_on_full_buffer=False)

    def watch() -> None:
        while number := told.recv(1):
            if number[0] in (signal.SIGTERM, signal.SIGINT):
                changes.close()

    threading.Thread(target=watch, name="signals", daemon=True).start()
