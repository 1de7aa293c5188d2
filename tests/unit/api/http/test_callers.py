"""Who may call: every combination of method, content type, origin and host, by WSGI in front of the whole API."""

from __future__ import annotations

import io
import itertools
import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from service.api.context import of
from service.api.http.callers import Callers
from service.api.http.gate import LONGEST_KNOWN, MOST_KNOWN, Gate
from service.api.predictions.front import Front
from service.errors import SettingInvalid
from service.settings import Settings

CSV = b"a,b\n1,2\n"
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,2\n\r\n--x--\r\n'
BODIES = {  # what a browser sends unasked, and what it would ask for first
    "none": ("", b""),
    "form": ("multipart/form-data; boundary=x", FORM),
    "urlencoded": ("application/x-www-form-urlencoded", b"a=1"),
    "plain": ("text/plain", b'{"dataset": "ds_1"}'),
    "json": ("application/json", b'{"dataset": "ds_1"}'),
    "csv": ("text/csv", CSV),
}
# what one page or program is, and whether it may change something of a server that is called by `http://<Host>`
PAGES: dict[str, tuple[dict[str, str], bool]] = {
    "a program": ({}, True),
    "typed by a person": ({"Sec-Fetch-Site": "none"}, True),
    "our page": ({"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"}, True),
    "our page, in a browser without Sec-Fetch-Site": ({"Origin": "http://{host}"}, True),
    "our page behind a proxy with TLS": ({"Origin": "https://{host}", "Sec-Fetch-Site": "same-origin"}, True),
    "another": ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, False),
    "another, in a browser without Sec-Fetch-Site": ({"Origin": "http://evil.example"}, False),
    "another that sends no Origin": ({"Sec-Fetch-Site": "cross-site"}, False),
    "another port of this machine": ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}, False),
    "another port that sends no Origin": ({"Sec-Fetch-Site": "same-site"}, False),
    "a file or sandboxed frame": ({"Origin": "null"}, False),
    "a name that begins as ours": ({"Origin": "http://{host}.evil.example"}, False),
    "ours with another scheme": ({"Origin": "ftp://{host}"}, False),
    "an unreadable origin": ({"Origin": ""}, False),
    "two origins": ({"Origin": "http://{host},https://evil.example"}, False),
    "a word that nobody knows": ({"Sec-Fetch-Site": "galaxy"}, False),
}
# None: it is no Host at all
HOSTS = {"127.0.0.1:8000": True, "localhost": True, "[::1]:8000": True, "evil.example:8000": False, "a,b": None}
METHODS = {"GET": True, "HEAD": True, "OPTIONS": True, "POST": False, "PUT": False, "PATCH": False, "DELETE": False}
PATHS = ("/v1/datasets", "/v1/jobs/job_1/cancel", "/v1/models/houses/predict")


class Called:
    """An API behind its gate, and the requests that came through."""

    def __init__(self, app: Flask, **settings: Any) -> None:
        self.through = 0
        front = Front(app, of(app).models, of(app).keys, of(app).rates)

        def counted(environ: dict[str, Any], start: Any) -> Any:
            self.through += 1
            return front(environ, start)

        self.client = Client(Gate(counted, Callers.of(Settings(**settings))))

    def ask(self, method: str, path: str = "/v1/datasets", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, headers=named)


def test_every_combination_of_method_body_page_and_host(app: Flask) -> None:
    called = Called(app)
    combinations = itertools.product(METHODS.items(), BODIES.values(), PAGES.values(), HOSTS.items())
    paths = itertools.cycle(PATHS)
    for (method, is_safe), (content_type, body), (page, may_change), (host, is_ours) in combinations:
        headers = {name: value.format(host=host) for name, value in page.items()}
        case = (method, content_type, headers, host)
        before = called.through
        answer = called.client.open(
            next(paths), method=method, headers={**headers, "Host": host}, data=body, content_type=content_type or None
        )
        expected = 400 if is_ours is None else 421 if not is_ours else None if is_safe or may_change else 403
        assert (called.through == before) == (expected is not None), case
        if expected is not None:
            assert (answer.status_code, answer.mimetype) == (expected, "application/problem+json"), case
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], case


