"""Metrics of real processes: the API tells of a whole `adaline serve`, parts that run alone of themselves."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from service.client import Client
from tests.integration.conftest import price
from tests.integration.processes import eventually, started
from tests.unit.test_metrics import Samples, read, value


def told(url: str) -> Samples:
    return read(httpx.get(f"{url}/metrics").raise_for_status().content)


def test_the_api_tells_what_its_workers_have_done(server: Client, server_url: str, houses: Path) -> None:
    before = told(server_url)
    dataset = server.upload(houses)
    server.train(dataset, "price", "counted", epochs=7, optimizer={"kind": "sgd"}, early_stopping=None)
    answers = [server.predict("counted", [{"rooms": n, "garden": True, "city": "Nice"}])[0] for n in (1, 2, 3)]
    assert len(answers) == 3
    assert abs(answers[0] - price(1, True, "Nice")) < 100

    def grown(name: str, **labels: str) -> float:
        return value(told(server_url), name, **labels) - value(before, name, **labels)

    assert eventually(lambda: grown("jobs_ended_total", kind="train", state="succeeded") >= 1)
    assert grown("epochs_total") >= 7
    assert grown("trained_rows_total") >= 7 * 300
    assert grown("job_wait_seconds_count", kind="train") >= 1
    assert eventually(lambda: grown("predicted_rows_total", way="request") >= 3)
    route = {"method": "POST", "route": "/v1/models/{ref}/predict", "status": "200"}
    assert eventually(lambda: grown("requests_total", **route) >= 3)
    for role in ("train", "ingest"):
        assert eventually(lambda role=role: value(told(server_url), "workers_serve", role=role) == 1)
    now = told(server_url)
    assert (value(now, "database_up"), value(now, "broker_up")) == (1, 1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_parts_that_run_alone_tell_of_themselves(tmp_path: Path, valkey_url: str) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    settings = {"ADALINE_DATA": str(tmp_path / "data"), "ADALINE_BROKER_URL": valkey_url, "TMPDIR": str(temporary)}
    for part in (["sweep"], ["worker", "--queues", "ingest"]):
        port = free_port()
        _asked(part, {**settings, "ADALINE_METRICS_PORT": str(port)}, f"http://127.0.0.1:{port}")
    assert list(temporary.glob("adaline-metrics-*")) == []  # each has cleared up


def _asked(part: list[str], settings: Mapping[str, str], url: str) -> None:
    with started([sys.executable, "-m", "service", *part], settings) as running:

        def answers() -> bool:
            try:
                return ("adaline_epochs_total", frozenset()) in told(url)
            except httpx.HTTPError:
                return False

        assert eventually(answers)
        running.process.send_signal(signal.SIGTERM)
        assert running.wait() == 0, "\n".join(running.lines[-30:])
