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


def api_process(url: str) -> psutil.Process:
    """The granian worker that answers at this address: the one of the supervisor's family that listens there."""
    port = int(url.rsplit(":", 1)[1])
    holders = {c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid}
    processes = [psutil.Process(pid) for pid in holders]
    # its parent holds the socket too; the one that answers has no child
    return next(process for process in processes if not process.children())


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
    maps = Path(f"/proc/{api_process(server_url).pid}/maps").read_text()
    assert not [name for name in LEARNERS if f"/{name}/" in maps]


@pytest.mark.timeout(120)
def test_a_large_upload_leaves_the_process_small(server: Client, server_url: str, tmp_path: Path) -> None:
    process = api_process(server_url)
    server.upload(b"a,b\n1,2\n2,3\n3,4\n", name="warm")
    before = process.memory_info().rss
    assert before < 300 * MIB  # with what other tests have had it load
    path = write_numbers(tmp_path / "numbers.csv", rows=1_000_000, columns=10)
    dataset = server.upload(path)
    assert (dataset.state, dataset.rows) == ("ready", 1_000_000)
    assert process.memory_info().rss - before < 60 * MIB
