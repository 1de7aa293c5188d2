"""Curvature, bounds and the bowl of the loss, against numpy and against what descent really does."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.unit.dashboard.lesson.samples import VARIANTS, sample, settings
from tests.unit.dashboard.node import SOURCE, run


def design(rows: dict[str, Any]) -> np.ndarray:
    return np.hstack([np.array(rows["x"]), np.ones((len(rows["x"]), 1))])


def mse(Z: np.ndarray, y: list[float], parameters: Any) -> float:
    return float(np.mean((Z @ np.array(parameters) - y) ** 2))


@pytest.mark.parametrize("features", [1, 2])
def test_eigenvalues_and_bounds_are_those_of_the_hessian(features: int) -> None:
    rows = sample(features)
    found = run("lesson/curvature.ts", "return module.curvatureOf(given);", rows["x"])
    Z = design(rows)
    hessian = 2 / len(Z) * Z.T @ Z
    values = np.linalg.eigvalsh(hessian)[::-1]
    np.testing.assert_allclose(found["hessian"], hessian, rtol=1e-12)
    np.testing.assert_allclose(found["eigenvalues"], values, rtol=1e-9)
    for value, vector in zip(found["eigenvalues"], found["eigenvectors"], strict=True):
        np.testing.assert_allclose(hessian @ vector, value * np.array(vector), atol=1e-9 * values[0])
    assert found["stable"] == pytest.approx(2 / values[0])
    assert found["condition"] == pytest.approx(values[0] / values[-1], rel=1e-8)


def test_batch_descent_converges_below_the_bound_and_grows_beyond() -> None:
    rows = sample(2)
    stable = run("lesson/curvature.ts", "return module.curvatureOf(given).stable;", rows["x"])
    script = "return given.rates.map((rate) => module.descend(given.x, given.y, {...given.settings, rate}).losses);"
    given = {**rows, "rates": [0.99 * stable, 1.01 * stable], "settings": settings("batch", 0, epochs=200)}
    below, beyond = run("lesson/descent.ts", script, given)
    assert below[-1] < below[0]
    assert all(later < earlier for earlier, later in pairwise(below))
    assert beyond[-1] > 2 * beyond[-50] > beyond[0]


def test_a_column_that_does_not_vary_has_no_flat_direction_counted() -> None:
    found = run("lesson/curvature.ts", "return module.curvatureOf(given);", [[3.0], [3.0], [3.0]])
    assert found["smallest"] == pytest.approx(found["largest"]) == pytest.approx(20)


@pytest.mark.parametrize("features", [1, 2])
def test_the_bowl_is_the_loss(features: int) -> None:
    rows = sample(features)
    Z = design(rows)
    points = np.random.default_rng(1).normal(size=(5, features + 1)) * 3
    script = """
    const bowl = module.bowlOf(given.x, given.y);
    return {bowl, at: given.points.map((point) => module.lossOn(bowl, point))};
    """
    found = run("lesson/surface.ts", script, {**rows, "points": points.tolist()})
    best = np.linalg.lstsq(Z, np.array(rows["y"]), rcond=None)[0]
    np.testing.assert_allclose(found["bowl"]["optimum"], best, rtol=1e-9)
    assert found["bowl"]["least"] == pytest.approx(mse(Z, rows["y"], best))
    np.testing.assert_allclose(found["at"], [mse(Z, rows["y"], point) for point in points], rtol=1e-10)


@pytest.mark.parametrize("features", [1, 2])
def test_rings_are_of_equal_loss_while_the_other_parameters_stay(features: int) -> None:
    rows = sample(features)
    Z = design(rows)
    now = [0.4, -1.0, 2.0][: features + 1]
    script = """
    const bowl = module.bowlOf(given.x, given.y);
    const slice = module.sliceOf(bowl, [0, 1], given.now);
    const shown = module.window(bowl, [0, 1]);
    const levels = module.levels(slice, shown);
    return {slice, shown, levels, rings: levels.map((above) => module.ellipse(slice, above, 12))};
    """
    found = run("lesson/surface.ts", script, {**rows, "now": now})
    lowest = [*found["slice"]["centre"], *now[2:]]
    assert found["slice"]["least"] == pytest.approx(mse(Z, rows["y"], lowest))
    for nudge in ([0.01, 0], [0, 0.01], [-0.01, 0], [0, -0.01]):
        moved = [lowest[0] + nudge[0], lowest[1] + nudge[1], *now[2:]]
        assert mse(Z, rows["y"], moved) > found["slice"]["least"]
    for above, ring in zip(found["levels"], found["rings"], strict=True):
        for point in ring:
            assert mse(Z, rows["y"], [*point, *now[2:]]) == pytest.approx(found["slice"]["least"] + above, rel=1e-8)
    assert found["shown"]["x"][0] < 0 < found["shown"]["x"][1]
    assert found["levels"][0] == pytest.approx(2 * found["levels"][1])


def test_the_forecast_is_what_descent_does() -> None:
    rows = sample(2)
    script = """
    const {curvatureOf} = await import(given.modules + "curvature.ts");
    const {bowlOf} = await import(given.modules + "surface.ts");
    const {descend} = await import(given.modules + "descent.ts");
    const curvature = curvatureOf(given.x);
    const bowl = bowlOf(given.x, given.y);
    const rate = given.of * curvature.stable;
    const run = descend(given.x, given.y, {variant: "batch", batchSize: 1, rate, epochs: 3000, seed: 0});
    const gaps = run.losses.map((loss) => (loss - bowl.least) / (run.losses[0] - bowl.least));
    const made = gaps.findIndex((gap) => gap <= given.share);
    return {forecast: module.epochsUntil(given.share, curvature, bowl.optimum, rate), made};
    """
    for of, share in ((0.5, 0.01), (0.9, 1e-3), (0.2, 0.3)):
        found = run(
            "lesson/forecast.ts",
            script,
            {**rows, "of": of, "share": share, "modules": (SOURCE / "lesson").as_uri() + "/"},
        )
        assert found["forecast"] == found["made"] > 0
    never = run(
        "lesson/forecast.ts", script, {**rows, "of": 1.5, "share": 0.01, "modules": (SOURCE / "lesson").as_uri() + "/"}
    )
    assert never["forecast"] is None  # JSON's Infinity


@pytest.mark.parametrize("variant", VARIANTS)
def test_below_the_bound_of_batches_no_step_raises_the_loss_of_its_rows(variant: str) -> None:
    rows = sample(2)
    bound = run(
        "lesson/strictest.ts",
        "return module.strictest(given.x, given.settings);",
        {**rows, "settings": settings(variant, 0)},
    )
    Z, y = design(rows), np.array(rows["y"])
    script = """
    const run = module.descend(given.x, given.y, given.settings);
    return Array.from({length: run.steps}, (_, done) => module.stepAfter(run, given.x, given.y, done));
    """
    steps = run("lesson/descent.ts", script, {**rows, "settings": settings(variant, 0.999 * bound)})
    sharpest = 0.0
    for step in steps:
        batch = Z[step["rows"]]
        assert np.mean((batch @ step["after"] - y[step["rows"]]) ** 2) <= step["loss"] * (1 + 1e-9)
        sharpest = max(sharpest, float(np.linalg.eigvalsh(2 / len(batch) * batch.T @ batch)[-1]))
    assert bound == pytest.approx(2 / sharpest)
    assert math.isfinite(bound)


def test_small_curvatures_keep_their_digits_beside_great_ones() -> None:
    """Where eigenvalues differ by 10²¹, beyond float64's own 10¹⁶: against 80 digits."""
    x = [[1e10 * (1 + index / 7)] for index in range(20)]
    found = run("lesson/curvature.ts", "return module.curvatureOf(given);", x)
    with localcontext() as context:
        context.prec = 80
        values = [Decimal(row[0]) for row in x]
        a, b = 2 * sum(value * value for value in values) / len(values), 2 * sum(values) / len(values)
        root = ((a - 2) ** 2 + 4 * b * b).sqrt()
        exact = [float((a + 2 + root) / 2), float((a + 2 - root) / 2)]
    np.testing.assert_allclose([found["largest"], found["smallest"]], exact, rtol=1e-10)
    assert exact[0] / exact[1] > 1e20


