"""What a whole stack tells of one request: each line of the log by its ids, in one form; and one trace."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import httpx

from tests.integration.processes import eventually, started
from tests.otlp import collecting

ASKED = "asked-by-the-test"


def test_a_job_is_followed_through_log_and_trace(tmp_path: Path, houses: Path) -> None:
    with collecting() as collector:
        settings = {
            "ADALINE_DATA": str(tmp_path), "ADALINE_WORKER_PROCESSES": "1", "ADALINE_SHORT_PROCESSES": "0",
            "ADALINE_LOG_FORMAT": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }  # fmt: skip
        with started([sys.executable, "-m", "service", "serve", "--port", "0"], settings) as stack:
            url = stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
            with httpx.Client(base_url=url, timeout=60) as client:
                sent = {"content": houses.read_bytes(), "headers": {"Content-Type": "text/csv"}}
                dataset = client.post("/v1/datasets", **sent).json()["id"]
                assert eventually(lambda: client.get(f"/v1/datasets/{dataset}").json()["state"] == "ready")
                spec = {"dataset": dataset, "model": "told", "target": "price"}
                job = client.post("/v1/jobs", json=spec, headers={"X-Request-Id": ASKED}).json()["id"]
                assert eventually(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "succeeded")
            assert eventually(lambda: collector.named("publish") and collector.named("POST /v1/jobs"))
            _kill_a_trainer(stack.descendants)  # of which Celery has something to say
            stack.until("exited with")
            stack.process.send_signal(signal.SIGTERM)
            assert stack.wait() == 0
    lines = [json.loads(line) for line in stack.lines]
    (request,) = [line for line in lines if line.get("request_id") == ASKED and line["event"] == "request"]
    (published,) = [line for line in lines if line["event"] == "published"]
    assert (request["path"], request["owner"], request["status"]) == ("/v1/jobs", "default", 202)
    assert {name: published[name] for name in ("request_id", "job", "owner")} == {
        "request_id": ASKED, "job": job, "owner": "default",
    }  # fmt: skip
    by_celery = [line for line in lines if "exited with" in line["event"]]
    assert by_celery
    assert all(line["level"] == "error" and "timestamp" in line for line in by_celery)
    (asked,), (worked,), (ended,) = (collector.named(name) for name in ("POST /v1/jobs", "train", "publish"))
    assert {asked.trace, worked.trace, ended.trace} == {published["trace_id"]}
    assert (worked.parent, ended.parent) == (asked.id, worked.id)
    assert (asked.service, worked.service, ended.facts["model"]) == ("adaline-api", "adaline-worker", "told")
    assert collector.named("POST /v1/datasets")[0].trace == collector.named("ingest")[0].trace != asked.trace


def _kill_a_trainer(processes: list[object]) -> None:
    import psutil

    trainers = [
        child
        for process in processes
        if isinstance(process, psutil.Process) and "train" in process.cmdline()
        for child in process.children()
        if "spawn_main" in " ".join(child.cmdline()) or "billiard" in " ".join(child.cmdline())
    ]
    assert trainers
    os.kill(trainers[-1].pid, signal.SIGKILL)
