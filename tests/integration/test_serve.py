"""`adaline serve` as an operator meets it: every part real, seen from outside."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import psutil
import pytest

from service.settings import Settings
from service.supervisor import running
from tests.integration.processes import Running, alive, eventually, started

ADALINE = str(Path(sys.executable).with_name("adaline"))


def serve(data: Path, cwd: Path | None = None, **settings: str) -> AbstractContextManager[Running]:
    environment = {"ADALINE_DATA": str(data), "ADALINE_PORT": "0", "ADALINE_WORKER_PROCESSES": "1"} | settings
    return started([ADALINE, "serve"], environment, cwd, gives_way=True)


def url_of(stack: Running) -> str:
    """Where it says that it listens."""
    record = json.loads(stack.until("Adaline listens on http"))
    return str(record["event"].split()[3])


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def part(stack: Running, *words: str) -> psutil.Process:
    """The child whose command line has these words."""
    children = psutil.Process(stack.process.pid).children()
    return next(child for child in children if all(any(word in text for text in child.cmdline()) for word in words))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def stack(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all tests that leave it running; started where a user's own packages have the names of ours."""
    cwd = tmp_path_factory.mktemp("cwd")
    for package in ("service", "workers"):
        (cwd / package).mkdir()
        (cwd / package / "__init__.py").write_text("raise SystemExit('the wrong package')")
    with serve(data, cwd) as stack:
        url_of(stack)
        stack.until("train@")  # its workers have begun as well
        yield stack


def test_says_where_it_listens_once_it_is_ready(stack: Running, data: Path) -> None:
    url = url_of(stack)
    assert is_ready(url)
    assert f"(docs: {url}/docs, data: {data})" in stack.until("listens on")
    holder = running(data)
    assert holder is not None
    assert (holder.pid, holder.url) == (stack.process.pid, url)


def test_second_start_on_the_data_directory_is_refused(stack: Running, data: Path) -> None:
    with serve(data) as second:
        assert second.wait() == 2
    assert f"process {stack.process.pid}, {url_of(stack)}" in second.lines[-1]
    assert is_ready(url_of(stack))
    assert running(data) is not None


def test_taken_port_is_refused_before_anything_starts(stack: Running, tmp_path: Path) -> None:
    port = url_of(stack).rsplit(":", 1)[1]
    with serve(tmp_path / "other", ADALINE_PORT=port) as second:
        assert second.wait() == 2
    assert second.lines == [
        f"error: port {port} of 127.0.0.1 is in use: choose another with --port or ADALINE_PORT (0: any free port)"
    ]
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["lock"]


def test_each_part_computes_on_one_core(stack: Running) -> None:
    for words in (*(["workers", role] for role in ("train", "ingest", "short")), ["http_server"], ["workers.sweeper"]):
        environment = part(stack, *words).environ()
        assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "1"


def test_training_gives_way_to_the_api_and_to_ingest(stack: Running) -> None:
    trainer = part(stack, "workers", "train")
    assert {one.nice() for one in (trainer, *trainer.children(recursive=True))} == {Settings().training_niceness}
    for words in (["http_server"], ["workers", "ingest"], ["workers.sweeper"]):
        assert part(stack, *words).nice() == 0
    assert 0 < part(stack, "workers", "short").nice() < Settings().training_niceness


def test_broker_that_dies_comes_back_and_the_others_with_it(stack: Running) -> None:
    url = url_of(stack)
    part(stack, "unixsocket").kill()
    stack.until("valkey ended with SIGKILL")
    assert eventually(lambda: is_ready(url))
    assert len(psutil.Process(stack.process.pid).children()) == 6


def test_api_that_dies_comes_back_on_its_port(stack: Running) -> None:
    url = url_of(stack)
    api = part(stack, "http_server")
    family = [api, *api.children()]
    api.kill()
    stack.until("api ended with SIGKILL")
    assert eventually(lambda: not alive(family), seconds=10)
    assert eventually(lambda: is_ready(url))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_with_nothing_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    with serve(tmp_path) as stack:
        url_of(stack)
        stack.until("train@")
        family = stack.descendants
        assert len(family) >= 6
        stack.process.send_signal(number)
        assert stack.wait() == 0
        assert not alive(family)
    assert list((tmp_path / "run").iterdir()) == []
    assert running(tmp_path) is None
    assert (tmp_path / "lock").read_text() == ""


def test_starts_at_once_where_it_was_killed(tmp_path: Path) -> None:
    with serve(tmp_path) as killed:
        url = url_of(killed)
        killed.until("train@")
        family = killed.descendants
        assert len(family) >= 6
        killed.process.kill()
        with serve(tmp_path, ADALINE_PORT=url.rsplit(":", 1)[1]) as stack:
            assert url_of(stack) == url
            assert is_ready(url)
            assert not alive(family)
            stack.process.send_signal(signal.SIGTERM)
            assert stack.wait() == 0


def test_broker_of_a_long_data_path_has_a_private_place_that_is_removed(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    with serve(deep, TMPDIR=str(tmp_path)) as stack:
        url_of(stack)
        (place,) = tmp_path.glob("adaline-*")
        assert place.stat().st_mode & 0o777 == 0o700
        stack.process.send_signal(signal.SIGTERM)
        assert stack.wait() == 0
    assert not place.exists()


def test_part_on_its_own_is_the_process_that_was_started(tmp_path: Path, valkey_url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {"ADALINE_DATA": str(tmp_path), "ADALINE_BROKER_URL": valkey_url, "ADALINE_PORT": port}
    with started([ADALINE, "api"], environment) as api:
        api.until(f"listens on http://127.0.0.1:{port}")
        assert eventually(lambda: is_ready(f"http://127.0.0.1:{port}"))
        assert "service.supervisor.http_server" in psutil.Process(api.process.pid).cmdline()
        family = api.descendants
        api.process.send_signal(signal.SIGTERM)
        assert api.wait() == 0
        assert not alive(family)
    with started([ADALINE, "sweep"], environment) as sweeper:
        assert eventually(lambda: "workers.sweeper" in psutil.Process(sweeper.process.pid).cmdline())


def test_part_on_its_own_needs_a_broker(tmp_path: Path) -> None:
    for command in ("api", "worker", "sweep"):
        with started([ADALINE, command], {"ADALINE_DATA": str(tmp_path)}) as alone:
            assert alone.wait() == 2
        assert "ADALINE_BROKER_URL is not set" in alone.lines[-1]
