"""A comparison from its claim to its result: the numbers are those of plain numpy."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from service.store import jobs
from service.wiring import Deps
from tests import descents
from tests.unit.workers.comparison.running import (
    add_table,
    compared,
    descent,
    job_of,
    result_of,
    submitted,
    without_seconds,
)
from workers import lease
from workers.comparison.course import DescentCourse
from workers.comparison.descent import Descent, LossPoint
from workers.comparison.result import least_losses
from workers.jobs.dispatch import run

steady = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SMALL = {"epochs": 12, "batch_size": 8}


@pytest.mark.parametrize(
    ("scales", "shifts"),
    [([1, 1, 1], [0, 0, 0]), ([1, 5, 0.3], [2, -1, 0]), ([1, 1000, 0.01], [0, 5000, 3])],
    ids=["alike", "unlike", "apart"],
)
def test_every_curve_and_figure_is_numpys(deps: Deps, scales: list[float], shifts: list[float]) -> None:
    X, y = descents.table(0, 60, scales, shifts)
    job = compared(deps, add_table(deps, X, y), **SMALL)
    assert (job.state, job.model_version, job.checkpoint_key, job.progress) == (
        "succeeded",
        None,
        None,
        {"fraction": 1},
    )
    descents.check(result_of(job), X, y)
    assert result_of(job)["least_is"] == "exact"


def test_scaling_saves_epochs_where_columns_differ(deps: Deps) -> None:
    X, y = descents.table(1, 120, [1, 4, 0.5], [0, 0, 0])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=400))
    for name in ("batch", "mini-batch"):
        scaled, raw = descent(result, name), descent(result, name, scaled=False)
        assert scaled["reached"]
        assert raw["reached"]
        assert 3 * scaled["epochs"] < raw["epochs"]
    assert "times as many rows" in result["sentence"]
    assert "fewer rows" not in result["sentence"]


def test_what_is_asked_for_is_used_and_may_diverge(deps: Deps) -> None:
    X, y = descents.table(2, 60, [1, 1], [0, 0])
    stable = 2 / descents.curvature(descents.standardised(X))[-1]
    dataset = add_table(deps, X, y)
    above = descent(result_of(compared(deps, dataset, learning_rate=1.05 * stable, tolerance=1e-5)), "batch")
    below = descent(result_of(compared(deps, dataset, learning_rate=0.95 * stable, tolerance=1e-5)), "batch")
    assert (above["diverged"], above["reached"]) == (True, False)
    assert (below["diverged"], below["reached"]) == (False, True)
    for one, factor in ((above, 1.05), (below, 0.95)):
        assert one["learning_rate"] == pytest.approx(factor * stable)


def test_a_rate_that_blows_up_keeps_finite_curves(deps: Deps) -> None:
    X, y = descents.table(2, 60, [1, 50], [0, 10])
    result = result_of(compared(deps, add_table(deps, X, y), learning_rate=100.0, **SMALL))
    assert all(one["diverged"] and not one["reached"] for one in result["descents"])
    assert all(np.isfinite(point["loss"]) for one in result["descents"] for point in one["curve"])
    assert "Batch descent diverged" in result["sentence"]


@steady
@given(
    st.integers(0, 10_000),
    st.sampled_from([1.0, 30.0, 1e4]),
    st.sampled_from(["normal", "heavy", "rare"]),
    st.sampled_from([{}, {"loss": "huber"}, {"network": {"kind": "mlp", "hidden": [5], "activation": "relu"}}]),
)
def test_no_descent_diverges_at_the_rate_that_auto_chooses(
    deps: Deps, seed: int, spread: float, tails: str, choices: dict[str, object]
) -> None:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(40, 3)) if tails == "normal" else generator.standard_t(1.5, size=(40, 3))
    if tails == "rare":
        X[:, 2] = generator.random(40) < 0.05
        X[0, 2] = 1 - X[1, 2]
    y = X.sum(axis=1) + generator.normal(size=40)
    result = result_of(compared(deps, add_table(deps, X * [1, spread, 1 / spread], y), epochs=6, **choices))
    assert [one["diverged"] for one in result["descents"]] == [False] * 6


def test_batch_descent_arrives_no_later_than_the_curvature_says(deps: Deps) -> None:
    for seed in range(5):
        X, y = descents.table(seed, 80, [1, 2, 0.7], [0, 0, 0])
        result = result_of(compared(deps, add_table(deps, X, y), tolerance=1e-3, epochs=500))
        for scaled in (True, False):
            one = descent(result, "batch", scaled)
            low, *_, high = descents.curvature(descents.standardised(X) if scaled else X)
            contraction = (high - low) / (high + low)
            assert one["steps"] <= np.ceil(np.log(1e-3) / (2 * np.log(contraction)))


def noisy_classes(y: np.ndarray, names: list[str]) -> list[str]:
    """By the value, as many rows of each, and a tenth of them wrong."""
    generator = np.random.default_rng(0)
    places = np.argsort(np.argsort(y)) * len(names) // len(y)
    wrong = generator.random(len(y)) < 0.1
    places[wrong] = generator.integers(0, len(names), wrong.sum())
    return [names[place] for place in places]


@pytest.mark.parametrize("names", [["low", "high"], ["low", "middle", "high"]])
def test_classes_have_an_optimum_that_is_scikit_learns(deps: Deps, names: list[str]) -> None:
    X, y = descents.table(3, 80, [1, 10], [0, 0])
    classes = noisy_classes(y, names)
    result = result_of(compared(deps, add_table(deps, X, classes), **SMALL))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, classes)
    assert (result["loss"], result["least_is"]) == ("cross_entropy", "exact")
    assert result["baseline_loss"] == pytest.approx(np.log(len(names)), rel=1e-5)
    best = log_loss(classes, model.predict_proba(X), labels=model.classes_)
    assert all(one["least_loss"] == pytest.approx(best, rel=1e-6) for one in result["descents"])


def test_classes_that_are_separated_have_a_least_loss_of_0(deps: Deps) -> None:
    X, _ = descents.table(3, 80, [1, 10], [0, 0])
    classes = ["high" if value > 0 else "low" for value in X[:, 0] + X[:, 1]]
    result = result_of(compared(deps, add_table(deps, X, classes), **SMALL))
    assert result["least_is"] == "exact"
    assert all(one["least_loss"] == 0 for one in result["descents"])


def test_behind_a_hidden_layer_the_best_is_the_lowest_seen(deps: Deps) -> None:
    X, y = descents.table(3, 80, [1, 10], [0, 0])
    network = {"kind": "mlp", "hidden": [3]}
    result = result_of(compared(deps, add_table(deps, X, y), network=network, **SMALL))
    assert result["least_is"] == "lowest seen"
    lowest = min(point["loss"] for one in result["descents"] for point in one["curve"])
    assert all(one["least_loss"] == lowest for one in result["descents"])


def test_an_optimum_that_one_scaling_has_is_that_of_both_with_a_bias() -> None:
    def course(scaled: bool, least: float | None) -> DescentCourse:
        return DescentCourse(
            Descent("batch", scaled, 4, 0.1), 1.0, 2.0, least, (LossPoint(0, 0, 1.0, 0.0),), diverged=False
        )

    one_known = [course(True, 0.25), course(False, None)]
    assert least_losses(True, one_known) == {True: 0.25, False: 0.25}
    assert least_losses(False, one_known) is None
    assert least_losses(True, [course(True, None), course(False, None)]) is None
    assert least_losses(False, [course(True, 0.25), course(False, 0.5)]) == {True: 0.25, False: 0.5}


def test_a_descent_may_have_arrived_since_the_look_before(deps: Deps) -> None:
    """Numpy's loss after every step: at `steps_least - 1` a look found it above the goal, at `steps` below."""
    X, y = descents.table(13, 300, [1, 2], [0, 0])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=40, tolerance=1e-3))
    for one in (one for one in result["descents"] if one["scaled"] and one["reached"]):
        losses = descents.losses(descents.standardised(X), y, one["batch_size"], one["learning_rate"], one["steps"])
        assert losses[one["steps"]] <= one["goal_loss"] * (1 + 1e-5)
        assert losses[one["steps_least"] - 1] > one["goal_loss"] * (1 - 1e-5)
        assert one["rows_touched_least"] <= one["rows_touched"]
        epochs, left = divmod(one["steps_least"], -(-300 // one["batch_size"]))
        assert one["rows_touched_least"] == min(epochs * 300 + left * one["batch_size"], one["rows_touched"])


def test_without_a_bias_scaled_and_raw_columns_have_an_optimum_each(deps: Deps) -> None:
    X, y = descents.table(10, 80, [1, 2], [4, 0])
    result = result_of(compared(deps, add_table(deps, X, y), network={"bias": False}, **SMALL))
    for scaled, design in ((True, descents.standardised(X)), (False, X)):
        centred = y - y.mean()
        best = np.mean((design @ np.linalg.lstsq(design, centred, rcond=None)[0] - centred) ** 2)
        assert descent(result, "batch", scaled)["least_loss"] == pytest.approx(best, rel=1e-6)


def test_mini_batches_come_as_numpy_takes_them_when_rows_are_left_over(deps: Deps) -> None:
    X, y = descents.table(4, 61, [1, 2], [0, 1])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=5, batch_size=7, tolerance=1e-5))
    descents.check(result, X, y)


