"""The API as it is run: granian, a process of its own, real sockets."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.store import jobs
from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server

CSV = {"Content-Type": "text/csv"}
STREAM = {"Accept": "text/event-stream"}


def test_process_is_small_and_never_learns(serve: Callable[..., Server]) -> None:
    server = serve()
    assert server.resident_megabytes < 150
    maps = Path(f"/proc/{server.worker.pid}/maps")
    if maps.exists():  # every compiled library that the process has loaded
        loaded = maps.read_text()
        assert not [name for name in ("torch", "numba", "sklearn", "duckdb", "pyarrow") if f"/{name}/" in loaded]


def test_importing_the_api_imports_nothing_heavy() -> None:
    heavy = ("torch", "numba", "sklearn", "duckdb", "pyarrow", "boto3", "botocore", "alembic")
    code = f"import sys, service.wsgi; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_upload_is_streamed_to_disk(serve: Callable[..., Server]) -> None:
    server = serve()
    line = b"0.123456,-1.234567,2.345678,0.456789,5.678901,1.234567,0.345678,4.567890,3.456789,1.2,7.9\n"
    block = line * 1000
    with server.growth() as grown:
        with tempfile.TemporaryFile() as file:
            for _ in range(700):
                file.write(block)
            file.seek(0)
            raw = server.http.post("/v1/datasets", content=file, headers=CSV)
            file.seek(0)
            form = server.http.post("/v1/datasets", files={"file": ("big.csv", file)})
        packed = gzip.compress(block, 0) * 700
        pieces = (packed[start : start + 65_536] for start in range(0, len(packed), 65_536))
        chunked = server.http.post("/v1/datasets", content=pieces, headers={**CSV, "Content-Encoding": "gzip"})
    assert [raw.status_code, form.status_code, chunked.status_code] == [202, 200, 200]
    assert raw.json()["bytes"] == len(block) * 700
    assert {answer.json()["id"] for answer in (raw, form, chunked)} == {raw.json()["id"]}
    assert grown[0] < 60


def test_refused_upload_is_answered_while_it_is_sent(serve: Callable[..., Server]) -> None:
    server = serve(max_upload_bytes=1000)
    block = b"1,2,3\n" * 10_000
    packed = gzip.compress(block, 0)
    for content, coding in ((block * 200, "identity"), ((packed for _ in range(200)), "gzip")):
        headers = {**CSV, "Content-Encoding": coding}
        answer = server.http.post("/v1/datasets", content=content, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_stream_follows_a_job_and_gives_its_place_back(serve: Callable[..., Server], deps: Deps) -> None:
    server = serve(waiting_requests=1)
    id = samples.job(deps).id
    path = f"/v1/jobs/{id}/events"

    def move(to: Any) -> None:
        with deps.database.write() as session:
            jobs.move(session, id, to)
        deps.changes.publish(id)

    with server.http.stream("GET", path, headers=STREAM) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        refused = server.http.get(path, headers=STREAM)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        move("running")
        assert next(line for line in lines if line.startswith("data")).endswith('{"state":"running"}}')
        move("succeeded")
        assert [line for line in lines if line.startswith("event")] == ["event: state"]
    assert server.http.get(path, headers=STREAM).status_code == 200


def test_server_ends_at_once_though_streams_are_open(serve: Callable[..., Server], deps: Deps) -> None:
    server = serve()
    id = samples.job(deps).id
    head = f"GET /v1/jobs/{id}/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
    with server.send(head.encode()) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        server.stop()
        assert server.process.returncode == 0  # it was not killed, as when it waits for its streams for ever
