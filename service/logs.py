"""One way to log, in every process: structlog, as lines for people on a terminal and JSON elsewhere."""

from __future__ import annotations

import atexit
import io
import logging
import os
import select
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from functools import cache
from typing import Any, TextIO

import orjson
import structlog

from service.metrics import metrics
from service.settings import Settings
from service.visible import visible

# a frame's locals may hold users' rows: they stay out of the log
_FRAMES_ONLY = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logging(settings: Settings) -> None:
    """Send structlog's and the standard library's records to standard error, in the chosen format."""
    as_lines = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.MaybeTimeStamper(fmt="iso", utc=True),
    ]
    render: list[structlog.typing.Processor] = (
        [_visible_values, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]
        if as_lines
        else [_FRAMES_ONLY, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in ("celery.worker.strategy", "celery.app.trace", "kombu", "amqp", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    access_log().begin(None if as_lines else sys.stderr.fileno(), settings.log_level)


def _visible_values(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Paths and names are strangers': on a terminal they steer nothing."""
    return {key: visible(value) if isinstance(value, str) else value for key, value in event.items()}


def _traceback(into: TextIO, of: Any) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, of)
    into.write(visible(text.getvalue()))


QUIET = ("/healthz", "/readyz", "/metrics")  # asked every few seconds by machines
MOST_UNTOLD = 50_000  # lines that may wait to be written; more come faster than a log takes them
GATHER_SECONDS = 0.05  # between two looks: a thread that woke for each line would take turns from the requests
END_SECONDS = 2.0

# of a request: when it ended (since 1970), its id, method, path, status, seconds, the route that it took, and how many
# rows the fast path predicted for it, and for which owner
Line = tuple[float, str, str, str, int, float, str, int, str]


class AccessLog:
    """One line for each request, written and counted (`service.metrics`) by a thread of its own: the request's thread
    only appends it to a list.

    So nobody waits for the log's lock, nor for who reads it. Where that does not keep up, lines are left out, and
    the log says how many.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._there = threading.Event()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._left_out = 0
        self._descriptor: int | None = None
        self._level = "info"
        self._log = structlog.get_logger("service.api.http.access")

    def begin(self, descriptor: int | None, level: str) -> None:
        """Write lines of JSON to a descriptor; with None, as everything else is logged."""
        self._descriptor, self._level = descriptor, level

    def tell(
        self,
        request_id: str,
        method: str,
        path: str,
        status: int,
        seconds: float,
        route: str = "",
        rows: int = 0,
        owner: str = "",
    ) -> None:
        """Have a request counted, and its line written."""
        if len(self._lines) >= MOST_UNTOLD:
            with self._lock:
                self._left_out += 1
            return
        self._lines.append((time.time(), request_id, method, path, status, seconds, route, rows, owner))
        if not self._there.is_set():
            self._there.set()
            if self._writer is None:
                self._start()

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        self._there.set()
        if self._writer is not None:
            self._writer.join(END_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="access log", daemon=True)
                self._writer.start()

    def _is_shown(self, line: Line) -> bool:
        return self._level == "debug" or (self._level == "info" and line[3] not in QUIET)

    def _write(self) -> None:
        while not self._closing.is_set():
            self._there.wait()
            self._closing.wait(GATHER_SECONDS)
            self._there.clear()
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            metrics().count_requests((line[2], line[6], line[4], line[5], line[7]) for line in lines)
            shown = [line for line in lines if self._is_shown(line)]
            if self._descriptor is None:
                for line in shown:
                    self._log.info(**_record(line))
            else:
                _write_whole(self._descriptor, [orjson.dumps(_record(line)) + b"\n" for line in shown])
            if self._left_out:
                with self._lock:
                    left_out, self._left_out = self._left_out, 0
                self._log.warning("requests came faster than they could be logged", left_out=left_out)


def _record(line: Line) -> dict[str, Any]:
    ended, request_id, method, path, status, seconds, _, _, owner = line
    return {
        "event": "request",
        "method": method,
        "path": visible(path),
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "request_id": request_id,
        **({"owner": owner} if owner else {}),
        "level": "info",
        "timestamp": datetime.fromtimestamp(ended, UTC).isoformat().replace("+00:00", "Z"),
    }


def _write_whole(descriptor: int, lines: list[bytes]) -> None:
    """Write lines, as many at once as a pipe takes without mixing them with those of other processes (pipe(7))."""
    at = 0
    while at < len(lines):
        piece = lines[at]
        at += 1
        while at < len(lines) and len(piece) + len(lines[at]) <= select.PIPE_BUF:
            piece += lines[at]
            at += 1
        while piece:
            try:
                piece = piece[os.write(descriptor, piece) :]
            except BlockingIOError:  # somebody has made the descriptor non-blocking: wait until it takes more
                select.select([], [descriptor], [])
            except OSError:  # nobody reads the log any more; the service goes on
                return


@cache
def access_log() -> AccessLog:
    """This process's: it has one standard error."""
    log = AccessLog()
    atexit.register(log.close)
    return log
