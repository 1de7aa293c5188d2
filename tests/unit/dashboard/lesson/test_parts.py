"""Splits, scalers, leaks, activations and stacked layers, against scikit-learn, PyTorch and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from tests.unit.dashboard.lesson.samples import division, penguins, sample, settings
from tests.unit.dashboard.lesson.test_descent import shuffled, torch_steps
from tests.unit.dashboard.node import run


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (2, 5), (342, 1), (1000, 4_000_000)])
def test_the_order_of_rows_is_the_same_in_python(count: int, seed: int) -> None:
    script = "return [0, 1, 50].map((epoch) => module.orderOf(given.count, given.seed, epoch));"
    found = run("lesson/order.ts", script, {"count": count, "seed": seed})
    assert found == [shuffled(count, seed, epoch) for epoch in (0, 1, 50)]
    assert sorted(found[0]) == list(range(count))


@pytest.mark.parametrize(
    ("count", "validation", "test", "sizes"),
    [
        (30, 0.2, 0.2, (18, 6, 6)),
        (8, 0, 0, (8, 0, 0)),
        (3, 0.45, 0.45, (1, 1, 1)),
        (1, 0.5, 0.5, (1, 0, 0)),
        (2, 1, 1, (1, 0, 1)),
    ],
)
def test_each_row_has_one_part_and_some_row_trains(
    count: int, validation: float, test: float, sizes: tuple[int, int, int]
) -> None:
    script = "return module.split(given.count, 3, given);"
    parts = run("lesson/order.ts", script, {"count": count, "validation": validation, "test": test})
    assert (len(parts["train"]), len(parts["validation"]), len(parts["test"])) == sizes
    assert sorted([*parts["train"], *parts["validation"], *parts["test"]]) == list(range(count))


def test_the_scaler_is_scikit_learns() -> None:
    rows = [[*row, 0.1] for row in sample(2)["x"]]  # and a column that does not vary
    script = "const scaler = module.fitScaler(given); return {scaler, scaled: module.scaled(given, scaler)};"
    found = run("lesson/scaling.ts", script, rows)
    theirs = StandardScaler().fit(rows)
    np.testing.assert_allclose(found["scaler"]["means"], theirs.mean_)
    np.testing.assert_allclose(found["scaler"]["scales"], theirs.scale_)
    np.testing.assert_allclose(found["scaled"], theirs.transform(rows), atol=1e-12)


def test_rows_that_lack_a_number_are_left_out_and_counted() -> None:
    table = {"name": "t", "columns": ["a", "b", "c"], "rows": [[1, 2, 3], [None, 5, 6], [7, None, 9], [10, 11, 12]]}
    found = run("lesson/sample.ts", "return module.sampleOf(given, ['a'], 'c');", table)
    assert (found["x"], found["y"], found["leftOut"]) == ([[1], [7], [10]], [3, 9, 12], 1)


def test_a_leak_is_what_the_other_scaler_makes_of_the_same_run() -> None:
    rows, shares, choices = sample(1), division(), settings("batch", 0.1)
    script = "return module.leakOf(module.slipped(given.sample, given.row, 0, 10), given.division, given.settings);"
    order = shuffled(30, 3, 0)
    train, tested = order[:18], order[24:]
    found = run(
        "lesson/leakage.ts", script, {"sample": rows, "division": shares, "settings": choices, "row": tested[0]}
    )
    x, y = np.array(rows["x"]), np.array(rows["y"])
    x[tested[0]] *= 10
    for name, seen in (("honest", x[train]), ("leaky", x)):
        scaled = (x - seen.mean(axis=0)) / seen.std(axis=0)
        losses, steps = torch_steps(scaled[train].tolist(), y[train].tolist(), choices)
        weight, bias = steps[-1]["after"]
        assert found[name]["trainLoss"] == pytest.approx(losses[-1])
        assert found[name]["testLoss"] == pytest.approx(
            float(np.mean((scaled[tested, 0] * weight + bias - y[tested]) ** 2))
        )
    assert found["trainMeans"][0] == pytest.approx((x[train].mean() - x.mean()) / x.std())
    assert found["honest"]["scaler"]["means"][0] == pytest.approx(x[train].mean())


@pytest.mark.parametrize(("name", "theirs"), [("Sigmoid", torch.sigmoid), ("Tanh", torch.tanh), ("ReLU", torch.relu)])
def test_activations_and_slopes_are_those_of_autograd(name: str, theirs: object) -> None:
    at = [-40.0, -3.0, -0.5, 0.0, 0.1, 2.0, 30.0]
    script = """
    const one = module.ACTIVATIONS.find(({name}) => name === given.name);
    return {values: given.at.map(one.value), slopes: given.at.map(one.slope)};
    """
    found = run("lesson/activations.ts", script, {"name": name, "at": at})
    z = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    values = theirs(z)  # type: ignore[operator]
    values.sum().backward()
    assert z.grad is not None
    np.testing.assert_allclose(found["values"], values.detach(), rtol=1e-12)
    np.testing.assert_allclose(found["slopes"], z.grad, rtol=1e-9, atol=1e-15)


def test_two_linear_layers_are_their_product_and_not_with_relu_between() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(3, 4, dtype=torch.float64), nn.Linear(4, 2, dtype=torch.float64)
    layers = [{"weights": one.weight.tolist(), "biases": one.bias.tolist()} for one in (first, second)]
    inputs = torch.randn(5, 3, dtype=torch.float64)
    script = """
    const single = module.product(...given.layers);
    const relu = (z) => Math.max(0, z);
    const both = (x, between) => module.through(...given.layers, x, between);
    return given.inputs.map((x) => ({single: module.apply(single, x), plain: both(x), bent: both(x, relu)}));
    """
    found = run("lesson/stacking.ts", script, {"layers": layers, "inputs": inputs.tolist()})
    with torch.no_grad():
        plain, bent = second(first(inputs)), second(torch.relu(first(inputs)))
    np.testing.assert_allclose([one["plain"] for one in found], plain, rtol=1e-12)
    np.testing.assert_allclose([one["single"] for one in found], plain, rtol=1e-12)
    np.testing.assert_allclose([one["bent"] for one in found], bent, rtol=1e-12)


def test_the_built_in_table_is_whole() -> None:
    rows = penguins()
    assert (len(rows["y"]), rows["leftOut"]) == (342, 0)
    # means of the table as it was published
    assert np.mean(rows["x"]) == pytest.approx(200.915, abs=0.001)
    assert np.mean(rows["y"]) == pytest.approx(4201.754, abs=0.001)
