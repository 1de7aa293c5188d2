"""Whether a target's numbers are classes, asked over HTTP, and what decides where they were taken for the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, upload

FIXTURES = Path(__file__).parents[3] / "fixtures" / "tasks"


def csv(values: Sequence[Any]) -> bytes:
    """A target beside a feature that tells of it."""
    lines = [f"{number * 0.37 % 7:.3f},{number % 3},{value}" for number, value in enumerate(values)]
    return "\n".join(["a,b,y", *lines, ""]).encode()


def notes(client: FlaskClient, dataset: str, **spec: Any) -> str:
    answer = client.post("/v1/jobs/validate", json={"dataset": dataset, "model": "m", "target": "y", **spec})
    assert answer.status_code == 200, answer.json
    return next(str(note) for note in answer.json["notes"] if note.startswith("task "))


@pytest.mark.parametrize(
    ("name", "target"), [("y-counts-1-to-10", "y"), ("three-rows-1-2-3", "y"), ("visits-0-to-9-one-rare", "visits")]
)
@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_whole_numbers_with_too_few_rows_of_one_are_numbers(
    deps: Deps, client: FlaskClient, name: str, target: str, kind: str
) -> None:
    dataset = upload(deps, client, (FIXTURES / f"{name}.csv").read_bytes())
    job = ended(deps, client, dataset["id"], target=target, network={"kind": kind})
    assert job["state"] == "succeeded", job
    assert job["spec"]["task"] == "regression"
    (note,) = [note for note in job["validated"]["notes"] if note.startswith("task ")]
    assert 'set "task"' in note
    assert '"types" at upload' in note
    assert "one row of" in note


def test_a_line_is_learnt_from_ten_counts(deps: Deps, client: FlaskClient) -> None:
    dataset = upload(deps, client, (FIXTURES / "y-counts-1-to-10.csv").read_bytes())
    assert ended(deps, client, dataset["id"])["state"] == "succeeded"
    answer = client.post("/v1/models/ends/predict", json={"records": [{"x": 3.5}, {"x": 20}]})
    assert answer.json["predictions"] == pytest.approx([3.5, 20], abs=1e-3)  # y = x


def test_two_whole_numbers_of_which_one_has_a_single_row_are_numbers(deps: Deps, client: FlaskClient) -> None:
    x, y = np.array([4.0, 5, 6]), np.array([3.0, 4, 4])  # NoInt2 of NIST's Statistical Reference Datasets
    dataset = upload(deps, client, b"x,y\n4,3\n5,4\n6,4\n")
    spec = {"network": {"bias": False}, "scaler": "none", "scale_target": False, "split": {"validation": 0.0}}
    job = ended(deps, client, dataset["id"], **spec)
    assert job["spec"]["task"] == "regression"
    (found,) = report_of(client, job)["certificate"]["coefficients"]
    slope = x @ y / (x @ x)
    assert found["value"] == pytest.approx(slope, rel=1e-12)
    assert found["standard_error"] == pytest.approx(np.sqrt(np.sum((y - slope * x) ** 2) / 2 / (x @ x)), rel=1e-9)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([number % 10 for number in range(100)], "multiclass"),
        ([1 + number % 5 for number in range(25)], "multiclass"),
        ([number % 2 for number in range(20)], "binary"),
        ([0] * 30 + [1] * 2, "binary"),
        ([0] * 30 + [1], "regression"),
        ([number % 10 for number in range(49)], "regression"),  # four rows of 9
        ([7 + number % 2 for number in range(20)], "binary"),
        ([0.5 + number % 2 for number in range(20)], "regression"),
        ([0.25 * (number % 4) for number in range(40)], "regression"),
        ([1.5, 2, *([1, 2, 3] * 10)], "regression"),
        ([number % 3 - 1 for number in range(30)], "regression"),  # no codes from 0 or 1
        (np.random.default_rng(0).poisson(3, 300).tolist(), "regression"),
        (["no"] * 15 + ["yes"] * 15, "binary"),
        (["a", "b", "c"] * 10, "multiclass"),
    ],
    ids=str,
)
def test_what_a_target_is_follows_its_numbers_and_their_rows(
    deps: Deps, client: FlaskClient, values: list[Any], task: str
) -> None:
    dataset = upload(deps, client, csv(values))
    job = ended(deps, client, dataset["id"], epochs=5)
    assert (job["state"], job["spec"]["task"]) == ("succeeded", task)


def test_what_decides_does_decide(deps: Deps, client: FlaskClient) -> None:
    counts = csv([number % 10 for number in range(48)])  # four rows of 8 and 9
    as_numbers = upload(deps, client, counts)
    assert "too few for classes" in notes(client, as_numbers["id"])
    by_task = ended(deps, client, as_numbers["id"], task="multiclass", epochs=5)
    assert (by_task["state"], by_task["spec"]["task"]) == ("succeeded", "multiclass")
    as_names = upload(deps, client, counts, types=json.dumps({"y": "categorical"}))
    by_types = ended(deps, client, as_names["id"], epochs=5)
    assert (by_types["state"], by_types["spec"]["task"]) == ("succeeded", "multiclass")
    codes = upload(deps, client, csv([number % 10 for number in range(100)]))
    assert 'set "task" ("regression"' in notes(client, codes["id"])
    asked = ended(deps, client, codes["id"], task="regression", epochs=5)
    assert (asked["state"], asked["spec"]["task"]) == ("succeeded", "regression")


def test_classes_of_one_row_are_refused_with_a_mend_that_works(deps: Deps, client: FlaskClient) -> None:
    dataset = upload(deps, client, csv([number % 10 for number in range(90)] + [10]))
    refused = ended(deps, client, dataset["id"], task="multiclass")
    assert refused["errors"][0]["pointer"] == "/target"
    assert "class 10 of 'y' has only one row" in refused["detail"]
    assert '"task": "regression"' in refused["detail"]
    assert ended(deps, client, dataset["id"], task="regression", epochs=5)["state"] == "succeeded"


def test_a_class_of_one_row_is_learnt_where_no_rows_are_held_out(deps: Deps, client: FlaskClient) -> None:
    dataset = upload(deps, client, csv(["a", "b"] * 10 + ["only"]))
    refused = ended(deps, client, dataset["id"])
    assert "class 'only' of 'y' has only one row" in refused["detail"]
    assert "regression" not in refused["detail"]  # words are none
    job = ended(deps, client, dataset["id"], split={"validation": 0.0}, epochs=5)
    assert job["state"] == "succeeded", job
