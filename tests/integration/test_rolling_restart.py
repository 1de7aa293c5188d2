"""A rolling restart in the middle of trainings: each part is ended in order and started again, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from service.client import Client
from tests.integration.processes import Running, eventually, started
from tests.integration.test_metrics import free_port

SPEC = {"target": "price", "network": {"kind": "mlp", "hidden": [8]}, "early_stopping": None, "batch_size": 32}
EPOCHS = 12_000
SECONDS = 180.0  # for parts that start side by side on a loaded machine
ROWS = [{"rooms": rooms, "garden": True, "city": "Lyon"} for rooms in range(1, 8)]


@contextlib.contextmanager
def part(words: list[str], settings: dict[str, str]) -> Iterator[Running]:
    # trainings give way, so that they are in the middle when what replaces their worker has started
    with started([sys.executable, "-m", "service", *words], settings, gives_way=True) as running:
        yield running


def end(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.wait() == 0, "\n".join(running.lines[-30:])


def test_api_and_workers_are_replaced_while_jobs_train_and_no_job_is_lost(
    tmp_path: Path, valkey_url: str, houses: Path
) -> None:
    """As an upgrade does: the new worker and the new API come while the old ones still work."""
    settings = {
        "ADALINE_DATA": str(tmp_path), "ADALINE_BROKER_URL": valkey_url, "ADALINE_WORKER_PROCESSES": "1",
        "ADALINE_CHECKPOINT_SECONDS": "0.2", "ADALINE_SWEEP_SECONDS": "0.2", "ADALINE_RESEND_SECONDS": "2",
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with contextlib.ExitStack() as parts:
        first_api = parts.enter_context(part(["api", "--port", str(ports[0])], settings))
        assert eventually(lambda: _state(urls[0]), SECONDS)
        parts.enter_context(part(["sweep"], settings))
        first = parts.enter_context(part(["worker"], settings))
        assert eventually(lambda: _state(urls[0]) == "ok", SECONDS)
        with Client(urls[0]) as client:
            dataset = client.upload(houses)
            spec = {**SPEC, "dataset": dataset.id}
            jobs = [
                client.submit({**spec, "model": f"m{n}", "epochs": epochs}).id for n, epochs in enumerate((EPOCHS, 300))
            ]
            assert eventually(lambda: (client.job(jobs[0]).progress or {}).get("epoch"))
            second = parts.enter_context(part(["worker"], settings))
            second_api = parts.enter_context(part(["api", "--port", str(ports[1])], settings))
            assert eventually(lambda: _state(urls[1]) == "ok", SECONDS)
            end(first)  # in the middle of the first training
        with Client(urls[1]) as client:
            end(first_api)
            jobs.append(client.submit({**spec, "model": "m2", "epochs": 300}).id)
            ended = [client.wait(id) for id in jobs]
            assert [job.state for job in ended] == ["succeeded"] * 3
            told = [event.data for event in client.events(jobs[0]) if event.type == "state"]
            assert {"state": "queued", "reason": "its worker was stopped"} in told
            assert [job.attempt for job in ended] == [1, 1, 1]  # a restart costs no attempt
            interrupted = client.predict("m0", ROWS)
            again = client.wait(client.submit({**spec, "model": "whole", "epochs": EPOCHS}).id)
            assert again.state == "succeeded"
            assert client.predict("whole", ROWS) == interrupted
            assert len(list(client.models())) == 4
        end(second)
        end(second_api)


def _state(url: str) -> str:
    """As /readyz says it; "" where nobody answers."""
    try:
        return str(httpx.get(f"{url}/readyz", timeout=5).json()["status"])
    except httpx.HTTPError:
        return ""