def test_the_smallest_tables_are_compared_too(deps: Deps) -> None:
    X, y = descents.table(9, 4, [1], [0])
    result = result_of(compared(deps, add_table(deps, X, y)))
    descents.check(result, X, y)
    assert [one["batch_size"] for one in result["descents"]] == [4, 1, 2] * 2


def test_a_curve_has_at_most_200_points_and_its_ends(deps: Deps) -> None:
    X, y = descents.table(5, 30, [1, 300], [0, 100])
    result = result_of(compared(deps, add_table(deps, X, y), epochs=600, tolerance=1e-5, batch_size=8))
    for one in result["descents"]:
        steps = [point["steps"] for point in one["curve"]]
        assert steps == sorted(set(steps))
        assert len(steps) <= 200
        assert steps[0] == 0
        assert one["steps"] in steps
    assert descent(result, "batch", scaled=False)["curve"][-1]["steps"] == 600
    descents.check(result, X, y)


def test_the_same_twice_but_for_the_seconds_also_when_given_back_midway(deps: Deps) -> None:
    X, y = descents.table(6, 400, [1, 100], [0, 0])
    dataset = add_table(deps, X, y)
    spec = {"epochs": 30, "tolerance": 1e-5}
    whole = result_of(compared(deps, dataset, **spec))
    id = submitted(deps, dataset, **spec)

    def stop_once_a_descent_is_done() -> None:
        while job_of(deps, id).checkpoint_key is None:
            time.sleep(0.002)
        lease.stopping.set()

    watcher = threading.Thread(target=stop_once_a_descent_is_done)
    watcher.start()
    run(deps, id)
    watcher.join()
    lease.stopping.clear()
    assert (job_of(deps, id).state, job_of(deps, id).attempt) == ("queued", 0)
    run(deps, id)
    assert without_seconds(result_of(job_of(deps, id))) == without_seconds(whole)
    with deps.database.read() as session:
        told = [event.data.get("text", "") for event in jobs.events_after(session, id, 0, 1000)]
    assert sum(text.startswith("batch, scaled: ") for text in told) == 1  # what was done is not done again


