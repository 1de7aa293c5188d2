"""A comparison of descents over HTTP: its numbers are those of plain numpy on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from service.client import Client, Invalid, JobCancelled
from tests import descents


def csv_of(X: np.ndarray, y: np.ndarray) -> bytes:
    heading = ",".join([*(f"x{number}" for number in range(X.shape[1])), "y"])
    lines = [",".join(map(repr, [*row, value])) for row, value in zip(X.tolist(), y.tolist(), strict=True)]
    return "\n".join([heading, *lines, ""]).encode()


@pytest.fixture
def apart(server: Client) -> tuple[str, np.ndarray, np.ndarray]:
    """A dataset whose columns differ by orders of magnitude."""
    X, y = descents.table(11, 150, [1, 8, 0.4], [0, 3, -1])
    return server.upload(csv_of(X, y), name="apart").id, X, y


def by_name(comparison: Any, scaled: bool) -> dict[str, dict[str, Any]]:
    return {one["descent"]: one for one in comparison["descents"] if one["scaled"] is scaled}


def test_well_conditioned_rows_make_little_difference(server: Client) -> None:
    X, y = descents.table(10, 150, [1, 1, 1], [0, 0, 0])
    comparison = server.compare(server.upload(csv_of(X, y), name="alike"), target="y")
    descents.check(dict(comparison), X, y)
    assert all(one["reached"] for one in comparison["descents"])


def test_badly_scaled_rows_take_more_epochs_as_they_are(
    server: Client, apart: tuple[str, np.ndarray, np.ndarray]
) -> None:
    dataset, X, y = apart
    comparison = server.compare(dataset, target="y", epochs=60, metadata={"lesson": 1})
    descents.check(dict(comparison), X, y)
    scaled, raw = by_name(comparison, True), by_name(comparison, False)
    for name in scaled:
        assert scaled[name]["reached"]
        assert not raw[name]["reached"] or raw[name]["epochs"] > 2 * scaled[name]["epochs"]
    assert "did not get there" in comparison["sentence"] or "times as many" in comparison["sentence"]
    assert set(comparison["pictures"]) == {"descents-by-rows.svg", "descents-by-steps.svg"}


def test_a_comparison_is_a_job_without_a_model(server: Client, apart: tuple[str, np.ndarray, np.ndarray]) -> None:
    dataset, _, _ = apart
    models = {model.name for model in server.models()}
    job = server.submit({"kind": "descent-comparison", "dataset": dataset, "target": "y", "epochs": 2})
    done = server.wait(job.id)
    assert (done.kind, done.model, done.json["progress"]) == ("descent-comparison", None, {"fraction": 1.0})
    assert job.id in [one.id for one in server.jobs(kind="descent-comparison")]
    assert {model.name for model in server.models()} == models
    assert set(server.result(job.id)) == {"comparison"}
    assert server.validate(done.spec)["spec"] == done.spec


def test_a_mistake_is_pointed_at(server: Client, apart: tuple[str, np.ndarray, np.ndarray]) -> None:
    dataset, _, _ = apart
    with pytest.raises(Invalid) as raised:
        server.compare(dataset, target="y", batch_size=150)
    assert [error.pointer for error in raised.value.errors] == ["/batch_size"]
    with pytest.raises(Invalid) as raised:
        server.compare(dataset, target="y", tolerance=0, epoch=3)
    assert {error.pointer for error in raised.value.errors} == {"/tolerance", "/epoch"}


def test_a_running_comparison_can_be_cancelled(server: Client) -> None:
    X, y = descents.table(12, 2000, [1, 100], [0, 50])
    dataset = server.upload(csv_of(X, y), name="long").id
    spec = {"kind": "descent-comparison", "dataset": dataset, "target": "y", "epochs": 10_000, "tolerance": 1e-5}
    job = server.submit(spec)
    next(event for event in server.events(job.id) if event.type == "epoch")
    assert server.cancel(job.id).state == "cancelling"
    with pytest.raises(JobCancelled):
        server.wait(job.id)
    assert list(server.events(job.id))[-1].data["state"] == "cancelled"