def test_what_is_refused_changes_nothing(app: Flask) -> None:
    called = Called(app)

    def upload(**headers: str) -> TestResponse:
        return called.client.post(
            "/v1/datasets",
            data=FORM,
            content_type="multipart/form-data; boundary=x",
            headers={"Host": "127.0.0.1:8000", **headers},
        )

    assert upload(Origin="https://evil.example").status_code == 403
    assert upload(Host="evil.example").status_code == 421
    assert called.ask("GET", Host="localhost").json["data"] == []
    (kept,) = [upload(Origin="http://127.0.0.1:8000").json]
    refused = called.ask("DELETE", f"/v1/datasets/{kept['id']}", Host="localhost", Origin="null")
    assert refused.status_code == 403
    assert [one["id"] for one in called.ask("GET", Host="localhost").json["data"]] == [kept["id"]]


LOOPBACK = {
    "localhost": True,
    "LocalHost:8000": True,
    "localhost.:8000": True,
    "anything.localhost": True,
    "127.0.0.1": True,
    "127.0.0.1.:8000": True,
    "127.9.9.9:1": True,
    "192.168.7.8:8000": True,
    "0x7f000001": True,
    "127.1": True,
    "[::1]": True,
    "[::1]:8000": True,
    "[::ffff:127.0.0.1]:8000": True,
    "[2001:db8::7]": True,
    "localhost:": True,
    "evil.example": False,
    "evil.example.": False,
    "127.0.0.1.evil.example": False,
    "localhost.evil.example": False,
    "notlocalhost": False,
    "adaline": False,
    "printer.local": False,
    "localhost..": False,
    "127.0.0.1.5": False,
    "": None,
    "localhost:99999": None,
    "localhost:80x": None,
    "localhost@evil.example": None,
    "evil.example/localhost": None,
    "localhost evil.example": None,
    "localhost,localhost": None,
    "[::1": None,
    "[::1]evil": None,
    "[evil.example]": None,
    "[evil]": None,
    "::1": None,
    "http://localhost": None,
    "l\u00f6calhost": None,
}


def _statuses(called: Called, hosts: dict[str, bool | None]) -> dict[str, int]:
    return {host: called.ask("GET", "/healthz", Host=host).status_code for host in hosts}


STATUS = {True: 200, False: 421, None: 400}


@pytest.mark.parametrize("listens", ["127.0.0.1", "::1", "localhost"])
def test_who_listens_on_loopback_is_called_by_address_or_localhost(app: Flask, listens: str) -> None:
    expected = {host: STATUS[is_ours] for host, is_ours in LOOPBACK.items()}
    assert _statuses(Called(app, host=listens), LOOPBACK) == expected


NETWORK = {
    **LOOPBACK,
    "adaline": True,
    "adaline:8000": True,
    "adaline-api_1": True,
    "notlocalhost": True,
    "printer.local": True,
    "adaline.default.svc": True,
    "adaline.default.svc.cluster.local:8000": True,
    "box.home.arpa": True,
    "adaline.internal": True,
    "adaline.example.com": False,
    "internal.example": False,
}


@pytest.mark.parametrize("listens", ["0.0.0.0", "::", "192.0.2.1"])
def test_who_listens_on_a_network_is_called_by_names_that_no_stranger_can_have(app: Flask, listens: str) -> None:
    expected = {host: STATUS[is_ours] for host, is_ours in NETWORK.items()}
    assert _statuses(Called(app, host=listens), NETWORK) == expected


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("adaline.example.com", "adaline.example.com", 200),
        ("adaline.example.com", "Adaline.Example.COM.:443", 200),
        (" other.example , Adaline.example.com. ", "adaline.example.com", 200),
        ("adaline.example.com", "localhost:8000", 200),
        ("adaline.example.com", "www.adaline.example.com", 421),
        ("adaline.example.com", "example.com", 421),
        ("*.example.com", "adaline.example.com", 200),
        ("*.example.com", "a.b.example.com", 200),
        ("*.example.com", "example.com", 421),
        ("*.example.com", "evilexample.com", 421),
        ("*", "evil.example", 200),
        ("*", "evil.example,localhost", 400),
    ],
)
def test_a_setting_names_other_names(app: Flask, allowed: str, host: str, status: int) -> None:
    assert Called(app, allowed_hosts=allowed).ask("GET", "/healthz", Host=host).status_code == status


