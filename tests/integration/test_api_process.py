"""What the API's process is made of, and that it stays small whatever passes through it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from service.client import Client
from tests.tables import write_numbers

LEARNERS = ("torch", "numba", "sklearn", "duckdb")
MIB = 2**20


def api_processes(url: str) -> list[psutil.Process]:
    """The granian workers that answer at this address: the children of the process that listens there."""
    port = int(url.rsplit(":", 1)[1])
    listening = [c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid]
    found = psutil.Process(listening[0])  # of those that share the socket, one is told
    return found.children() or found.parents()[0].children()


def memory(url: str) -> int:
    """What the API holds: resident bytes of all its processes, of which they share a part."""
    return sum(process.memory_info().rss for process in api_processes(url))


def test_learning_libraries_are_never_imported() -> None:
    code = (
        "import sys, service.wsgi, service.api.app, service.api.openapi; service.api.openapi.text();"
        f"print([name for name in {LEARNERS} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_no_learning_library_is_mapped_into_the_running_process(server: Client, server_url: str, houses: Path) -> None:
    version = server.train(server.upload(houses), target="price", model="mapped", epochs=2)
    server.predict(version.ref, houses)
    for process in api_processes(server_url):
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert not [name for name in LEARNERS if f"/{name}/" in maps]


@pytest.mark.timeout(120)
def test_a_large_upload_leaves_the_process_small(server: Client, server_url: str, tmp_path: Path) -> None:
    server.upload(b"a,b\n1,2\n2,3\n3,4\n", name="warm")
    before = memory(server_url)
    assert before < 300 * MIB * len(api_processes(server_url))  # with what other tests have had them load
    path = write_numbers(tmp_path / "numbers.csv", rows=1_000_000, columns=10)
    dataset = server.upload(path)
    assert (dataset.state, dataset.rows) == ("ready", 1_000_000)
    assert memory(server_url) - before < 60 * MIB
