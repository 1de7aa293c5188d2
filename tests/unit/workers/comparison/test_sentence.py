"""What is said of a comparison follows from its numbers."""

from __future__ import annotations

from typing import Any

from workers.comparison.sentence import Told, sentence

ROWS = 100


def told(name: str, scaled: bool, epochs: float, size: int, **figures: Any) -> Told:
    rows = round(epochs * ROWS)
    known = {"reached": True, "diverged": False, "learning_rate": 0.1, "condition_number": 2.0 if scaled else 5000.0}
    return Told(name, scaled, epochs=epochs, steps=-(-rows // size), rows_touched=rows, **{**known, **figures})


SCALED = [told("batch", True, 8, ROWS), told("stochastic", True, 0.5, 1), told("mini-batch", True, 1, 10)]


def raw(factor: float, **figures: Any) -> list[Told]:
    return [
        told("batch", False, 8 * factor, ROWS, **figures),
        told("stochastic", False, 0.5 * factor, 1, **figures),
        told("mini-batch", False, 1 * factor, 10, **figures),
    ]


def test_the_fewest_rows_and_the_fewest_steps_are_named() -> None:
    said = sentence(0.01, [*SCALED, *raw(1)])
    assert said.startswith("On scaled columns stochastic descent touched the fewest rows until 0.01 of the gap")
    assert "50 rows (0.5 epochs, 50 steps)" in said
    assert (
        "mini-batch descent took 100 rows (1 epoch, 10 steps); batch descent took 800 rows (8 epochs, 8 steps)" in said
    )
    assert "The fewest steps made batch descent" in said


def test_of_two_with_as_many_rows_the_one_with_fewer_steps_is_first() -> None:
    alike = [told("batch", True, 2, ROWS), told("stochastic", True, 1, 1), told("mini-batch", True, 1, 10)]
    assert sentence(0.01, [*alike, *raw(1)]).startswith("On scaled columns mini-batch descent")


def test_scaling_is_judged_by_rows() -> None:
    assert "scaling is what matters here" in sentence(0.01, [*SCALED, *raw(9, reached=False)])
    assert "batch, stochastic and mini-batch descent did not come there" in sentence(
        0.01, [*SCALED, *raw(9, reached=False)]
    )
    assert "took up to 9 times as many rows" in sentence(0.01, [*SCALED, *raw(9)])
    assert "little difference" in sentence(0.01, [*SCALED, *raw(1.2)])
    assert "took no more rows" in sentence(0.01, [*SCALED, *raw(0.2)])
    assert "the condition number is 5e+03 instead of 2" in sentence(0.01, [*SCALED, *raw(1)])


def test_who_did_not_come_there_is_told_with_the_reason() -> None:
    lost = [told("batch", True, 50, ROWS, reached=False), told("stochastic", True, 1, 1, reached=False, diverged=True)]
    said = sentence(0.01, [*lost, *raw(1)])
    assert "Batch descent had not come there after 50 epochs (50 steps)." in said
    assert "Stochastic descent diverged: the learning rate 0.1 is too large for it." in said
