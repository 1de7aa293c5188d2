"""A training's losses, a report's curves and its targets as the pages draw them."""

from __future__ import annotations

from tests.unit.dashboard.node import run

LOSSES = "return module.lossesOf(given, 'A, ');"


def test_the_curves_of_a_history_without_validation_rows_are_one() -> None:
    history: list[dict[str, float | None]] = [
        {"epoch": 1, "train_loss": 3, "validation_loss": None},
        {"epoch": 2, "train_loss": 2},
    ]
    assert run("pages/version/history.ts", LOSSES, history) == [{"name": "A, train", "x": [1, 2], "y": [3, 2]}]
    history[0]["validation_loss"] = 4
    assert run("pages/version/history.ts", LOSSES, history)[1] == {"name": "A, validation", "x": [1, 2], "y": [4, None]}
    assert run("pages/version/history.ts", LOSSES, []) == [{"name": "A, train", "x": [], "y": []}]
