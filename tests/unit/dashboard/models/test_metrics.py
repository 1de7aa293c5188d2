"""The figures of a report as lists and tables show them."""

from __future__ import annotations

from tests.unit.dashboard.node import run

METRICS = "words/metrics.ts"
NUMBERS = {"mse": 4.0, "rmse": 2.0, "mae": None, "r2": 0.5, "by_target": {"a": {"mse": 1.0}}}
CLASSES = {"accuracy": 0.9, "log_loss": 0.3, "roc_auc": None, "f1": 0.8, "confusion": [[1, 0], [0, 1]]}


def test_figures_come_in_the_order_in_which_they_are_read_without_matrices() -> None:
    script = "return module.figures(given);"
    assert run(METRICS, script, NUMBERS) == [["rmse", 2], ["mse", 4], ["mae", None], ["r2", 0.5]]
    assert run(METRICS, script, CLASSES) == [["log_loss", 0.3], ["accuracy", 0.9], ["roc_auc", None], ["f1", 0.8]]
    assert run(METRICS, script, {"mystery": 1.0, "rmse": 2.0}) == [["rmse", 2], ["mystery", 1]]
    assert run(METRICS, script, {}) == []


def test_held_out_rows_judge_before_those_of_the_training() -> None:
    script = "return module.judgedOn(given);"
    assert run(METRICS, script, {"train": NUMBERS, "validation": {}, "test": NUMBERS}) == "test"
    assert run(METRICS, script, {"train": NUMBERS, "validation": NUMBERS}) == "validation"
    assert run(METRICS, script, {"train": NUMBERS, "validation": {}}) == "train"
    assert run(METRICS, script, {}) is None


def test_the_headline_of_a_task_is_an_error_and_a_share_of_what_is_right() -> None:
    script = "return ['error', 'fit'].map((kind) => module.headline(given, kind));"
    assert run(METRICS, script, {"validation": NUMBERS}) == [
        {"metric": "rmse", "value": 2},
        {"metric": "r2", "value": 0.5},
    ]
    assert run(METRICS, script, {"test": CLASSES}) == [
        {"metric": "log_loss", "value": 0.3},
        {"metric": "accuracy", "value": 0.9},
    ]
    assert run(METRICS, script, {}) == [None, None]
