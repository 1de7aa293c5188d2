"""What Prometheus is told: by operation, never by id; of all processes; and what dashboards and alerts ask for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

import service
from service.logs import access_log
from service.metrics import REQUEST_SECONDS, exposition, metrics
from service.queue import TRAIN
from service.store.session import now
from service.usecases.keeping.gauges import Gauges
from service.wiring import Deps
from tests import samples

MONITORING = Path(service.__file__).parent / "monitoring"
SERIES = {f"adaline_request_seconds_{part}" for part in ("bucket", "sum", "count")}
NAME = re.compile(r"\badaline_[a-z_]+")


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: bytes) -> Samples:
    families = text_string_to_metric_families(text.decode())  # type: ignore[no-untyped-call]
    return {(it.name, frozenset(it.labels.items())): it.value for family in families for it in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"adaline_{name}", frozenset(labels.items())), 0.0)


def told(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return read(answer.data)


def counted(client: FlaskClient, name: str, wanted: float, **labels: str) -> None:
    """It is counted by a thread beside the requests, a moment later."""
    deadline = time.monotonic() + 20
    while (found := value(told(client), name, **labels)) != wanted:
        assert time.monotonic() < deadline, (name, labels, found, wanted)
        time.sleep(0.02)


def test_requests_are_counted_by_route_and_no_id_is_told(client: FlaskClient, deps: Deps) -> None:
    at = {"method": "GET", "route": "/v1/jobs/{id}"}
    before = told(client)
    known = value(before, "requests_total", status="200", **at)
    unknown = value(before, "requests_total", status="404", **at)
    nowhere = value(before, "requests_total", status="404", method="GET", route="none")
    timed = value(before, "request_seconds_count", **at)
    id = samples.job(deps).id
    for path in (f"/v1/jobs/{id}", f"/v1/jobs/{id}", "/v1/jobs/job_nothing", "/nowhere/at/all"):
        client.get(path)
    counted(client, "requests_total", known + 2, status="200", **at)
    counted(client, "requests_total", unknown + 1, status="404", **at)
    counted(client, "requests_total", nowhere + 1, status="404", method="GET", route="none")
    counted(client, "request_seconds_count", timed + 3, **at)
    text = client.get("/metrics").text
    assert not [word for word in (id, "job_nothing", "nowhere") if word in text]


def test_a_method_that_nobody_knows_makes_no_new_series() -> None:
    metrics().count_requests([("BREW", "", 405, 0.1, 0), ("MAKE", "", 405, 0.1, 0)])
    found = read(exposition())
    assert value(found, "requests_total", method="other", route="none", status="405") >= 2
    assert not {dict(labels).get("method") for _, labels in found} & {"BREW", "MAKE"}


def test_times_fall_into_the_buckets_that_their_own_observer_would_choose() -> None:
    """`count_requests` fills the histogram itself; the library's way is the reference."""
    draw = [0.0, 1e-9, *REQUEST_SECONDS, *(bound * 1.0001 for bound in REQUEST_SECONDS), 0.003, 1e6]
    metrics().count_requests([("GET", "/by/hand", 200, seconds, 0) for seconds in draw])
    reference = metrics().request_seconds.labels("GET", "/by/library")
    for seconds in draw:
        reference.observe(seconds)
    found = read(exposition())

    def of(route: str) -> dict[tuple[str, str], float]:
        return {
            (name, dict(labels).get("le", "")): it
            for (name, labels), it in found.items()
            if name in SERIES and dict(labels).get("route") == route
        }

    by_hand, by_library = of("/by/hand"), of("/by/library")
    assert len(by_hand) == len(REQUEST_SECONDS) + 3
    assert by_hand == {series: pytest.approx(it, rel=1e-12) for series, it in by_library.items()}


