"""Clients that send a byte a second, or nothing at all, or take nothing: everybody else is answered all the same."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from service.wiring import Deps
from tests import samples
from tests.chaos import slow_clients
from tests.integration.api.serving import Server
from tests.integration.processes import eventually

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
LONG = b"Content-Length: 100000\r\n\r\n"
KINDS = {
    "upload": b"POST /v1/datasets HTTP/1.1\r\n" + HOST + b"Content-Type: text/csv\r\n" + LONG + b"a,b\n",
    "chunked upload": b"POST /v1/datasets HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\na,b\n\r\n",
    "predict": b"POST /v1/models/houses/predict HTTP/1.1\r\n" + HOST + JSON + LONG + b"{",
    "spec": b"POST /v1/jobs HTTP/1.1\r\n" + HOST + JSON + LONG + b"{",
    "refused": b"POST /v1/nothing HTTP/1.1\r\n" + HOST + JSON + LONG + b"{",
    "headers": b"GET /healthz HTTP/1.1\r\nX-Slow: ",
    "nothing": b"",
}
ROW = {"records": [{"size": 2, "colour": "red", "sold": False}]}
EACH = 50


@contextlib.contextmanager
def dripping(server: Server) -> Iterator[dict[str, list[socket.socket]]]:
    """Many connections of each kind, which send a byte a second."""
    connections = {kind: [server.send(head) for _ in range(EACH)] for kind, head in KINDS.items()}
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(1):
            for kind, those in connections.items():
                for connection in those if kind != "nothing" else ():
                    with contextlib.suppress(OSError):
                        connection.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield connections
    finally:
        ended.set()
        thread.join()
        for those in connections.values():
            for connection in those:
                connection.close()


def status(connection: socket.socket) -> int:
    connection.settimeout(120)
    return int(connection.recv(65536).split()[1])


def test_slow_clients_hold_up_nobody_and_are_told(serve: Callable[..., Server], deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    server = serve(slow_body_seconds=1)
    with dripping(server) as connections:
        for _ in range(20):
            assert server.http.get("/healthz").status_code == 200
            assert server.http.get("/v1/models").status_code == 200
            assert server.http.post("/v1/models/houses/predict", json=ROW).json()["predictions"] == [15.0]
        for kind in ("upload", "predict", "spec"):
            assert {status(one) for one in connections[kind]} == {408}
        assert {status(one) for one in connections["refused"]} == {404}
    assert server.http.get("/v1/datasets").json()["data"] == []


def test_everybody_else_is_answered_beside_each_kind_of_slow_client(serve: Callable[..., Server], deps: Deps) -> None:
    """The short form of `make slow-clients`, which measures how soon."""
    samples.publish(deps, samples.price_predictor(), slow_clients.MODEL)
    server = serve(sending_requests=10, slow_body_seconds=2)
    line = b"0.123456,-1.234567\n"
    large = server.http.post(
        "/v1/datasets", content=line * (slow_clients.LARGE_BYTES // len(line)), headers={"Content-Type": "text/csv"}
    )
    those = slow_clients.kinds(samples.job(deps).id, large.json()["id"])
    answers, _ = slow_clients.beside(str(server.http.base_url), those, each=20, rounds=30, row=ROW)
    assert answers.wrong == []
    assert [len(taken) for taken in answers.seconds.values()] == [30, 30, 30]


def test_downloads_that_nobody_reads_are_held_in_bounds(serve: Callable[..., Server], deps: Deps) -> None:
    server = serve(sending_requests=10)
    body = b"a,b\n" + b"0.123456,-1.234567\n" * 1_000_000
    id = server.http.post("/v1/datasets", content=body, headers={"Content-Type": "text/csv"}).json()["id"]
    head = f"GET /v1/datasets/{id}/content HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with server.growth() as grown, contextlib.ExitStack() as held:
        for _ in range(10):
            connection = held.enter_context(server.send(head))
            connection.settimeout(60)
            assert connection.recv(12) == b"HTTP/1.1 200"
        refused = server.http.get(f"/v1/datasets/{id}/content")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_answers")
        assert server.http.get(f"/v1/datasets/{id}").status_code == 200
    assert grown[0] < 10 * 4  # a download holds a few small pieces, and not the file

    def is_free() -> bool:
        answer = server.http.get(f"/v1/datasets/{id}/content")
        return answer.content == body

    assert eventually(is_free)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"POST /v1/datasets HTTP/1.1\r\n" + HOST + b"Content-Type: image/png\r\n" + LONG, 415),
        (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 99999999999\r\n\r\n", 413),
        (b"POST /v1/nothing HTTP/1.1\r\n" + HOST + JSON + LONG, 404),
        (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Origin: null\r\n" + JSON + LONG, 403),
        (b"POST /v1/jobs HTTP/1.1\r\nHost: evil.example\r\n" + JSON + LONG, 421),
    ],
)
def test_a_refusal_does_not_wait_for_its_body(serve: Callable[..., Server], head: bytes, expected: int) -> None:
    server = serve()
    with server.send(head) as connection:
        connection.settimeout(60)
        answer = connection.recv(65536)
    told, body = answer.split(b"\r\n\r\n", 1)
    assert int(told.split()[1]) == expected
    assert json.loads(body)["status"] == expected
    assert b"x-request-id: " in told


def test_a_body_that_comes_slowly_but_comes_is_taken(serve: Callable[..., Server]) -> None:
    server = serve(slow_body_seconds=0.5, slow_body_rate=8192)

    def lines() -> Iterator[bytes]:
        for _ in range(8):
            yield b"1,2\n" * 1500
            time.sleep(0.3)  # 20,000 bytes a second, for longer than the first seconds that are free

    headers = {"Content-Type": "text/csv", "Content-Length": str(8 * 1500 * 4)}
    answer = server.http.post("/v1/datasets", content=lines(), headers=headers)
    assert (answer.status_code, answer.json()["bytes"]) == (202, 8 * 1500 * 4)


def test_more_bodies_than_may_be_waited_for_are_refused_at_once(serve: Callable[..., Server]) -> None:
    server = serve(reading_requests=2)
    held: list[socket.socket] = []
    try:
        while len(held) < 5:  # until one is refused
            held.append(server.send(KINDS["spec"]))
            held[-1].settimeout(1)
            with contextlib.suppress(TimeoutError):
                assert int(held[-1].recv(65536).split()[1]) == 503
                break
        assert len(held) == 3
        answer = server.http.post("/v1/jobs", json={})
        assert (answer.status_code, answer.json()["code"]) == (503, "too_many_bodies")
        assert int(answer.headers["Retry-After"]) >= 1
        assert server.http.get("/v1/jobs").status_code == 200
    finally:
        for one in held:
            one.close()

    def is_free() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return server.http.post("/v1/jobs", json={}).status_code == 422
        return False

    assert eventually(is_free)
