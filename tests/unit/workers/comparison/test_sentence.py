"""What is said of a comparison is what its numbers say: each figure of a sentence is looked up among them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.comparison.sentence import SpokenFigures, sentence

ROWS = 100
NAMES = ("batch", "stochastic", "mini-batch")


def told(name: str, scaled: bool, epochs: float, size: int, **figures: Any) -> SpokenFigures:
    rows = round(epochs * ROWS)
    steps = -(-rows // size)
    known = {
        "reached": True,
        "diverged": False,
        "steps_least": steps,
        "rows_touched_least": rows,
        "learning_rate": 0.1,
        "condition_number": 2.0 if scaled else 5000.0,
    }
    return SpokenFigures(
        name, scaled, epochs=epochs, steps=steps, rows_touched=rows, batch_size=size, **{**known, **figures}
    )


SCALED = [told("batch", True, 8, ROWS), told("stochastic", True, 0.5, 1), told("mini-batch", True, 1, 10)]


def raw(factor: float, **figures: Any) -> list[SpokenFigures]:
    return [
        told("batch", False, 8 * factor, ROWS, **figures),
        told("stochastic", False, 0.5 * factor, 1, **figures),
        told("mini-batch", False, 1 * factor, 10, **figures),
    ]


def test_the_fewest_rows_and_the_fewest_steps_are_named() -> None:
    said = sentence(0.01, [*SCALED, *raw(1)])
    assert said.startswith("On scaled columns stochastic descent needed the fewest rows until 0.01 of the gap")
    assert "50 rows (0.5 epochs, 50 steps)" in said
    assert (
        "mini-batch descent took 100 rows (1 epoch, 10 steps); batch descent took 800 rows (8 epochs, 8 steps)" in said
    )
    assert "Batch descent made the fewest steps: 8, of 100 rows each." in said


def test_fewest_steps_of_mini_batches_are_told_by_their_own_size() -> None:
    """Batch descent beside it has more rows in a step: its rows are no reason for the fewest steps."""
    said = sentence(
        0.01,
        [told("batch", True, 30, ROWS), told("stochastic", True, 0.5, 1), told("mini-batch", True, 1, 10), *raw(1)],
    )
    assert "Mini-batch descent made the fewest steps: 10, of 10 rows each." in said
    assert "more rows" not in said


def test_a_tie_is_no_win() -> None:
    alike = [told("batch", True, 2, ROWS), told("stochastic", True, 1, 1), told("mini-batch", True, 1, 10)]
    said = sentence(0.01, [*alike, *raw(1)])
    assert said.startswith("On scaled columns mini-batch and stochastic descent needed equally many rows")
    assert "fewest rows" not in said
    assert "batch descent took 200 rows" in said


def test_what_lies_between_two_looks_is_a_tie_too() -> None:
    """Stochastic descent was seen to have arrived after 103 rows, and may have been there after 99: mini-batch's 100
    are no win."""
    near = [
        told("batch", True, 2, ROWS),
        told("stochastic", True, 1.03, 1, steps_least=99, rows_touched_least=99),
        told("mini-batch", True, 1, 10),
    ]
    assert "as many rows" in sentence(0.01, [*near, *raw(1)])
    apart = [near[0], told("stochastic", True, 1.03, 1, steps_least=101, rows_touched_least=101), near[2]]
    assert sentence(0.01, [*apart, *raw(1)]).startswith("On scaled columns mini-batch descent needed the fewest rows")


def test_who_came_alone_is_told_as_that() -> None:
    lone = [told("batch", True, 8, ROWS), *(told(name, True, 1, 1, reached=False) for name in NAMES[1:])]
    said = sentence(0.01, [*lone, *raw(1, reached=False)])
    assert said.startswith("On scaled columns only batch descent got to 0.01 of the gap")
    assert "fewest" not in said


def test_without_a_gap_nobody_wins() -> None:
    there = [told(name, scaled, 0, 10) for scaled in (True, False) for name in NAMES]
    assert sentence(0.01, there).startswith("All descents start at the goal: there is no gap to close.")


def test_scaling_is_judged_by_rows() -> None:
    assert "batch, mini-batch and stochastic descent did not get there" in sentence(
        0.01, [*SCALED, *raw(9, reached=False)]
    )
    assert "stochastic descent took 9 times as many rows" in sentence(0.01, [*SCALED, *raw(9)])
    assert "little difference" in sentence(0.01, [*SCALED, *raw(1.2)])
    fewer = sentence(0.01, [*SCALED, *raw(0.2)])
    assert "batch descent took only 0.2 times as many rows" in fewer
    assert "follows the columns" not in fewer  # why it took fewer is not known from these numbers
    assert "the condition number is 5e+03 instead of 2" in sentence(0.01, [*SCALED, *raw(1)])


def test_who_came_there_only_without_scaling_is_told() -> None:
    late = [told("batch", True, 50, ROWS, reached=False), *SCALED[1:]]
    said = sentence(0.01, [*late, *raw(1)])
    assert "batch descent got there, which it did not with scaling" in said
    assert "little difference" not in said


def test_who_did_not_come_there_is_told_with_the_reason() -> None:
    lost = [
        told("batch", True, 50, ROWS, reached=False),
        told("stochastic", True, 1, 1, reached=False, diverged=True),
        told("mini-batch", True, 1, 10),
    ]
    said = sentence(0.01, [*lost, *raw(1)])
    assert "Batch descent had not got there after 50 epochs (50 steps)." in said
    assert "Stochastic descent diverged: the learning rate 0.1 is too large for it." in said


descents = st.tuples(
    *(st.tuples(st.booleans(), st.integers(1, 300), st.integers(0, 20), st.booleans()) for _ in range(6))
)


@given(descents)
def test_every_claim_follows_from_the_numbers(drawn: Any) -> None:
    sizes = {"batch": ROWS, "stochastic": 1, "mini-batch": 10}
    all_of_them = []
    for (scaled, name), (reached, steps, unseen, diverged) in zip(
        [(scaled, name) for scaled in (True, False) for name in NAMES], drawn, strict=True
    ):
        size, least = sizes[name], max(1, steps - unseen)
        all_of_them.append(
            SpokenFigures(name, scaled, reached, diverged and not reached, steps * size / ROWS, steps, least,
                          steps * size, least * size, size, 0.1, 2.0 if scaled else 5000.0)
        )  # fmt: skip
    said = sentence(0.01, all_of_them)
    rows = {one.name: one for one in all_of_them if one.scaled and one.reached}
    if found := re.search(r"columns (\S+) descent needed the fewest rows", said):
        winner = rows.pop(found[1])
        assert rows
        assert all(winner.rows_touched < other.rows_touched_least for other in rows.values())
        rows[found[1]] = winner
    if found := re.search(r"(\S+) descent made the fewest steps: ([\d,]+), of ([\d,]+) rows?", said):
        winner = rows[found[1].lower()]
        assert (int(found[2].replace(",", "")), int(found[3])) == (winner.steps, winner.batch_size)
        assert all(winner.steps < other.steps_least for name, other in rows.items() if name != found[1].lower())
    for name, factor in re.findall(r"(\S+) descent took ([\d.,]+) times as many rows", said):
        scaled, bare = (one for one in all_of_them if one.name == name)
        assert float(factor.replace(",", "")) == pytest.approx(bare.rows_touched / scaled.rows_touched, rel=0.06)
    for name in NAMES:
        scaled, bare = (one for one in all_of_them if one.name == name)
        lost = re.search(r"Without scaling.*?: (.*?) descent did not get there", said)
        assert (lost is not None and re.search(rf"(^|, |and ){name}($|,| and)", lost[1]) is not None) == (
            scaled.reached and not bare.reached
        )
