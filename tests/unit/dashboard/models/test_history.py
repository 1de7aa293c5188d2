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


def test_of_very_many_epochs_those_are_drawn_that_a_picture_can_show_without_losing_a_peak() -> None:
    script = """
        const history = Array.from({ length: 100000 }, (_, at) => ({
            epoch: at + 1, train_loss: at === 71233 ? 9 : 1 / (at + 1),
        }));
        const [train] = module.lossesOf(history);
        return [train.x.length, train.x[0], train.x.at(-1), train.x[train.y.indexOf(9)]];
    """
    length, first, last, peak = run("pages/version/history.ts", script)
    assert length < 10_000
    assert (first, last, peak) == (1, 100_000, 71_234)
