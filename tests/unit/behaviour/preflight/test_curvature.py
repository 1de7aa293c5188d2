"""Curvature and rates from the stored figures, against numpy on the rows."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests import samples
from tests.unit.behaviour.preflight.looking import FEATURES, ROWS, Look, Upload, design, draws, eigenvalues, numbers
from workers.jobs.dispatch import run as train


def test_an_ordinary_spec_gives_no_warning_and_stores_nothing(look: Look, client: FlaskClient) -> None:
    answer = look(numbers())
    assert answer["warnings"] == []
    assert client.get("/v1/jobs").json["data"] == []
    assert answer["spec"]["features"] == FEATURES


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", "none"])
@pytest.mark.parametrize("bias", [True, False])
def test_curvature_is_that_of_the_rows(look: Look, scaler: str, bias: bool) -> None:
    frame = numbers()
    found = look(frame, scaler=scaler, network={"bias": bias})["curvature"]
    assert (found["columns"], found["left_out"]) == (FEATURES, [])
    for name, kind in (("scaled", scaler), ("raw", "none")):
        values = eigenvalues(design(frame, FEATURES, kind, bias))
        assert found[name]["lambda_max"] == pytest.approx(values[-1], rel=1e-6)
        assert found[name]["lambda_min"] == pytest.approx(values[0], rel=1e-6)
        assert found[name]["condition_number"] == pytest.approx(values[-1] / values[0], rel=1e-5)
        assert found[name]["stable_learning_rate"] == pytest.approx(2 / values[-1], rel=1e-6)
        assert found[name]["best_learning_rate"] == pytest.approx(2 / (values[-1] + values[0]), rel=1e-6)


def test_curvature_of_clipped_columns_is_not_in_the_matrix(look: Look) -> None:
    answer = look(numbers(), scaler="robust_clip")
    found = answer["curvature"]
    assert (found["scaled"], found["raw"], found["columns"]) == (None, None, [])
    assert {item["column"] for item in found["left_out"]} == set(FEATURES)
    assert {item["detail"] for item in found["left_out"]} == {
        "the Gram matrix has the column itself, not what 'robust_clip' clips of it"
    }
    assert (found["forecast"], answer["rates"]) == (None, None)


def test_columns_without_a_place_in_the_matrix_are_named(look: Look) -> None:
    frame = numbers().assign(city=draws(2).choice(["x", "y", "z"], ROWS), day="2026-01-01")
    frame.loc[::2, "day"] = "2026-02-03"
    found = look(frame)["curvature"]
    assert found["columns"] == FEATURES
    assert {item["column"]: item["detail"].split(":")[0] for item in found["left_out"]} == {
        "city": "categorical",
        "day": "datetime",
    }


def test_the_automatic_rate_is_the_one_that_training_takes(client: FlaskClient, deps: Deps, upload: Upload) -> None:
    frame = numbers()
    body = {"dataset": upload(frame), "model": "m", "target": "y", "split": {"validation": 0}}
    told = client.post("/v1/jobs/validate", json=body).json["rates"]
    low, high = np.sqrt(eigenvalues(design(frame, FEATURES))[[0, -1]])
    assert told["learning_rate"] == pytest.approx(1 / high**2, rel=1e-5)  # Nesterov's, for κ = (high / low)²
    assert told["momentum"] == pytest.approx((high - low) / (high + low), rel=1e-5)
    assert told["is_estimate"]
    job = client.post("/v1/jobs", json=body).json["id"]
    train(deps, job)
    spec = client.get(f"/v1/jobs/{job}").json["spec"]
    used = spec["optimizer"]
    assert spec["epochs"] == told["epochs"]
    assert used["learning_rate"] == pytest.approx(told["learning_rate"], rel=1e-4)
    assert used["momentum"] == pytest.approx(told["momentum"], rel=1e-4)


def test_a_rate_of_ones_own_is_no_estimate(look: Look) -> None:
    rates = look(numbers(), optimizer={"kind": "adam", "learning_rate": 0.02})["rates"]
    assert (rates["learning_rate"], rates["is_estimate"]) == (0.02, False)


def test_a_dataset_without_figures_is_still_answered(client: FlaskClient, deps: Deps) -> None:
    row = samples.dataset(deps)
    answer = client.post("/v1/jobs/validate", json={"dataset": row.id, "model": "m", "target": "price"})
    assert (answer.status_code, answer.json["curvature"]["scaled"], answer.json["rates"]) == (200, None, None)
    assert "no Gram matrix" in answer.json["curvature"]["left_out"][0]["detail"]


def test_numbers_beyond_squares_have_no_curvature_and_an_answer(look: Look) -> None:
    frame = numbers().assign(a=lambda it: it.a * 1e300)
    found = look(frame)
    assert found["curvature"]["scaled"] is None
    assert "too large" in found["curvature"]["left_out"][0]["detail"]


def test_curvature_of_bins_is_not_in_the_matrix(look: Look) -> None:
    network = {"kind": "mlp", "hidden": [4]}
    found = look(numbers(), numeric_bins=8, network=network)["curvature"]
    assert (found["scaled"], found["raw"], found["columns"], found["forecast"]) == (None, None, [], None)
    assert {item["column"]: item["detail"] for item in found["left_out"]} == {
        **dict.fromkeys("abc", "the Gram matrix has the column itself, not the inputs of its bins"),
        "flag": "the inputs of other columns' bins are not in the Gram matrix",
    }
    only = look(numbers(), numeric_bins=8, network=network, features=["flag"])["curvature"]
    assert (only["columns"], only["left_out"]) == (["flag"], [])
