"""Bodies and answers of any size through a real server: begun before the body ends, in bounded memory, and let go."""

from __future__ import annotations

import csv
import io
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server
from tests.integration.processes import eventually

HEADER = b"size,colour,sold\n"
BLOCK = b"".join(b"%d.5,red,no\n" % (number % 40) for number in range(20_000))
EXPECTED = [2 * (number % 40 + 0.5) + 11 for number in range(20_000)]
GROWTH_MEGABYTES = 100


@pytest.fixture
def server(serve: Callable[..., Server], deps: Deps) -> Server:
    samples.publish(deps, samples.price_predictor(), "houses")
    return serve()


def begun(server: Server, *head: str, query: str = "") -> socket.socket:
    lines = [
        f"POST /v1/models/houses/predict{query} HTTP/1.1",
        "Host: localhost",
        "Content-Type: text/csv",
        *head,
        "",
        "",
    ]
    connection = server.send("\r\n".join(lines).encode())
    connection.settimeout(30)
    return connection


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def everything(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\r\n0\r\n\r\n") and (piece := connection.recv(1 << 20)):
        received += piece
    return bytes(received)


def body_of(answer: bytes) -> bytes:
    """The body of an answer in chunks."""
    at = answer.index(b"\r\n\r\n") + 4
    body = bytearray()
    while size := int(answer[at : (end := answer.index(b"\r\n", at))], 16):
        body += answer[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    return bytes(body)


def test_answer_begins_before_the_body_has_ended(server: Server) -> None:
    with begun(server, "Transfer-Encoding: chunked", "Accept: text/csv") as connection:
        connection.sendall(chunk(HEADER) + chunk(BLOCK) * 20)
        first = connection.recv(65_536)
        assert first.startswith(b"HTTP/1.1 200")
        connection.sendall(chunk(BLOCK) + b"0\r\n\r\n")
        lines = body_of(first + everything(connection)).decode().splitlines()
    assert lines[0] == "prediction"
    assert list(map(float, lines[1:])) == EXPECTED * 21


@pytest.mark.parametrize("accept", ["text/csv", "application/json", "application/x-ndjson"])
def test_client_that_sends_everything_before_it_reads_is_answered(server: Server, accept: str) -> None:
    with server.growth() as grown, begun(server, "Transfer-Encoding: chunked", f"Accept: {accept}") as connection:
        connection.sendall(chunk(HEADER))
        for _ in range(100):
            connection.sendall(chunk(BLOCK))
        connection.sendall(b"0\r\n\r\n")
        body = body_of(everything(connection))
    numbers = map(float, re.findall(rb"[0-9]+\.[0-9]+", body))
    assert list(numbers) == EXPECTED * 100
    assert grown[0] < GROWTH_MEGABYTES


def test_memory_does_not_grow_with_the_rows(server: Server) -> None:
    """Three million rows of CSV, half a gigabyte with their answers as JSON lines."""
    times = 150

    def blocks() -> Iterator[bytes]:
        yield HEADER
        for _ in range(times):
            yield BLOCK

    n_lines = 0
    with server.growth() as grown:
        headers = {"Content-Type": "text/csv", "Accept": "application/x-ndjson"}
        with server.http.stream("POST", "/v1/models/houses/predict", content=blocks(), headers=headers) as answer:
            assert answer.status_code == 200
            for piece in answer.iter_bytes():
                n_lines += piece.count(b"\n")
    assert n_lines == times * 20_000
    assert grown[0] < GROWTH_MEGABYTES


def test_client_that_leaves_midway_frees_everything(server: Server) -> None:
    def waiting() -> int:
        return server.worker.num_threads()

    def files() -> list[str]:
        links = (os.readlink(file) for file in Path(f"/proc/{server.worker.pid}/fd").iterdir() if file.is_symlink())
        return [link for link in links if link.endswith("(deleted)") and not link.startswith("/memfd")]

    warm = server.http.post("/v1/models/houses/predict", content=HEADER + BLOCK, headers={"Content-Type": "text/csv"})
    assert warm.status_code == 200
    connections = []
    for _ in range(5):
        connection = begun(server, "Transfer-Encoding: chunked", "Accept: application/x-ndjson")
        connection.sendall(chunk(HEADER) + chunk(BLOCK) * 60)
        connections.append(connection)
    assert eventually(lambda: len(files()) == 5, 30)  # what the clients do not take waits on the disk
    threads = waiting()
    for connection in connections:
        connection.close()
    assert eventually(lambda: not files() and waiting() <= threads - 5, 30)
    assert server.http.get("/healthz").status_code == 200


def broken(server: Server, accept: str, query: str = "") -> bytes:
    """The body of an answer to rows of which a late one is bad."""
    with begun(server, "Transfer-Encoding: chunked", f"Accept: {accept}", query=query) as connection:
        connection.sendall(chunk(HEADER) + chunk(BLOCK) * 20 + chunk(b"big,red,no\n") + chunk(BLOCK) + b"0\r\n\r\n")
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    return body_of(answer)


BAD_LINE = 20 * 20_000 + 2


def test_answer_that_breaks_off_is_taken_for_whole_by_no_reader(server: Server) -> None:
    text = broken(server, "text/csv").decode()
    assert f'line {BAD_LINE}, column \'size\': ""big"" is not a number' in text.splitlines()[-1]
    with pytest.raises(csv.Error):
        list(csv.reader(io.StringIO(text), strict=True))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(broken(server, "application/json"))
    *lines, problem, last = broken(server, "application/x-ndjson").splitlines()
    assert all("prediction" in orjson.loads(line) for line in lines)
    assert f"line {BAD_LINE}" in orjson.loads(problem)["error"]["detail"]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(last)
    with pytest.raises((pa.ArrowInvalid, OSError)):
        pa.ipc.open_stream(broken(server, "application/vnd.apache.arrow.stream")).read_all()
    assert server.log_file.read_text().count("answer broke off") == 4


def test_client_that_sends_everything_before_it_reads_is_told_why_its_answer_breaks_off(server: Server) -> None:
    """A browser is such a client: what comes after the bad row fills the buffers between, if nobody takes it."""
    times = 200
    size = len(HEADER) + len(BLOCK) * (20 + times) + len(b"big,red,no\n")
    with server.growth() as grown, begun(server, f"Content-Length: {size}", "Accept: text/csv") as connection:
        connection.sendall(HEADER + BLOCK * 20 + b"big,red,no\n")
        for _ in range(times):
            connection.sendall(BLOCK)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert f'line {BAD_LINE}, column \'size\': ""big"" is not a number' in body_of(answer).decode()
    assert grown[0] < GROWTH_MEGABYTES


def test_nothing_is_sent_to_a_browser_before_it_has_sent_everything(server: Server) -> None:
    """It takes nothing before, and who takes nothing for half a minute is cut off."""
    head = ("Transfer-Encoding: chunked", "Accept: text/csv", "Origin: http://localhost")
    with begun(server, *head) as connection:
        connection.sendall(chunk(HEADER) + chunk(BLOCK) * 40)
        connection.settimeout(3)
        first = bytearray()
        with suppress(TimeoutError):
            while True:
                first += connection.recv(1 << 20)
        assert b"prediction" not in first
        connection.settimeout(30)
        connection.sendall(b"0\r\n\r\n")
        lines = body_of(bytes(first) + everything(connection)).decode().splitlines()
    assert list(map(float, lines[1:])) == EXPECTED * 40


def test_bad_rows_deep_in_a_stream_are_null_when_that_is_wanted(server: Server) -> None:
    answer = orjson.loads(broken(server, "application/json", "?on_error=null"))
    assert len(answer["predictions"]) == 21 * 20_000 + 1
    assert answer["predictions"][BAD_LINE - 2] is None
    assert answer["predictions"].count(None) == answer["failed"] == 1
    assert answer["errors"][0] == {
        "row": BAD_LINE - 2, "line": BAD_LINE, "column": "size",
        "detail": '"big" is not a number; leave a missing cell empty',
    }  # fmt: skip


def test_body_that_is_cut_off_is_an_error(server: Server) -> None:
    size = len(HEADER + BLOCK)
    with begun(server, f"Content-Length: {size + 10}", "Accept: text/csv") as connection:
        connection.sendall(HEADER + BLOCK)
        connection.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in connection.recv(65_536)
    assert eventually(lambda: any(entry["status"] == 400 for entry in server.requests()), 10)


def test_other_requests_are_answered_while_streams_are_made(server: Server) -> None:
    def flood() -> None:
        with begun(server, "Transfer-Encoding: chunked", "Accept: text/csv") as connection:
            connection.sendall(chunk(HEADER))
            while not done.is_set():
                connection.sendall(chunk(BLOCK))
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    connection.recv(1 << 20)
                connection.setblocking(True)

    done = threading.Event()
    threads = [threading.Thread(target=flood) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        slowest = 0.0
        for _ in range(20):
            began = time.monotonic()
            answer = server.http.post("/v1/models/houses/predict", json={"instances": [[2, "red", False]]})
            assert answer.json()["predictions"] == [15.0]
            slowest = max(slowest, time.monotonic() - began)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert slowest < 2.0
