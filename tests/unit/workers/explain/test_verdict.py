"""The verdict: its interval against scipy and statsmodels, its rule by hand, and how often it is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from service.domain.cells.kinds import Kind
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.linear_neuron import linear_neuron
from workers.explain.verdict import Paired, paired, row_losses, verdict


def losses(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    linear = draw.exponential(size=50)
    return linear, linear * draw.uniform(0.5, 1.2, 50)


def test_the_interval_is_students_for_pairs() -> None:
    linear, network = losses()
    found = paired(linear, network)
    expected = stats.ttest_rel(linear, network).confidence_interval(0.95)
    assert found.interval == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.difference == pytest.approx(linear.mean() - network.mean())
    assert found.linear == pytest.approx(linear.mean())


def test_rows_count_by_their_weights() -> None:
    linear, network = losses()
    counts = np.random.default_rng(1).uniform(0.1, 3, 50)
    found = paired(linear, network, counts)
    assert found.difference == pytest.approx(DescrStatsW(linear - network, weights=counts).mean)
    assert found.linear == pytest.approx(np.average(linear, weights=counts))
    alike = paired(linear, network, np.full(50, 7.0))
    assert alike.interval == pytest.approx(paired(linear, network).interval)
    half = paired(linear, network, np.repeat([1.0, 0.0], 25))
    assert half.interval == pytest.approx(paired(linear[:25], network[:25]).interval)


@pytest.mark.parametrize(
    ("difference", "interval", "worth_it"),
    [
        (0.3, (0.1, 0.5), "yes"),
        (0.04, (0.03, 0.06), "unclear"),  # there is a gain; whether it is worth naming is open
        (0.03, (0.01, 0.049), "no"),  # a gain, surely below what is worth naming
        (0.3, (-0.01, 0.61), "unclear"),
        (-0.3, (-0.5, -0.1), "no"),
        (-0.1, (-0.5, 0.3), "unclear"),
        (0.3, None, "unclear"),
    ],
)
def test_the_rule_by_hand(difference: float, interval: tuple[float, float] | None, worth_it: str) -> None:
    assert Paired(100, 1.0, difference, 0.0, interval).worth_it == worth_it


def spec_for(task: str, **changes: Any) -> TrainingSpec:
    chosen = {
        "split": Split(0.2, 0), "network": NetworkSpec("mlp", (16,)), "optimizer": OptimizerSpec("adam"), "epochs": 25,
        "schedule": "cosine", "batch_size": 128, "early_stopping": EarlyStopping(),
    }  # fmt: skip
    return spec_of(task=task, **{**chosen, **changes})


def judged(tmp_path: Path, spec: TrainingSpec, bent: bool, rows: int, seed: int) -> dict[str, Any]:
    """The verdict on a network that was trained on a target with, or without, a sine and a product in it."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 4))
    scores = x @ np.array([1, -2, 0.5, 0]) + bent * (2 * np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 3])
    if spec.task == "regression":
        target: Any = scores + draw.normal(size=rows)
    else:
        target = np.where(draw.uniform(size=rows) < 1 / (1 + np.exp(-1.5 * scores)), "yes", "no")
    cells = {f"x{number}": x[:, number] for number in range(4)} | {"y": target}
    kinds: dict[str, Kind] = dict.fromkeys(cells, "numeric")
    kinds["y"] = "numeric" if spec.task == "regression" else "categorical"
    done = run(write_table(tmp_path / "t", cells, kinds), spec, kinds)
    linear = linear_neuron(spec, done.prepared, done.predictor, lambda: None)
    return verdict(spec, done.predictor, linear, done.prepared.parts["validation"], {})


@pytest.mark.parametrize("bent", [False, True], ids=["linear", "not linear"])
@pytest.mark.parametrize("task", ["regression", "binary"])
@pytest.mark.parametrize(("rows", "right"), [(5000, 19), (2000, 19), (1000, 12)])
def test_the_verdict_is_right_in_19_of_20_cases(tmp_path: Path, task: str, bent: bool, rows: int, right: int) -> None:
    """Of 1,000 rows only 200 validate: where they do not suffice it says so, and it is never wrong."""
    torch.set_num_threads(1)  # as a worker has it
    few = {} if rows > 2000 else {"batch_size": 32, "epochs": 100}
    told = [judged(tmp_path, spec_for(task, seed=seed, **few), bent, rows, seed).worth_it for seed in range(20)]
    assert told.count("yes" if bent else "no") >= right
    assert told.count("no" if bent else "yes") == 0 or rows > 1000


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_with_few_rows_it_rather_says_that_it_cannot_tell(tmp_path: Path, task: str) -> None:
    torch.set_num_threads(1)
    spec = spec_for(task, batch_size=16)
    told = [judged(tmp_path, spec, False, 150, seed).worth_it for seed in range(20)]
    assert told.count("yes") <= 1
    assert told.count("unclear") >= 5


def test_the_sentence_has_the_figures(tmp_path: Path) -> None:
    found = judged(tmp_path, spec_for("regression"), True, 5000, 0)
    low, high = found.interval
    assert low < found.difference < high
    assert found.sentence.startswith("The network is worth it: on 1,000 validation rows its mean squared error is ")
    for figure in (found.difference, low, high):
        assert f"{figure:.4g}" in found.sentence


def test_the_same_seed_gives_the_same_verdict(tmp_path: Path) -> None:
    first, second = (judged(tmp_path, spec_for("binary", epochs=3), True, 400, 1) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("validation", "rows"), [(0.0, 0), (0.001, 1)])
def test_without_rows_to_judge_on_it_says_so(tmp_path: Path, validation: float, rows: int) -> None:
    spec = spec_for("regression", split=Split(validation, 0), early_stopping=None, epochs=1)
    found = judged(tmp_path, spec, True, 200, 0)
    assert (found.worth_it, found.interval, found.rows) == ("unclear", None, rows)
    assert found.sentence.startswith("There is not enough data to tell")


@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_losses_of_rows_are_in_the_users_units(tmp_path: Path, loss: str) -> None:
    x = np.random.default_rng(0).normal(size=100)
    kinds: dict[str, Kind] = {"x": "numeric", "y": "numeric"}
    spec = spec_for("regression", loss=loss, epochs=2, split=Split(0, 0), early_stopping=None)
    done = run(write_table(tmp_path / "t", {"x": x, "y": 500 + 30 * x}, kinds), spec, kinds)
    part = done.prepared.train
    off = done.predictor.scores(part.inputs) - part.truth
    expected = off**2 if loss == "mse" else np.abs(off)
    assert row_losses(spec, done.predictor, part) == pytest.approx(expected, rel=1e-4, abs=1e-3)
