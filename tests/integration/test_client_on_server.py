"""The client with a whole server behind it: work that is done, waited for, watched, and that fails."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from service.client import Client, Conflict, DatasetFailed, Event, JobCancelled, JobFailed
from tests.integration.conftest import price

README = Path(__file__).parents[2] / "README.md"


def test_upload_train_predict_in_three_lines(server: Client, houses: Path) -> None:
    version = server.train(server.upload(houses), target="price", model="house-price")
    answer = server.predict("house-price", [{"rooms": 4, "garden": True, "city": "Nice"}])
    assert answer == pytest.approx([price(4, True, "Nice")], rel=1e-3)
    assert version.model == "house-price"
    assert version.metrics["validation"]["r2"] > 0.999
    assert server.report(version.ref)["task"] == "regression"


def test_events_come_in_order_and_end_with_the_job(server: Client, houses: Path) -> None:
    seen: list[Event] = []
    dataset = server.upload(houses)
    network = {"kind": "mlp", "hidden": [8]}
    version = server.train(dataset, "price", "watched", on_event=seen.append, network=network, epochs=20)
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert [event.data["state"] for event in seen if event.type == "state"] == ["queued", "running", "succeeded"]
    epochs = [event.data["epoch"] for event in seen if event.type == "epoch"]
    assert epochs == sorted(epochs)
    later = list(server.events(version.job, after=seen[2].seq))
    assert later == seen[3:]


def test_the_same_bytes_are_the_same_dataset(server: Client, houses: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(houses.read_bytes()))
    assert server.upload(packed).id == server.upload(houses).id


def test_a_table_without_rows_fails_with_its_reason(server: Client) -> None:
    with pytest.raises(DatasetFailed, match="no rows") as caught:
        server.upload(b"header,only\n", "empty.csv")
    assert caught.value.dataset.state == "failed"
    assert caught.value.code


def test_a_run_that_diverges_fails_with_the_rate_that_would_not(server: Client, houses: Path) -> None:
    with pytest.raises(JobFailed, match="learning rate") as caught:
        server.train(
            server.upload(houses),
            "price",
            "diverging",
            optimizer={"kind": "sgd", "learning_rate": 1000.0},
            batch_size="full",
        )
    assert caught.value.code == "diverged"
    assert caught.value.job.state == "failed"


def test_a_running_job_is_cancelled_from_elsewhere(server: Client, houses: Path) -> None:
    job = server.train(
        server.upload(houses),
        "price",
        "cancelled",
        wait=False,
        network={"kind": "mlp", "hidden": [64, 64]},
        batch_size=1,
        epochs=100_000,
        early_stopping=None,
    )
    for event in server.events(job.id):
        if event.type == "epoch":
            break
    threading.Timer(0.2, server.cancel, [job.id]).start()
    with pytest.raises(JobCancelled):
        server.wait(job.id)
    assert server.cancel(job.id).state == "cancelled"


def test_a_job_that_has_succeeded_cannot_be_cancelled(server: Client, houses: Path) -> None:
    version = server.train(server.upload(houses), "price", "done", epochs=2)
    with pytest.raises(Conflict):
        server.cancel(version.job)


def test_waiting_for_work_that_is_done_takes_no_time(server: Client, houses: Path) -> None:
    version = server.train(server.upload(houses), "price", "quick", epochs=2)
    began = time.monotonic()
    assert server.wait(version.job).state == "succeeded"
    server.upload(houses)
    assert time.monotonic() - began < 25  # a wait for what does not come takes 30


def test_readme_python_lines_work_as_written(server_url: str, houses: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (lines,) = (block for block in blocks if "Client()" in block)
    assert len([line for line in lines.splitlines() if line]) <= 4  # the import, and three lines
    header, *rows = houses.read_text().splitlines()
    (tmp_path / "houses.csv").write_text("\n".join([f"{header},area", *(f"{row},80" for row in rows)]) + "\n")
    code = lines.replace("Client()", f"Client({server_url!r})")
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == pytest.approx([price(4, True, "Nice")], rel=1e-3)
