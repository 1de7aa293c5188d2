"""Split-conformal intervals in a report: coverage by binomials, and on five tables what was promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import betabinom
from sklearn import datasets

from service.domain.spec.training import Split
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.intervals import intervals


def test_too_few_rows_for_a_level_are_named() -> None:
    found = {one.level: one for one in intervals(np.arange(10.0), np.arange(50.0), "validation", "test", 0)}
    assert found[0.95].half_width is None
    assert found[0.95].coverage is None
    assert "19 rows or more" in found[0.95].reason
    assert found[0.9].half_width == 9.0
    assert found[0.9].coverage == 10 / 50  # 0 to 9
    assert found[0.9].reason is None


def test_coverage_is_of_rows_that_were_not_calibrated_on() -> None:
    calibration, test = np.arange(1.0, 100.0), np.arange(1.0, 201.0)
    for one in intervals(calibration, test, "validation", "test", 0):
        assert one.coverage == pytest.approx(one.half_width / 200)
        assert (one.rows, one.measured_on, one.calibrated_on) == (200, "test", "validation")


def test_without_fresh_rows_each_half_is_judged_by_the_other() -> None:
    """The mean over many shuffles is what exchangeability gives: rank / (n/2 + 1), as beta-binomials have it."""
    residuals = np.random.default_rng(0).normal(size=60)
    found = [intervals(residuals, np.empty(0), "validation", "test", seed)[1] for seed in range(400)]
    expected = betabinom(30, 28, 3).mean() / 30  # 28 of 30 rows calibrate at 0.9
    assert np.mean([one.coverage for one in found]) == pytest.approx(expected, abs=0.005)
    assert {one.measured_on for one in found} == {"validation, two folds"}
    assert {one.rows for one in found} == {60}
    assert {one.half_width for one in found} == {np.sort(np.abs(residuals))[54]}


def tables() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    iris, wine = datasets.load_iris().data, datasets.load_wine().data
    generator = np.random.default_rng(0)
    X = generator.uniform(size=(400, 3))
    skewed = np.exp(generator.normal(size=400)) * (1 + 3 * X[:, 0]) + X @ [1.0, 5.0, 0.0]
    linnerud = datasets.load_linnerud()
    return {
        "diabetes": datasets.load_diabetes(return_X_y=True),
        "linnerud": (linnerud.data, linnerud.target[:, 1]),
        "iris: petal width": (iris[:, :3], iris[:, 3]),
        "wine: proline": (wine[:, :12], wine[:, 12]),
        "skewed noise that grows": (X, skewed),
    }


@pytest.mark.parametrize("name", tables())
def test_intervals_cover_what_they_promise(name: str, tmp_path: Path) -> None:
    """90 % intervals of a trained neuron hold 87 to 93 % of the test rows, on average over 60 splits."""
    X, y = tables()[name]
    names = [f"x{number}" for number in range(X.shape[1])]
    cells = {**dict(zip(names, X.T.tolist(), strict=True)), "y": y.tolist()}
    path = write_table(tmp_path / "t.parquet", cells, dict.fromkeys(cells, "numeric"))
    covered, rows = 0.0, 0
    for seed in range(60):
        spec = spec_of(split=Split(0.45 if len(y) < 50 else 0.3, 0.3), seed=seed)
        made = run(path, spec, dict.fromkeys(cells, "numeric"))
        residuals = {
            part: made.prepared.parts[part].truth - made.predictor.scores(made.prepared.parts[part].inputs)
            for part in ("validation", "test")
        }
        found = intervals(residuals["validation"], residuals["test"], "validation", "test", seed)[1]
        covered += found.coverage * found.rows
        rows += found.rows
    assert 0.87 <= covered / rows <= 0.93
