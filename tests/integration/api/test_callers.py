"""Who may call, by real sockets: what a server makes of headers before the gate sees them."""

from __future__ import annotations

from collections.abc import Callable

from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server
from tests.integration.processes import eventually

JSON = b"Content-Type: application/json\r\n"
ROW = b'{"records": [{"size": 2, "colour": "red", "sold": false}]}'
PREDICT = b"POST /v1/models/houses/predict HTTP/1.1\r\n" + JSON + b"Content-Length: %d\r\n" % len(ROW)
UPLOAD = b"POST /v1/datasets HTTP/1.1\r\nContent-Type: text/csv\r\n"
OURS = b"Host: 127.0.0.1\r\n"
EVIL = b"Origin: https://evil.example\r\n"
CSV = b"a,b\n1,2\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n8\r\na,b\n1,2\n\r\n0\r\n\r\n"

ASKED: dict[str, tuple[bytes, int]] = {
    "an address": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200),
    "localhost, as a browser would not write it": (b"GET /healthz HTTP/1.1\r\nhOST:LOCALHOST.:1\r\n\r\n", 200),
    "HTTP/1.0 without Host": (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
    "no Host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400),
    "the same Host twice": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "a Host that is not ASCII": (b"GET /healthz HTTP/1.1\r\nHost: l\xf6calhost\r\n\r\n", 400),
    "a stranger's Host": (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    "a stranger's Host in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", 421),
    "a stranger's Host in the target alone": (b"GET http://evil.example/healthz HTTP/1.1\r\n\r\n", 421),
    "ours in the target alone": (b"GET http://127.0.0.1/healthz HTTP/1.1\r\n\r\n", 200),
    "a prediction": (PREDICT + OURS + b"\r\n" + ROW, 200),
    "a prediction by another name": (PREDICT + b"Host: evil.example\r\n\r\n" + ROW, 421),
    "a prediction for another page": (PREDICT + OURS + EVIL + b"\r\n" + ROW, 403),
    "a prediction for a file": (PREDICT + OURS + b"Origin: null\r\n\r\n" + ROW, 403),
    "a prediction for our page": (PREDICT + OURS + b"Origin: http://127.0.0.1\r\n\r\n" + ROW, 200),
    "an upload of another page": (UPLOAD + OURS + EVIL + b"Content-Length: 8\r\n\r\n" + CSV, 403),
    "an upload of another page in chunks": (UPLOAD + OURS + EVIL + CHUNKED, 403),
    "an upload that waits to be asked for": (
        UPLOAD + OURS + EVIL + b"Expect: 100-continue\r\nContent-Length: 8\r\n\r\n",
        403,
    ),
    "two origins": (UPLOAD + OURS + b"Origin: http://127.0.0.1\r\n" + EVIL + b"Content-Length: 8\r\n\r\n" + CSV, 403),
    "an origin that is not ASCII": (UPLOAD + OURS + b"Origin: \xff\r\nContent-Length: 8\r\n\r\n" + CSV, 403),
    "a cancel of another page": (
        b"POST /v1/jobs/job_1/cancel HTTP/1.1\r\nContent-Length: 0\r\n" + OURS + EVIL + b"\r\n",
        403,
    ),
    "a cross-site form without Origin": (
        UPLOAD + OURS + b"Sec-Fetch-Site: cross-site\r\nContent-Length: 8\r\n\r\n" + CSV,
        403,
    ),
}


def _status(server: Server, asked: bytes) -> int:
    with server.send(asked) as connection:
        return int(connection.recv(65536).split()[1])


def test_what_comes_over_a_socket(serve: Callable[..., Server], deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    server = serve()
    server.http.post("/v1/models/houses/predict", content=ROW, headers={"Content-Type": "application/json"})
    given = {what: _status(server, asked) for what, (asked, _) in ASKED.items()}
    assert given == {what: status for what, (_, status) in ASKED.items()}
    assert server.http.get("/v1/datasets").json()["data"] == []


def test_a_refusal_is_logged_as_any_answer_and_leaves_the_connection_usable(serve: Callable[..., Server]) -> None:
    server = serve()
    refused = server.http.post("/v1/datasets", content=CSV, headers={"Origin": "null", "X-Request-Id": "mine"})
    assert (refused.status_code, refused.headers["X-Request-Id"]) == (403, "mine")
    headers = {"Host": "evil.example", "X-Request-Id": "by-another-name"}
    assert server.http.get("/v1/jobs", headers=headers).status_code == 421
    assert server.http.get("/healthz").status_code == 200

    def told() -> set[tuple[object, ...]]:
        return {(one["request_id"], one["method"], one["path"], one["status"]) for one in server.requests()}

    expected = {("mine", "POST", "/v1/datasets", 403), ("by-another-name", "GET", "/v1/jobs", 421)}
    assert eventually(lambda: expected <= told(), 5)
