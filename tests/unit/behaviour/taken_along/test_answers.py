"""model.onnx and predict.py answer as /predict does: 10,000 rows over HTTP, with gaps and unseen categories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.domain.model.network import ACTIVATIONS
from service.domain.model.predictor import Predictor, label_text
from service.wiring import Deps
from tests import samples
from tests.unit.workers.export.made import (
    Cells,
    as_csv,
    by_onnx,
    by_script,
    columns_of,
    made,
    random_cells,
    write_files,
)
from workers.export.files import taken_along

ROWS = 10_000
FILLING = ("mean", "median", "most_frequent")
SCALERS = ("standard", "minmax", "robust", "robust_clip", "none")
TASKS = ("regression", "binary", "multiclass", "several")


def served(client: FlaskClient, deps: Deps, predictor: Predictor, cells: Cells) -> list[Any]:
    """What /predict answers."""
    samples.publish(deps, predictor, "taken")
    answer = client.post("/v1/models/taken/predict", json={"columns": cells})
    assert answer.status_code == 200, answer.text
    predictions: list[Any] = answer.json["predictions"]
    return predictions


def values_of(predictions: list[Any]) -> np.ndarray:
    """(n_rows, n_outputs): numbers, those of several targets, or probabilities."""
    return np.array(
        [list(one.get("probabilities", one).values()) if isinstance(one, dict) else [one] for one in predictions]
    )


def assert_all_agree(tmp_path: Path, predictor: Predictor, cells: Cells, predictions: list[Any]) -> None:
    expected = values_of(predictions)
    assert len(np.unique(expected.round(9), axis=0)) > len(expected) / 3  # answers that tell rows apart
    close = {"rtol": 1e-6, "atol": 1e-6 * np.abs(expected).max()}
    along = taken_along(predictor)
    assert along.warnings == ()
    graph = by_onnx(along.files["model.onnx"], cells)
    write_files(tmp_path, predictor)
    told = by_script(tmp_path, as_csv(cells))
    if predictor.classes:
        labels = [one["label"] for one in predictions]
        np.testing.assert_allclose(graph["probabilities"], expected, **close)
        assert graph["label"][:, 0].tolist() == labels
        assert [row["label"] for row in told] == [label_text(label) for label in labels]
        names = [f"p_{label_text(label)}" for label in predictor.classes]
    else:
        names = ["prediction"] if isinstance(predictor.target, str) else list(predictor.target)
        np.testing.assert_allclose(np.hstack([graph[name] for name in names]), expected, **close)
    by_file = np.array([[float(row[name]) for name in names] for row in told])
    np.testing.assert_allclose(by_file, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("task", TASKS)
def test_files_answer_as_the_api_for_every_task_and_activation(
    client: FlaskClient, deps: Deps, tmp_path: Path, task: str, activation: str
) -> None:
    number = 10 * sorted(ACTIVATIONS).index(activation) + TASKS.index(task)
    predictor = made(
        task, activation, scaler=SCALERS[number % 4], missing=FILLING[number // 3 % 3],
        bias=number % 5 > 0, seed=number, most_categories=(12, 100)[number % 2],
    )  # fmt: skip
    cells = random_cells(number, ROWS, 0.15, unseen=True)
    assert_all_agree(tmp_path, predictor, cells, served(client, deps, predictor, cells))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_files_of_a_classifier_with_a_temperature_answer_as_the_api(
    client: FlaskClient, deps: Deps, tmp_path: Path, task: str
) -> None:
    predictor = replace(made(task, seed=7), temperature=2.5)
    cells = random_cells(7, ROWS, 0.15, unseen=True)
    predictions = served(client, deps, predictor, cells)
    assert_all_agree(tmp_path, predictor, cells, predictions)
    # by hand: odds are the power 1 / 2.5 of those without
    bare, tempered = made(task, seed=7).predict(columns_of(cells)), values_of(predictions)
    odds = np.log(bare[:, 1:]) - np.log(bare[:, :1])
    np.testing.assert_allclose(np.log(tempered[:, 1:]) - np.log(tempered[:, :1]), odds / 2.5, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_files_of_several_members_answer_as_the_api(client: FlaskClient, deps: Deps, tmp_path: Path, task: str) -> None:
    predictor = made(task, "tanh", bias=task != "binary", seed=TASKS.index(task), members=3)
    if predictor.classes:
        predictor = replace(predictor, temperature=0.6)
    cells = random_cells(5, ROWS, 0.15, unseen=True)
    assert_all_agree(tmp_path, predictor, cells, served(client, deps, predictor, cells))


@pytest.mark.parametrize("task", ["regression", "several"])
def test_files_of_a_model_that_clips_its_predictions_answer_as_the_api(
    client: FlaskClient, deps: Deps, tmp_path: Path, task: str
) -> None:
    cells = random_cells(4, ROWS, 0.15, unseen=True)
    predictor = made(task, seed=4)
    said = values_of(served(client, deps, predictor, cells))
    ends = np.quantile(said, [0.1, 0.8], axis=0)
    predictor = replace(predictor, target_ranges=tuple(map(tuple, ends.T.tolist())))
    predictions = served(client, deps, predictor, cells)
    np.testing.assert_array_equal(values_of(predictions), np.clip(said, *ends))
    assert_all_agree(tmp_path, predictor, cells, predictions)


@pytest.mark.parametrize("missing", [*FILLING, "drop"])
@pytest.mark.parametrize("scaler", SCALERS)
def test_files_of_a_linear_neuron_answer_as_the_api_for_every_scaler_and_fill(
    client: FlaskClient, deps: Deps, tmp_path: Path, scaler: str, missing: str
) -> None:
    predictor = made("regression", hidden=(), scaler=scaler, missing=missing, scale_target=scaler != "minmax")
    cells = random_cells(3, ROWS, 0.0 if missing == "drop" else 0.2, unseen=True)
    assert_all_agree(tmp_path, predictor, cells, served(client, deps, predictor, cells))


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_files_of_a_network_with_bins_answer_as_the_api(
    client: FlaskClient, deps: Deps, tmp_path: Path, scaler: str, missing: str
) -> None:
    predictor = made("several", scaler=scaler, missing=missing, seed=9, numeric_bins=8)
    binned = {feature.name: feature.n_bins for feature in predictor.transform.features if feature.n_bins}
    assert binned == {"size": 8, "wide": 8}
    cells = random_cells(9, ROWS, 0.0 if missing == "drop" else 0.2, unseen=True)
    assert_all_agree(tmp_path, predictor, cells, served(client, deps, predictor, cells))
