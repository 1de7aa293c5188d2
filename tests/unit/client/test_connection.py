"""What is repeated when the network or the server fails, and what a caller is told."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.client import Client, Conflict, Denied, Invalid, NotFound, Problem, ServerFault, Unavailable, Unreachable
from service.client.connection import RETRIES, Call, Connection


class Network:
    """A network that answers each request with the next of the given answers; it keeps what was sent."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._answers: Iterator[httpx.Response | httpx.TransportError] = iter(answers)
        self.requests: list[httpx.Request] = []
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(request.read())
        answer = next(self._answers)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


def connection(network: Network) -> Connection:
    return Connection("http://server", 5.0, None, httpx.MockTransport(network))


def ok() -> httpx.Response:
    return httpx.Response(200, json={})


def busy(seconds: str = "1") -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": seconds}, json={"code": "unavailable", "detail": "later"})


def lost() -> httpx.TransportError:
    return httpx.ReadError("connection reset")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which tests do not wait for."""
    taken: list[float] = []
    monkeypatch.setattr("service.client.connection.time.sleep", taken.append)
    return taken


def test_a_server_that_was_never_reached_is_unreachable_at_once(pauses: list[float]) -> None:
    network = Network(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match="adaline serve"):
        connection(network).send(Call("GET", "/v1/jobs"))
    assert len(network.requests) == 1
    assert pauses == []


def test_a_connection_lost_later_is_made_again_with_longer_and_longer_pauses(pauses: list[float]) -> None:
    network = Network(ok(), lost(), httpx.ConnectError("refused"), ok())
    there = connection(network)
    there.send(Call("GET", "/v1/jobs"))
    assert there.send(Call("GET", "/v1/jobs")).status_code == 200
    assert pauses == sorted(pauses)
    assert len(pauses) == 2


def test_attempts_end() -> None:
    network = Network(ok(), *(lost() for _ in range(RETRIES + 5)))
    there = connection(network)
    there.send(Call("GET", "/v1/jobs"))
    with pytest.raises(Unreachable, match="was lost"):
        there.send(Call("GET", "/v1/jobs"))
    assert len(network.requests) == 1 + 1 + RETRIES


def test_a_post_that_would_do_its_work_twice_is_sent_once() -> None:
    network = Network(ok(), lost(), ok())
    there = connection(network)
    there.send(Call("GET", "/v1/jobs"))
    with pytest.raises(Unreachable):
        there.send(Call("POST", "/v1/things", json={}))
    assert len(network.requests) == 2


def test_an_unavailable_server_is_asked_again_when_it_said_so(pauses: list[float]) -> None:
    network = Network(busy("3"), ok())
    assert connection(network).send(Call("GET", "/v1/jobs")).status_code == 200
    assert pauses == [3.0]


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), busy("86400"), httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2026"})]
)
def test_an_unavailable_server_that_names_no_near_time_is_not_waited_for(answer: httpx.Response) -> None:
    network = Network(answer)
    with pytest.raises(Unavailable):
        connection(network).send(Call("GET", "/v1/jobs"))
    assert len(network.requests) == 1


def test_a_repeated_submission_carries_the_same_key_and_body() -> None:
    network = Network(busy(), httpx.Response(202, json={"id": "job_1", "state": "queued"}))
    with Client("http://server", transport=httpx.MockTransport(network)) as client:
        assert client.submit({"dataset": "ds_1"}).id == "job_1"
        first, second = (request.headers["Idempotency-Key"] for request in network.requests)
        assert first == second
        assert network.bodies[0] == network.bodies[1]


def test_different_submissions_carry_different_keys() -> None:
    network = Network(*(httpx.Response(202, json={"id": "job_1"}) for _ in range(2)))
    with Client("http://server", transport=httpx.MockTransport(network)) as client:
        client.submit({"dataset": "ds_1"})
        client.submit({"dataset": "ds_1"})
    first, second = (request.headers["Idempotency-Key"] for request in network.requests)
    assert first != second


def test_a_repeated_upload_sends_the_file_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n")
    network = Network(busy(), httpx.Response(201, json={"id": "ds_1", "state": "ready"}))
    with Client("http://server", transport=httpx.MockTransport(network)) as client:
        client.upload(tmp_path / "a.csv")
    assert network.bodies == [b"a,b\n1,2\n", b"a,b\n1,2\n"]


def test_a_file_is_sent_from_where_it_stands() -> None:
    file = io.BytesIO(b"read already,a\n1\n")
    file.seek(13)
    network = Network(ok())
    connection(network).send(Call("POST", "/v1/datasets", content=file))
    assert network.bodies == [b"a\n1\n"]
    assert network.requests[0].headers["Content-Length"] == "4"


def test_a_pipe_is_sent_whole_and_only_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a\n1\n")
    os.close(writing)
    network = Network(busy(), ok())
    with open(reading, "rb") as pipe, pytest.raises(Unavailable):
        connection(network).send(Call("POST", "/v1/datasets", content=pipe, repeatable=True))
    assert network.bodies == [b"a\n1\n"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, Denied),
        (404, NotFound),
        (409, Conflict),
        (412, Conflict),
        (413, Invalid),
        (422, Invalid),
        (429, Unavailable),
        (500, ServerFault),
        (503, Unavailable),
        (507, ServerFault),
    ],
)
def test_each_class_of_status_has_its_exception(status: int, kind: type[Problem]) -> None:
    document = {
        "title": "No",
        "status": status,
        "detail": "it is wrong",
        "code": "some_code",
        "request_id": "req_1",
        "errors": [{"pointer": "/network/hidden/0", "detail": "0 is too small"}],
    }
    with pytest.raises(kind) as caught:
        connection(Network(httpx.Response(status, json=document))).send(Call("POST", "/v1/jobs"))
    problem = caught.value
    assert (problem.status, problem.code, problem.title, problem.request_id) == (status, "some_code", "No", "req_1")
    assert problem.errors[0].pointer == "/network/hidden/0"
    assert str(problem) == "it is wrong\n/network/hidden/0: 0 is too small"


def test_an_error_that_somebody_else_wrote_is_a_problem_too() -> None:
    with pytest.raises(ServerFault, match="502 Bad Gateway"):
        connection(Network(httpx.Response(502, html="<h1>Bad Gateway</h1>"))).send(Call("GET", "/v1/jobs"))


def test_a_server_that_is_not_adaline_is_told_apart() -> None:
    with pytest.raises(Unreachable, match="is not Adaline"):
        connection(Network(httpx.Response(200, html="<h1>Hello</h1>"))).json(Call("GET", "/v1/jobs"))


STRANGERS = [
    httpx.Response(404, html="<h1>Not Found</h1>", headers={"Server": "nginx/1.27"}),
    httpx.Response(404, json={"message": "no route"}),
    httpx.Response(405, text="no"),
    httpx.Response(301, headers={"Location": "https://elsewhere/"}),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"models": []}),
    httpx.Response(200, json={"data": [{"title": "a name of something else"}]}),
    httpx.Response(200, json={"data": ["a", "b"]}),
]


@pytest.mark.parametrize("answer", STRANGERS)
def test_other_servers_are_told_by_what_they_answer(answer: httpx.Response) -> None:
    with (
        Client("http://server", transport=httpx.MockTransport(Network(answer))) as client,
        pytest.raises(Unreachable, match="the server at http://server is not Adaline"),
    ):
        list(client.models())


@pytest.mark.parametrize("status", [401, 403, 413, 500, 502, 504])
def test_what_stands_between_may_answer_in_the_place_of_adaline(status: int) -> None:
    with pytest.raises(Problem, match=str(status)):
        connection(Network(httpx.Response(status, html="<h1>No</h1>"))).send(Call("GET", "/v1/jobs"))


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://server", "http://", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a server's address"):
        Client(url)
