"""Predictions that are limited to the range of the target in the training rows: the same model without the limits,
cut off at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.domain.cells.columns import Columns
from service.domain.cells.kinds import Kind
from service.domain.model.artifact import MANIFEST, WEIGHTS, dump, read
from service.domain.model.contributions import additive
from service.domain.spec.training import NetworkSpec
from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, upload
from tests.unit.workers.explain.reports import report_of as report_of_run
from tests.unit.workers.training.running import Run, run, spec_of, write_table
from workers.training.split import TRAIN

N = 300
KINDS: dict[str, Kind] = {"a": "numeric", "b": "numeric", "y": "numeric", "z": "numeric"}


def cells() -> dict[str, np.ndarray]:
    """y and z lie on slopes with a floor and a ceiling, beyond which a line goes on."""
    draw = np.random.default_rng(4)
    a, b = draw.normal(size=(2, N))
    return {"a": a, "b": b, "y": np.clip(30 * a + 5 * b, -20, 25), "z": np.clip(b - a, -0.5, 1.0)}


def trained(directory: Path, target: str | tuple[str, ...] = "y", **changes: Any) -> Run:
    names = (target,) if isinstance(target, str) else target
    kinds: dict[str, Kind] = {"a": "numeric", "b": "numeric", **{name: KINDS[name] for name in names}}
    path = write_table(directory / "t.parquet", {name: cells()[name] for name in kinds}, kinds)
    return run(path, spec_of(target, **{"epochs": 60, **changes}), kinds)


def far_rows() -> Columns:
    draw = np.random.default_rng(5)
    return Columns({"a": draw.normal(size=80) * 4, "b": draw.normal(size=80) * 4}, 80)


@pytest.mark.parametrize("target", ["y", ("y", "z")])
@pytest.mark.parametrize("network", [NetworkSpec(), NetworkSpec("mlp", (6,), "tanh")])
def test_answers_are_those_of_the_same_model_cut_off_at_the_training_range(
    target: str | tuple[str, ...], network: NetworkSpec, tmp_path: Path
) -> None:
    plain = trained(tmp_path, target, network=network)
    clipped = trained(tmp_path, target, network=network, clip_predictions=True)
    assert clipped.predictor.parameters.tobytes() == plain.predictor.parameters.tobytes()
    names = clipped.predictor.targets
    training = np.stack([cells()[name][clipped.prepared.split == TRAIN] for name in names], axis=1)
    said = plain.predictor.predict(far_rows()).reshape(80, -1)
    expected = np.minimum(np.maximum(said, training.min(axis=0)), training.max(axis=0))
    assert (said != expected).mean() > 0.2
    found = clipped.predictor.predict(far_rows())
    assert np.array_equal(found.reshape(80, -1), expected)
    assert found.shape == plain.predictor.predict(far_rows()).shape
    again = read(*(dump(clipped.predictor)[name] for name in (MANIFEST, WEIGHTS)))
    assert np.array_equal(again.predict(far_rows()), found)
    for one, column in zip(clipped.predictor.each(), expected.T, strict=True):
        np.testing.assert_allclose(one.predict(far_rows()), column, rtol=1e-12)


def test_a_model_that_does_not_clip_has_no_range_in_its_files(tmp_path: Path) -> None:
    assert "target_range" not in json.loads(dump(trained(tmp_path).predictor)[MANIFEST])


def test_what_is_reported_is_of_clipped_predictions(tmp_path: Path) -> None:
    spec = spec_of("y", epochs=60, clip_predictions=True)
    made = trained(tmp_path, clip_predictions=True)
    report = report_of_run(made, spec)
    for name in ("train", "validation"):
        part = made.prepared.parts[name]
        inputs = np.column_stack([part.inputs[:].astype(np.float64), np.ones(len(part))])
        scale = made.predictor.target_scale
        said = inputs @ made.predictor.parameters.astype(np.float64) * scale.scale + scale.centre
        truth = made.prepared.train.truth[:]
        mse = np.mean((np.clip(said, truth.min(), truth.max()) - part.truth[:]) ** 2)
        assert report["metrics"][name]["mse"] == pytest.approx(mse, rel=1e-6)


def test_contributions_add_up_to_what_is_clipped(tmp_path: Path) -> None:
    plain, clipped = trained(tmp_path), trained(tmp_path, clip_predictions=True)
    inputs = plain.predictor.transform.apply(far_rows())
    parts = additive(clipped.predictor).of(inputs)[:, 0].sum(axis=1)
    assert parts == pytest.approx(plain.predictor.scores(inputs), rel=1e-9)


def test_over_http_predictions_stay_in_range_and_intervals_do_not(deps: Deps, client: FlaskClient) -> None:
    table = cells()
    rows = zip(*(table[name].tolist() for name in ("a", "b", "y")), strict=True)
    text = "\n".join(["a,b,y", *(",".join(map(repr, row)) for row in rows), ""])
    dataset = upload(deps, client, text.encode())["id"]
    job = ended(deps, client, dataset, clip_predictions=True, split={"validation": 0.2})
    assert job["state"] == "succeeded", job["error"]
    assert job["spec"]["clip_predictions"] is True
    records = [{"a": 9.0, "b": 9.0}, {"a": 0.0, "b": 0.1}, {"a": -9.0, "b": -9.0}]
    ref = f"{job['model']['name']}:{job['model']['version']}"
    answer = client.post(f"/v1/models/{ref}/predict?intervals=0.9", json={"records": records}).json
    high, middle, low = answer["predictions"]
    assert [high, low] == [25.0, -20.0]
    assert -20 < middle < 25
    (width,) = {one["half_width"] for one in report_of(client, job)["intervals"] if one["level"] == 0.9}
    assert width > 0
    assert answer["intervals"][0] == pytest.approx([25 - width, 25 + width])
    assert answer["intervals"][2] == pytest.approx([-20 - width, -20 + width])


def test_classes_are_not_clipped(client: FlaskClient, deps: Deps) -> None:
    text = "a,y\n" + "".join(f"{number},{'xy'[number % 2]}\n" for number in range(40))
    dataset = upload(deps, client, text.encode())["id"]
    body = {"dataset": dataset, "model": "m", "target": "y", "clip_predictions": True}
    refused = client.post("/v1/jobs", json=body)
    assert refused.status_code == 422
    assert refused.json["errors"] == [
        {
            "pointer": "/clip_predictions",
            "detail": "classes get probabilities, which need no clipping; leave clip_predictions false",
        }
    ]
