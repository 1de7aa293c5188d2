"""Each step of the lesson is that of a plain PyTorch loop in float64: losses, gradients, parameters, order of rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.dashboard.lesson.samples import VARIANTS, sample, settings
from tests.unit.dashboard.node import run

ALL_STEPS = """
const {x, y, settings} = given;
const run = module.descend(x, y, settings);
const steps = Array.from({length: run.steps}, (_, done) => module.stepAfter(run, x, y, done));
return {losses: run.losses, steps, isDiverged: run.isDiverged, epochs: run.epochs, stepsPerEpoch: run.stepsPerEpoch,
        past: module.stepAfter(run, x, y, run.steps)};
"""


def descend(x: list[list[float]], y: list[float], choices: dict[str, Any]) -> dict[str, Any]:
    return run("lesson/descent.ts", ALL_STEPS, {"x": x, "y": y, "settings": choices})


def words(seed: int) -> Any:
    """Mulberry32 by numpy's own arithmetic of 32 bits."""
    state = np.uint32(seed % 2**32)
    with np.errstate(over="ignore"):
        while True:
            state = np.uint32(state + np.uint32(0x6D2B79F5))
            mixed = np.uint32((state ^ (state >> np.uint32(15))) * (state | np.uint32(1)))
            mixed ^= np.uint32(mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61)))
            yield int(mixed ^ (mixed >> np.uint32(14)))


def shuffled(count: int, seed: int, epoch: int) -> list[int]:
    numbers = words(seed * 65537 + epoch)
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = next(numbers) * (last + 1) // 2**32
        order[last], order[other] = order[other], order[last]
    return order


def torch_steps(
    x: list[list[float]], y: list[float], choices: dict[str, Any]
) -> tuple[list[float], list[dict[str, Any]]]:
    """Losses on all rows by epoch, and each step: what autograd and SGD make of it."""
    X, Y = torch.tensor(x, dtype=torch.float64), torch.tensor(y, dtype=torch.float64).view(-1, 1)
    model = nn.Linear(X.shape[1], 1, dtype=torch.float64)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=choices["rate"])
    count = len(x)
    size = {"batch": count, "stochastic": 1}.get(choices["variant"], choices["batchSize"])
    losses, steps = [criterion(model(X), Y).item()], []
    for epoch in range(1, choices["epochs"] + 1):
        order = list(range(count)) if choices["variant"] == "batch" else shuffled(count, choices["seed"], epoch)
        for start in range(0, count, size):
            rows = order[start : start + size]
            optimizer.zero_grad()
            loss = criterion(model(X[rows]), Y[rows])
            loss.backward()
            assert model.weight.grad is not None
            assert model.bias.grad is not None
            gradient = [*model.weight.grad[0].tolist(), model.bias.grad.item()]
            optimizer.step()
            after = [*model.weight[0].tolist(), model.bias.item()]
            steps.append({"epoch": epoch, "rows": rows, "loss": loss.item(), "gradient": gradient, "after": after})
        losses.append(criterion(model(X), Y).item())
    return losses, steps


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("features", [1, 2])
@pytest.mark.parametrize("is_scaled", [True, False])
def test_every_step_is_that_of_a_plain_pytorch_loop(variant: str, features: int, is_scaled: bool) -> None:
    rows = sample(features)
    x = np.array(rows["x"])
    if is_scaled:
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    choices = settings(variant, 0.05 if is_scaled else 0.004)
    found = descend(x.tolist(), rows["y"], choices)
    losses, steps = torch_steps(x.tolist(), rows["y"], choices)
    assert len(found["steps"]) == len(steps)
    assert found["past"] is None
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-11)
    for mine, theirs in zip(found["steps"], steps, strict=True):
        assert mine["epoch"] == theirs["epoch"]
        assert mine["rows"] == theirs["rows"]
        np.testing.assert_allclose(mine["loss"], theirs["loss"], rtol=1e-9)
        np.testing.assert_allclose(mine["gradient"], theirs["gradient"], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(mine["after"], theirs["after"], rtol=1e-10, atol=1e-13)


def test_a_step_starts_where_the_one_before_ended() -> None:
    rows = sample(2)
    steps = descend(rows["x"], rows["y"], settings("mini-batch", 0.004))["steps"]
    assert steps[0]["before"] == [0, 0, 0]
    assert all(one["after"] == other["before"] for one, other in pairwise(steps))


def test_an_epoch_takes_each_row_once_in_an_order_of_its_own() -> None:
    rows = sample(1)
    steps = descend(rows["x"], rows["y"], settings("mini-batch", 0.001, epochs=2))["steps"]
    epochs = [[row for step in steps if step["epoch"] == epoch for row in step["rows"]] for epoch in (1, 2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(30))
    assert epochs[0] != epochs[1]
    assert [len(step["rows"]) for step in steps[:5]] == [7, 7, 7, 7, 2]


def test_a_run_that_leaves_the_numbers_ends_there_as_diverged() -> None:
    rows = sample(1)
    found = descend(rows["x"], rows["y"], settings("batch", 1e9, epochs=200))
    losses, _ = torch_steps(rows["x"], rows["y"], settings("batch", 1e9, epochs=200))
    first = next(epoch for epoch, loss in enumerate(losses) if not np.isfinite(loss))
    assert found["isDiverged"]
    assert found["epochs"] == first < 200
    np.testing.assert_allclose(found["losses"][:first], losses[:first], rtol=1e-9)


def test_batches_longer_than_the_table_are_the_table() -> None:
    rows = sample(1, rows=9)
    found = descend(rows["x"], rows["y"], settings("mini-batch", 0.01, epochs=2, batch_size=1000))
    assert found["stepsPerEpoch"] == 1
    assert sorted(found["steps"][0]["rows"]) == list(range(9))