def test_cancelled_between_two_batches(deps: Deps) -> None:
    X, y = descents.table(7, 400, [1, 100], [0, 0])
    id = submitted(deps, add_table(deps, X, y), epochs=10_000, tolerance=1e-5)

    def cancel_once_it_runs() -> None:
        while job_of(deps, id).progress is None:
            time.sleep(0.01)
        with deps.database.write() as session:
            jobs.move(session, id, "cancelling")

    watcher = threading.Thread(target=cancel_once_it_runs)
    watcher.start()
    run(deps, id)
    watcher.join()
    assert (job_of(deps, id).state, job_of(deps, id).result, job_of(deps, id).checkpoint_key) == (
        "cancelled",
        None,
        None,
    )


def test_progress_rises_and_names_the_descent(deps: Deps) -> None:
    X, y = descents.table(8, 200, [1, 100], [0, 0])
    job = compared(deps, add_table(deps, X, y), epochs=40, tolerance=1e-5)
    with deps.database.read() as session:
        events = jobs.events_after(session, job.id, 0, 1000)
    told = [event.data for event in events if event.type == "epoch"]
    fractions = [one["fraction"] for one in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    names = {f"{name}, {scaling}" for name in ("batch", "stochastic", "mini-batch") for scaling in ("scaled", "raw")}
    assert {one["descent"] for one in told} <= names
    ended = {one["descent"]: one for one in told}  # the last that is told of each
    for one in result_of(job)["descents"]:
        last = ended[f"{one['descent']}, {'scaled' if one['scaled'] else 'raw'}"]
        assert last["train_loss"] == pytest.approx(one["loss"], rel=1e-6)
        assert last["epoch"] == np.ceil(one["epochs"])
    assert told[-1]["fraction"] == 1
    begun = [event.data["text"] for event in events if event.type == "message" and "batch size" in event.data["text"]]
    assert {text.split(":")[0] for text in begun} == names
    for one in result_of(job)["descents"]:
        rate, stable = one["learning_rate"], one["stable_learning_rate"]
        assert (
            f"{one['descent']}, {'scaled' if one['scaled'] else 'raw'}: learning rate {rate:.4g}, stable below "
            f"{stable:.4g}; batch size {one['batch_size']:,}"
        ) in begun
