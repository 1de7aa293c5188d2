"""One trace from the request to the end of its work, whoever sends the message; and nothing where it is not wanted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import select

from service import tracing
from service.api.app import create_app
from service.store.tables import DatasetRow, JobRow
from service.tracing import close_tracing, configure_tracing, request_told, span
from service.wiring import Deps
from tests.otlp import Collector, collecting
from workers.ingest import run as ingest
from workers.sweeper import sweep

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"  # W3C Trace Context's own example
CSV = b"x,y\n" + b"".join(b"%d,%d\n" % (n, 2 * n) for n in range(40))


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        configure_tracing("test")
        yield collector
        close_tracing()


def upload(client: FlaskClient, **headers: str) -> str:
    answer = client.post("/v1/datasets?name=t.csv", data=CSV, content_type="text/csv", headers=headers)
    assert answer.status_code == 202, answer.text
    id: str = answer.json["id"]
    return id


def test_an_upload_and_its_ingest_are_one_trace_that_goes_on_from_the_callers(
    collector: Collector, client: FlaskClient, deps: Deps
) -> None:
    id = upload(client, traceparent=CALLER)
    ingest.run(deps, id)
    close_tracing()
    asked, sent, done = (collector.named(name)[0] for name in ("POST /v1/datasets", "send adaline.ingest", "ingest"))
    assert {one.trace for one in (asked, sent, done)} == {CALLER.split("-")[1]}
    assert asked.parent == CALLER.split("-")[2]
    assert (sent.parent, done.parent) == (asked.id, asked.id)
    assert (asked.facts["http.route"], asked.facts["http.response.status_code"]) == ("/v1/datasets", "202")
    assert done.facts["id"] == id


def test_work_whose_message_was_lost_stays_in_its_trace(
    collector: Collector, make_deps: Callable[..., Deps], deps: Deps
) -> None:
    away = make_deps(broker_url="unix:///nowhere/valkey.sock")
    id = upload(create_app(away).test_client())
    sweep(deps)  # sends it, and knows nothing of the request
    ingest.run(deps, id)
    close_tracing()
    (asked,), (done,) = collector.named("POST /v1/datasets"), collector.named("ingest")
    assert (done.trace, done.parent) == (asked.trace, asked.id)


def test_what_is_logged_in_a_span_carries_the_traces_id(collector: Collector) -> None:
    structlog.contextvars.clear_contextvars()
    with span("outside", CALLER):
        assert structlog.contextvars.get_contextvars()["trace_id"] == CALLER.split("-")[1]
    assert "trace_id" not in structlog.contextvars.get_contextvars()


def test_a_request_of_the_fast_path_is_told_afterwards(collector: Collector) -> None:
    request_told("POST", "/v1/models/{ref}/predict", 200, "req_1", CALLER, 0.25)
    request_told("POST", "/v1/models/{ref}/predict", 200, "req_2", None, 0.25)
    close_tracing()
    first, second = collector.named("POST /v1/models/{ref}/predict")
    assert (first.trace, first.facts["adaline.request_id"]) == (CALLER.split("-")[1], "req_1")
    assert (second.parent, second.trace != first.trace) == ("", True)


def test_work_keeps_the_request_that_it_comes_from(client: FlaskClient, deps: Deps) -> None:
    id = upload(client, **{"X-Request-Id": "my-own-id"})
    with deps.database.read() as session:
        assert session.get_one(DatasetRow, id).origin == {"request_id": "my-own-id"}
        assert session.scalars(select(JobRow)).all() == []


def test_nothing_is_imported_and_nothing_told_without_an_endpoint() -> None:
    code = """
import sys
from service.tracing import configure_tracing, origin, request_span, request_told, span
configure_tracing("api")
with span("nothing", id="x"):
    request_told("GET", "/", 200, "req_1", None, 0.1)
print(origin(), request_span("GET", "/", None), [name for name in sys.modules if "opentelemetry" in name])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": ""})
    assert said.stdout == "None None []\n"


def test_an_endpoint_without_the_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as where it is not installed
    configure_tracing("api")
    assert "pip install 'adaline[otel]'" in capsys.readouterr().out
    assert tracing._tracer is None
