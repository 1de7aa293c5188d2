"""Where the API will listen: resolved, known to be free, and kept for it while it starts and restarts."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from service.errors import CannotStart
from service.settings import Settings

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a port. A wildcard listens everywhere, and is reached at the loopback."""

    ip: str
    port: int

    @property
    def reached_at(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.ip, self.ip)

    @property
    def url(self) -> str:
        return f"http://[{self.reached_at}]:{self.port}" if ":" in self.ip else f"http://{self.reached_at}:{self.port}"

    def told(self, settings: Settings) -> Settings:
        """The settings of who listens here. The name that was resolved to this address stays a name of the server."""
        names = settings.allowed_hosts
        if settings.host != self.ip:
            names = f"{names},{settings.host}" if names else settings.host
        return replace(settings, host=self.ip, port=self.port, allowed_hosts=names)


@contextlib.contextmanager
def reserve(host: str, port: int, patience_seconds: float = 0.0) -> Iterator[Address]:
    """The address, held; port 0 becomes a free one. Raises CannotStart when it is taken or is not this machine's.

    `patience_seconds` is how long a taken port is waited for: its last user may be in dying.
    """
    family, ip = _resolve(host)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            # a listener that shares its port (SO_REUSEPORT) is found only by a socket that does not
            with _bound(family, ip, port, socket.SO_REUSEADDR) as found:
                taken = Address(ip, found.getsockname()[1])
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise CannotStart(_refusal(host, port, error)) from error
        time.sleep(LOOK_SECONDS)  # nothing tells when a port becomes free
    if sys.platform != "linux":  # only there does granian share its port
        yield taken
        return
    # bound but never listening: no connection comes here, and nobody else can take the port between two API processes
    try:
        kept = _kept(family, ip, taken.port)
    except OSError as error:  # somebody was faster
        raise CannotStart(_refusal(host, taken.port, error)) from error
    with kept:
        yield taken


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise CannotStart(f"{host!r} is not a valid address: choose another with --host or ADALINE_HOST") from error
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, str(address[0])


def _kept(family: socket.AddressFamily, ip: str, port: int) -> socket.socket:
    try:
        return _bound(family, ip, port, socket.SO_REUSEPORT)
    except OSError:  # connections of a program that did not share linger here: only SO_REUSEADDR passes those by
        return _bound(family, ip, port, socket.SO_REUSEADDR, socket.SO_REUSEPORT)


def _bound(family: socket.AddressFamily, ip: str, port: int, *options: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in options:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((ip, port))
    except OSError:
        bound.close()
        raise
    return bound


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port or ADALINE_PORT (0: any free port)"
    if error.errno == errno.EACCES:
        return f"port {port} needs root privileges: choose one above 1023 with --port or ADALINE_PORT"
    return f"cannot listen on {host}, port {port}: {error.strerror}"
