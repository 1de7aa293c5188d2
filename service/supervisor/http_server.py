"""The API's server: granian around `service.wsgi:app`. `python -m service.supervisor.http_server`.

Its own process rather than granian's command, which would put the working directory before the installed package,
and whose workers would outlive a killed parent and keep the port.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import resource
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketSpec  # type: ignore[attr-defined]  # it does not say that it exports it
from granian.server import mp
from granian.server.mp import MPServer
from granian.wsgi import _callback_wrapper as _call_wrap

from service.metrics import forget_shared
from service.settings import Settings
from service.supervisor.parent import tie_to

APP = "service.wsgi:app"  # a factory
BACKLOG = 1024
CONNECTIONS = 8192  # at once, in all processes; as many as files may be open
OTHER_FILES = 512
HEADER_MILLISECONDS = 10_000  # for a request's headers, and between two requests of a connection
UNREAD_MILLISECONDS = 30_000  # a client that takes nothing of its answer for so long is cut off by the kernel (tcp(7))
PROTOCOL = "adaline.protocol"  # as service.api.http.arrival knows it
SWITCH_SECONDS = 0.0005  # that a thread computes on while others wait; Python's own 0.005 are some twenty predictions
COLLECTED_AFTER = (20_000, 20, 50)  # see gc.set_threshold; nobody is answered by a process while it collects
GRACE_SECONDS = 5  # for requests under way at the end; a stream that never ends is cut


class SharedListener(MPServer):
    """Granian's server with one listening socket for all its workers, as it has it elsewhere than on Linux.

    There each worker would bind a socket of its own, and when it is killed take along the connections that wait in
    it: a client that tries again at once may meet the same end.
    """

    def _init_shared_socket(self) -> None:
        listener = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd = None, listener  # type: ignore[assignment]  # granian types it by its first value
        self._sfd = listener.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
            self._sso.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)


def load(target: str) -> Callable[..., Any]:
    """The application, in a process of its own that ends with granian's main one. Called there by granian."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        tie_to(parent.pid)()
    # until granian sets its own: the main process's handlers came with the fork, and would swallow a stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.setswitchinterval(SWITCH_SECONDS)
    module, factory = target.split(":")
    application: Callable[..., Any] = getattr(import_module(module), factory)()
    gc.collect()
    gc.freeze()  # what stays is looked at no more
    gc.set_threshold(*COLLECTED_AFTER)
    mp._wsgi_call_wrap = _with_protocol  # type: ignore[attr-defined,assignment]  # what granian calls next, in this process
    return application


def _with_protocol(*arguments: Any) -> Callable[..., Any]:
    """Granian's call of an application, which then finds in its environ what takes its answer.

    A thread that waits for a slow client's body can only be freed by another that answers in its place.
    """
    call = _call_wrap(*arguments)

    def with_protocol(protocol: Any, scope: dict[str, Any]) -> Any:
        scope[PROTOCOL] = protocol
        return call(protocol, scope)

    return with_protocol


def main(settings: Settings, app: str = APP) -> None:
    """Serve until SIGTERM or SIGINT. Raises SystemExit with code 1 when the application cannot be loaded."""
    import_module(app.split(":")[0])  # once, for all processes to come: they start sooner and share its memory
    gc.freeze()  # which the collector's marks in each of them would take apart
    server = SharedListener(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.api_processes,
        blocking_threads=settings.api_threads + settings.reading_requests + settings.sending_requests,
        backlog=BACKLOG,
        backpressure=_connections() // settings.api_processes,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, min(GRACE_SECONDS, int(settings.stop_seconds))),
    )
    # most of these threads wait for a disk, a database or a change; granian's advice is for those that compute
    logging.getLogger("_granian").addFilter(lambda record: "spawning up to" not in record.getMessage())
    try:
        server.serve(target_loader=load)
    finally:
        forget_shared()


def _connections() -> int:
    """How many connections there may be: as many as files, less what else is open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = CONNECTIONS + OTHER_FILES if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(64, min(CONNECTIONS, most - OTHER_FILES))


if __name__ == "__main__":
    main(Settings.from_environment(), *sys.argv[1:])