def test_the_name_it_listens_on_is_its_own(app: Flask) -> None:
    called = Called(app, host="Adaline.Example.com")
    assert called.ask("GET", "/healthz", Host="adaline.example.com:8000").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_hosts", "https://adaline.example.com"),
        ("allowed_hosts", "adaline.example.com:8000"),
        ("allowed_hosts", "a:8000"),
        ("allowed_hosts", "a.example b.example"),
        ("allowed_hosts", "a.*.example"),
        ("allowed_hosts", "b\u00fccher.example"),
        ("allowed_origins", "*"),
        ("allowed_origins", "null"),
        ("allowed_origins", "app.example.com"),
        ("allowed_origins", "https://app.example.com/"),
        ("allowed_origins", "https://*.example.com"),
        ("allowed_origins", "https://a.example https://b.example"),
    ],
)
def test_settings_that_would_never_match_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=f"ADALINE_{name.upper()} has "):
        Settings.from_environment({f"ADALINE_{name.upper()}": value})


def test_http_1_0_needs_no_host(app: Flask) -> None:
    called = Called(app)
    told: dict[str, Any] = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}
    rest: dict[str, Any] = {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
    application = called.client.application
    for protocol, status in (("HTTP/1", "200 OK"), ("HTTP/1.1", "400 Bad Request")):
        list(
            application(
                {**environ, **rest, "SERVER_PROTOCOL": protocol, "HTTP_HOST": ""},
                lambda status, headers, *_: told.update(status=status),
            )
        )
        assert told["status"] == status


def test_a_refusal_says_what_mends_it_and_the_mend_works(app: Flask) -> None:
    refused = Called(app).ask("GET", "/healthz", Host="adaline.example.com", X_Request_Id="mine")
    assert refused.json == {
        "type": "urn:adaline:problem:host_not_allowed",
        "title": "Host not allowed",
        "status": 421,
        "detail": refused.json["detail"],
        "instance": "/healthz",
        "code": "host_not_allowed",
        "request_id": "mine",
    }
    assert "'adaline.example.com'" in refused.json["detail"]
    assert "ADALINE_ALLOWED_HOSTS" in refused.json["detail"]
    assert refused.headers["X-Request-Id"] == "mine"
    mended = Called(app, allowed_hosts="adaline.example.com")
    assert mended.ask("GET", "/healthz", Host="adaline.example.com").status_code == 200

    page = {"Host": "127.0.0.1:8000", "Origin": "https://app.example.com"}
    refused = Called(app).ask("POST", **page)
    assert (refused.status_code, refused.json["code"]) == (403, "origin_not_allowed")
    assert "ADALINE_ALLOWED_ORIGINS" in refused.json["detail"]
    assert Called(app, allowed_origins=page["Origin"]).ask("POST", **page).status_code != 403


@pytest.mark.parametrize(
    ("path", "member"), [("/v2/models/houses/infer", "error"), ("/invocations", "message"), ("/v1/jobs", "detail")]
)
def test_a_refusal_has_the_form_of_its_path(app: Flask, path: str, member: str) -> None:
    answer = Called(app).ask("POST", path, Host="localhost", Origin="null")
    assert answer.status_code == 403
    assert "Origin is 'null'" in answer.json[member]


def test_what_somebody_sent_is_told_without_its_control_characters_and_in_bounds(app: Flask) -> None:
    answer = Called(app).ask("POST", Host="localhost", Origin="\x1b[2J" + "x" * 5000)
    assert "\x1b" not in json.loads(answer.data)["detail"]
    assert len(answer.data) < 1000


def test_the_body_of_a_refused_request_is_taken_in(app: Flask) -> None:
    body = io.BytesIO(CSV * 1000)
    headers = {"Host": "localhost", "Origin": "null", "Content-Length": str(len(body.getvalue()))}
    answer = Called(app).client.post("/v1/datasets", input_stream=body, headers=headers, content_type="text/csv")
    assert (answer.status_code, body.read()) == (403, b"")


ORIGIN = "https://app.example.com"
OTHERS = ("https://app.example.com:8443", "http://app.example.com", "https://evil.example", "null", ORIGIN + ".evil")


@pytest.mark.parametrize("written", [ORIGIN, "HTTPS://App.Example.com:443", f"http://localhost:3000,{ORIGIN}"])
def test_allowed_pages_are_shown_answers_and_errors(app: Flask, written: str) -> None:
    called = Called(app, allowed_origins=written)
    for method, path, status in (
        ("GET", "/v1/datasets", 200),
        ("GET", "/v1/jobs/job_1", 404),
        ("PUT", "/v1/jobs", 405),
    ):
        answer = called.ask(method, path, Host="localhost", Origin=ORIGIN, Sec_Fetch_Site="cross-site")
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert {"ETag", "Location", "Retry-After", "X-Request-Id"} <= set(
            answer.headers["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Origin" in answer.vary
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_pages_that_are_not_listed_are_shown_nothing(app: Flask) -> None:
    called = Called(app, allowed_origins=ORIGIN)
    for origin in OTHERS:
        answer = called.ask("GET", Host="localhost", Origin=origin)
        assert (answer.status_code, "Origin" in answer.vary) == (200, True)
        preflight = called.ask("OPTIONS", Host="localhost", Origin=origin, Access_Control_Request_Method="POST")
        assert called.ask("POST", Host="localhost", Origin=origin).status_code == 403
        for one in (answer, preflight):
            assert not [name for name, _ in one.headers if name.startswith("Access-Control")]
    assert "Origin" in called.ask("GET", Host="localhost").vary  # or a cache would answer the listed with this one


def test_an_allowed_page_by_a_strange_name_is_refused_and_told_why(app: Flask) -> None:
    answer = Called(app, allowed_origins=ORIGIN).ask("GET", Host="evil.example", Origin=ORIGIN)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (421, ORIGIN)


def test_a_preflight_of_an_allowed_page_is_answered(app: Flask) -> None:
    called = Called(app, allowed_origins=ORIGIN)
    asked = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "content-type,if-match,prefer"}
    answer = called.ask("OPTIONS", "/v1/models/a/aliases/b", Host="localhost", Origin=ORIGIN, **asked)
    assert (answer.status_code, answer.data, called.through) == (204, b"", 0)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"content-type", "content-encoding", "idempotency-key", "if-match", "prefer"} <= set(allowed)
    assert called.ask("OPTIONS", Host="localhost", Origin=ORIGIN).status_code == 200  # no preflight: the API's own


def test_pages_of_other_origins_can_neither_embed_nor_frame_an_answer(app: Flask) -> None:
    called = Called(app)
    for path in ("/v1/datasets", "/docs/", "/healthz", "/nothing"):
        headers = called.ask("GET", path, Host="localhost").headers
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_what_is_remembered_is_bounded(app: Flask) -> None:
    called = Called(app)
    gate: Any = called.client.application
    for number in range(MOST_KNOWN + 10):
        called.ask("GET", "/healthz", Host=f"h{number}.example")
    assert 0 < len(gate._known) <= MOST_KNOWN
    known = len(gate._known)
    assert called.ask("GET", "/healthz", Host="h" * LONGEST_KNOWN + ".example").status_code == 421
    assert len(gate._known) == known


def test_reads_change_nothing(app: Flask) -> None:
    """What pages may send unasked whoever they are: no view of ours takes GET together with a method that changes."""
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        assert methods == {"GET"} or "GET" not in methods, rule