def test_predicted_rows_and_models_in_memory_are_counted(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    before = told(client)
    rows = [{"size": 1.0, "colour": "red", "sold": True}] * 3
    for _ in range(2):
        assert client.post("/v1/models/houses/predict", json={"records": rows}).status_code == 200
    counted(client, "predicted_rows_total", value(before, "predicted_rows_total", way="request") + 6, way="request")
    after = told(client)
    assert value(after, "model_lookups_total", result="miss") > value(before, "model_lookups_total", result="miss")


def test_rows_of_the_fast_path_are_counted_with_the_request() -> None:
    before = read(exposition())
    route = "/v1/models/{ref}/predict"
    metrics().count_requests([("POST", route, 200, 0.001, 5), ("POST", route, 200, 0.001, 2)])
    after = read(exposition())
    grew = {
        key: value(after, name, **labels) - value(before, name, **labels)
        for key, name, labels in (
            ("rows", "predicted_rows_total", {"way": "request"}),
            ("hits", "model_lookups_total", {"result": "hit"}),
        )
    }
    assert grew == {"rows": 7, "hits": 2}


def test_jobs_queues_and_ages_are_those_of_the_database(deps: Deps) -> None:
    samples.job(deps)
    samples.job(deps, lane="short")
    samples.job(deps, state="failed", kind="predict")
    samples.dataset(deps, state="ingesting", lane="long")
    deps.queue.announce(["train"])
    sent = deps.queue.length("train")
    deps.queue.send(TRAIN, "job_1")
    found = read(exposition(Gauges(deps.database, deps.queue)))
    assert value(found, "jobs", kind="train", state="queued") == 2
    assert value(found, "jobs", kind="predict", state="failed") == 1
    assert ("adaline_jobs", frozenset({("kind", "predict"), ("state", "running")})) in found  # 0 is told too
    waiting = {queue: value(found, "waiting", queue=queue) for queue in ("train", "train-short", "ingest")}
    assert waiting == {"train": 1, "train-short": 1, "ingest": 1}
    assert value(found, "messages", queue="train") == sent + 1
    assert value(found, "workers_serve", role="train") == 1
    assert 0 <= value(found, "oldest_waiting_seconds", queue="train") < (now() - samples_began).total_seconds() + 1
    assert (value(found, "database_up"), value(found, "broker_up")) == (1, 1)


samples_began = now()


def test_what_is_away_is_told_as_that(make_deps: Callable[..., Deps], tmp_path: Path) -> None:
    away = make_deps(broker_url="unix:///nowhere/valkey.sock", database_url="postgresql://nobody@127.0.0.1:1/none")
    found = read(exposition(Gauges(away.database, away.queue)))
    assert (value(found, "database_up"), value(found, "broker_up")) == (0, 0)
    assert ("adaline_database_up", frozenset()) in found


COUNTS = """
import sys
from service.metrics import metrics
metrics().epochs.inc(int(sys.argv[1]))
"""


def test_processes_that_share_a_directory_are_added_up_those_that_are_gone_too(tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}
    for number in ("3", "4"):
        subprocess.run([sys.executable, "-c", COUNTS, number], env=environment, check=True)
    code = "import sys; from service.metrics import exposition; sys.stdout.buffer.write(exposition())"
    text = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True).stdout
    assert value(read(text), "epochs_total") == 7


def test_a_log_that_shows_no_requests_counts_them_all_the_same(
    capsys: pytest.CaptureFixture[str], client: FlaskClient
) -> None:
    at = {"method": "GET", "route": "/healthz", "status": "200"}
    before = value(told(client), "requests_total", **at)
    level = access_log()._level
    access_log()._level = "error"
    try:
        client.get("/healthz")
        counted(client, "requests_total", before + 1, **at)
    finally:
        access_log()._level = level


def expressions() -> Iterator[tuple[str, str]]:
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"].replace("$__rate_interval", "5m")
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_dashboard_and_alerts_ask_in_promql_for_what_is_told(where: str, expression: str, deps: Deps) -> None:
    promql_parser.parse(expression)
    known = _names(deps)
    asked = set(NAME.findall(expression))
    assert asked <= known, where
    assert asked or expression.startswith("up{"), where


def _names(deps: Deps) -> set[str]:
    families = [*metrics().registry.collect(), *Gauges(deps.database, deps.queue).collect()]
    formed = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {f"{family.name}{ending}" for family in families for ending in formed[family.type]}


def test_every_metric_is_on_the_dashboard_or_in_an_alert(deps: Deps) -> None:
    asked = " ".join(expression for _, expression in expressions())
    families = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in _names(deps)}
    assert {family for family in families if family not in asked} <= {"adaline_blobs", "adaline_ingested_bytes"} | {
        "adaline_blobs_deleted"
    }


def test_alerts_have_what_prometheus_wants_of_a_rule() -> None:
    rules: list[dict[str, Any]] = [
        rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
    ]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"[0-9]+[smhd]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)