def test_columns_that_repeat_each_other_leave_a_flat_direction_out() -> None:
    rows = sample(1)
    found = run("lesson/curvature.ts", "return module.curvatureOf(given);", [[row[0], 3 * row[0]] for row in rows["x"]])
    Z = np.hstack([np.array(rows["x"]) * [1, 3], np.ones((30, 1))])
    kept = np.linalg.svd(Z, compute_uv=False)[:2] ** 2 * 2 / 30
    np.testing.assert_allclose([found["largest"], found["smallest"]], kept, rtol=1e-9)
    script = "return module.bowlOf(given.x.map(([x]) => [x, 3 * x]), given.y).least;"
    least = run("lesson/surface.ts", script, rows)
    assert least == pytest.approx(run("lesson/surface.ts", "return module.bowlOf(given.x, given.y).least;", rows))


def test_rings_hold_where_one_parameter_is_far_smaller_than_the_other() -> None:
    rows = sample(1)
    x = [[1e8 * value for value in row] for row in rows["x"]]
    script = """
    const bowl = module.bowlOf(given.x, given.y);
    const slice = module.sliceOf(bowl, [0, 1], bowl.optimum);
    return {least: slice.least, ring: module.ellipse(slice, 3, 16)};
    """
    found = run("lesson/surface.ts", script, {"x": x, "y": rows["y"]})
    Z = np.hstack([np.array(x), np.ones((30, 1))])
    for point in found["ring"]:
        assert mse(Z, rows["y"], point) == pytest.approx(found["least"] + 3, rel=1e-6)


def test_a_path_that_leaves_the_picture_widens_it_up_to_three_times() -> None:
    script = "return module.widened({x: [0, 10], y: [0, 1]}, given.map(([x, y]) => [x ?? Infinity, y]));"
    assert run("lesson/surface.ts", script, [[5, 0.5], [None, 0.9]]) == {"x": [0, 10], "y": [0, 1]}
    found = run("lesson/surface.ts", script, [[13, 0.5], [-900, 0.9]])
    assert found["x"] == [-10, 13.5]
    assert found["y"] == [0, 1]
