"""What rows get from models as the worker trains them: contributions by moving one feature at a time, intervals as the
report says them, on features of every kind with gaps, rare and unseen categories."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from service.domain.cells.columns import Categories, Columns
from service.domain.cells.kinds import Kind
from service.domain.model.artifact import MANIFEST, WEIGHTS, dump, read
from service.domain.model.contributions import additive
from service.domain.model.outputs import AnswerPlan, Labels, plan
from service.domain.model.predictor import Predictor
from service.domain.model.slots import Wanted
from service.domain.spec.training import NetworkSpec, Split
from tests.unit.workers.explain.reports import report_of
from tests.unit.workers.training.running import Run, moment, run, spec_of, write_table
from workers.training.split import TRAIN

KINDS: dict[str, Kind] = {
    "area": "numeric",
    "same": "numeric",
    "garden": "boolean",
    "city": "categorical",
    "sold": "datetime",
}
N = 400


def cells() -> dict[str, list[Any]]:
    """Features of every kind, each with gaps; a constant one; three towns of which few rows tell."""
    draw = np.random.default_rng(3)
    towns = ["Paris"] * 150 + ["Lille"] * 110 + ["Nice"] * 100 + [f"town {number % 14}" for number in range(40)]
    made: dict[str, list[Any]] = {
        "area": draw.uniform(10, 200, N).tolist(),
        "same": [7.0] * N,
        "garden": (draw.random(N) < 0.4).tolist(),
        "city": draw.permutation(towns).tolist(),
        "sold": [moment(seconds) for seconds in draw.uniform(1e9, 1.5e9, N)],
    }
    for name in ("area", "garden", "city", "sold"):
        for row in draw.choice(N, 25, replace=False):
            made[name][row] = None
    worth = np.array([0.0 if one is None else one for one in made["area"]])
    price = 3 * worth + 40 * np.array([one is True for one in made["garden"]]) + draw.standard_t(4, N) * 20
    made["price"] = price.tolist()
    made["rent"] = (1e-3 * price + draw.normal(size=N)).tolist()
    made["two"] = np.where(price > np.median(price), "dear", "cheap").tolist()
    made["three"] = np.array(["low", "middle", "top"])[np.digitize(price, np.quantile(price, [0.3, 0.7]))].tolist()
    return made


def trained(directory: Path, target: str | tuple[str, ...] = "price", **changes: Any) -> Run:
    table = cells()
    names = (target,) if isinstance(target, str) else target
    tasks = {"two": "binary", "three": "multiclass"}
    task = tasks.get(names[0], "regression")
    kinds: dict[str, Kind] = {**KINDS, **dict.fromkeys(names, "categorical" if names[0] in tasks else "numeric")}
    path = write_table(directory / "t.parquet", {name: table[name] for name in kinds}, kinds)
    return run(path, spec_of(target, task, **{"epochs": 60, "missing": "median", **changes}), kinds)


def rows(n: int = 60, farthest: float = 1.0) -> Columns:
    """Rows that are not the table's: gaps, categories never seen, numbers outside of what was seen, or `farthest`
    times as far."""
    draw = np.random.default_rng(8)
    numbers = {
        "area": 105 + farthest * draw.uniform(-110, 110, n),
        "same": draw.uniform(0, 9, n),
        "garden": draw.integers(0, 2, n).astype(float),
        "sold": 1.25e9 + farthest * draw.uniform(-3e8, 3e8, n),
    }
    for values in numbers.values():
        values[draw.choice(n, n // 4, replace=False)] = math.nan
    towns = draw.choice(["Paris", "Lille", "town 1", "town 13", "Atlantis", None], n)
    return Columns({**numbers, "city": Categories.of(towns.tolist())}, n)


def table_of(made: AnswerPlan, columns: Columns) -> dict[str, Any]:
    """Each output column by its name."""
    return dict(zip(made.names, made.columns(made.answer(columns)), strict=True))


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p) - np.log1p(-p)


def scores(predictor: Predictor, columns: Columns) -> np.ndarray:
    """(n_rows, n_scores): what contributions are said to add up to, from what `/predict` answers."""
    said = predictor.predict(columns)
    if not predictor.classes:
        return said.reshape(len(said), -1)
    if len(predictor.classes) == 2:
        return logit(said[:, 1])[:, None]
    return np.log(said) - np.log(said).mean(axis=1, keepdims=True)


ALL = [("price", "standard"), ("price", "minmax"), ("price", "robust"), ("price", "none"), ("two", "standard"),
       ("two", "robust"), ("three", "standard"), ("three", "minmax"), (("price", "rent"), "standard"),
       (("price", "rent"), "robust")]  # fmt: skip
CLIPPED = [("price", "robust_clip"), ("two", "robust_clip"), (("price", "rent"), "robust_clip")]


@pytest.mark.parametrize(("target", "scaler"), ALL + CLIPPED)
def test_contributions_and_intercept_add_up_to_the_answer(
    target: str | tuple[str, ...], scaler: str, tmp_path: Path
) -> None:
    predictor = trained(tmp_path, target, scaler=scaler).predictor
    columns = rows(farthest=1.0 if predictor.classes else 9.0)
    inputs, found = predictor.transform.apply(columns), additive(predictor)
    parts, said = found.of(inputs), scores(predictor, columns)
    assert parts.shape == (*said.shape, len(KINDS) + 1)
    terms = np.abs((inputs - found.mean)[:, None, :] * found.slopes).max(axis=(1, 2))
    for row, expected in enumerate(said):
        for output, value in enumerate(expected):
            total = math.fsum(parts[row, output])
            if predictor.classes:  # a probability near 1 has lost digits of its odds
                assert total == pytest.approx(value, rel=1e-6, abs=1e-9)
            else:
                largest = max(terms[row], abs(found.intercepts[output]), abs(value))
                assert abs(total - value) <= inputs.shape[1] * math.ulp(largest)


@pytest.mark.parametrize(("target", "scaler"), ALL + CLIPPED)
def test_a_contribution_is_what_its_feature_moves_the_answer(
    target: str | tuple[str, ...], scaler: str, tmp_path: Path
) -> None:
    """One feature at a time takes the value that it has in another row."""
    predictor = trained(tmp_path, target, scaler=scaler).predictor
    columns, found = rows(), additive(predictor)
    before, said = found.of(predictor.transform.apply(columns)), scores(predictor, columns)
    other = np.roll(np.arange(60), 7)
    for number, name in enumerate(KINDS, 1):
        moved = Columns({**columns.data, name: columns.take(other)[name]}, 60)
        change = scores(predictor, moved) - said
        after = found.of(predictor.transform.apply(moved))
        scale = max(1.0, float(np.abs(said).max()))
        np.testing.assert_allclose(after[:, :, number] - before[:, :, number], change, rtol=1e-6, atol=1e-8 * scale)
        untouched = [one for one in range(len(KINDS) + 1) if one != number]
        np.testing.assert_array_equal(after[:, :, untouched], before[:, :, untouched])
    assert (before[:, :, 1 + list(KINDS).index("same")] == 0).all()


@pytest.mark.parametrize(("target", "scaler"), ALL)
def test_the_intercept_is_the_answer_for_the_average_row(
    target: str | tuple[str, ...], scaler: str, tmp_path: Path
) -> None:
    """A linear score of the mean row is the mean score of the training rows, and every contribution is 0 on average."""
    made = trained(tmp_path, target, scaler=scaler)
    found, inputs = additive(made.predictor), made.prepared.train.inputs[:]
    parts = found.of(inputs)
    scale = np.abs(parts).max()
    np.testing.assert_allclose(parts[:, :, 1:].mean(axis=0), 0, atol=1e-6 * scale)
    if not made.predictor.classes:
        said = made.predictor.scores(inputs).reshape(len(inputs), -1)
        np.testing.assert_allclose(found.intercepts, said.mean(axis=0), rtol=1e-5, atol=1e-6 * scale)


def test_of_clipped_features_the_average_row_has_no_contribution(tmp_path: Path) -> None:
    """Its features at the means of the training rows, before the scaler: then its score is the intercept."""
    predictor = trained(tmp_path, scaler="robust_clip").predictor
    transform, found = predictor.transform, additive(predictor)
    assert transform.mean is not None
    parts = found.of(transform.scaled(transform.mean[None, :].copy()))[0, 0]
    np.testing.assert_allclose(parts[1:], 0, atol=1e-4 * np.abs(found.slopes).max())
    said = predictor.scores(transform.scaled(transform.mean[None, :].copy()))
    np.testing.assert_allclose(parts[0], said, rtol=1e-6)


def test_contributions_are_the_coefficients_times_the_distance_from_the_mean(tmp_path: Path) -> None:
    """In the user's units, from the numbers of the model's files alone."""
    made = trained(tmp_path, missing="mean", scaler="robust")
    files = dump(made.predictor)
    manifest, weights = json.loads(files[MANIFEST]), load(files[WEIGHTS])["layers.0.weight"][0]
    scale = manifest["target_scale"]["scale"] / np.array(manifest["transform"]["scale"])
    slopes = dict(zip(manifest["inputs"], weights * scale, strict=True))
    trained_on = [cell for cell, part in zip(cells()["area"], made.prepared.split, strict=True) if part == TRAIN]
    known = np.array([cell for cell in trained_on if cell is not None])
    columns = rows()
    area = columns.floats("area")
    gaps = np.isnan(area)
    expected = slopes["area"] * (np.where(gaps, known.mean(), area) - known.mean())
    expected += slopes["area is missing"] * (gaps - (1 - len(known) / len(trained_on)))
    said = table_of(plan(made.predictor, Wanted(contributions=True)), columns)["contribution_area"]
    np.testing.assert_allclose(said, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("target", ["price", ("price", "rent")])
@pytest.mark.parametrize("scale_target", [True, False])
@pytest.mark.parametrize("split", [Split(0.25, 0.1), Split(0.0, 0.3)])
def test_predictions_have_the_intervals_that_the_report_says(
    target: str | tuple[str, ...], scale_target: bool, split: Split, tmp_path: Path
) -> None:
    made = trained(tmp_path, target, scale_target=scale_target, split=split)
    report = report_of(made, spec_of(target, split=split, features=tuple(KINDS)))
    files = dump(made.predictor)
    predictor = read(files[MANIFEST], files[WEIGHTS])
    views = report["by_target"] or {"": report}
    for level in (0.8, 0.9, 0.95):
        said = table_of(plan(predictor, Wanted(intervals=level)), rows())
        for name, view in views.items():
            (told,) = (one for one in view["intervals"] if one["level"] == level)
            start = f"{name}_" if name else ""
            centre = said[name or "prediction"]
            assert (said[f"{start}low"] == centre - told["half_width"]).all()
            assert (said[f"{start}high"] == centre + told["half_width"]).all()


@pytest.mark.parametrize("level", [0.5, 0.75, 0.9, 0.97])
def test_intervals_hold_new_rows_as_often_as_asked_for(level: float, tmp_path: Path) -> None:
    """The test rows of 30 splits, in none of which they were trained or calibrated on, counted by hand."""
    held = total = 0
    for seed in range(30):
        made = trained(tmp_path, seed=seed, split=Split(0.3, 0.3), missing="mean")
        (width,) = plan(made.predictor, Wanted(intervals=level)).half_widths
        test = made.prepared.parts["test"]
        errors = np.abs(test.truth[:] - made.predictor.scores(test.inputs))
        held += int((errors <= width).sum())
        total += len(test)
    assert level - 0.025 <= held / total <= level + 0.03


def test_a_model_of_all_rows_keeps_nothing_for_intervals(tmp_path: Path) -> None:
    assert trained(tmp_path, split=Split(0.0, 0.0)).predictor.calibration is None
    assert trained(tmp_path, "two").predictor.calibration is None
    found = trained(tmp_path, split=Split(0.0, 0.3)).predictor.calibration
    assert found is not None
    assert (found.part, found.rows) == ("test", 120)


def test_networks_have_intervals_too(tmp_path: Path) -> None:
    made = trained(tmp_path, network=NetworkSpec("mlp", (4,)))
    said = table_of(plan(made.predictor, Wanted(intervals=0.9)), rows())
    assert (said["high"] > said["low"]).all()
    assert isinstance(table_of(plan(trained(tmp_path, "two").predictor, Wanted()), rows())["label"], Labels)


def test_the_same_run_keeps_the_same_bytes(tmp_path: Path) -> None:
    assert dump(trained(tmp_path).predictor) == dump(trained(tmp_path).predictor)
