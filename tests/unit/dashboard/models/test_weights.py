"""Learnt weights beside the optimum's confidence intervals."""

from __future__ import annotations

import pytest

from tests.unit.dashboard.node import run

WEIGHTS = "pages/version/weights.ts"


@pytest.mark.parametrize(
    ("learnt", "expected"), [(0.5, "below"), (1, "inside"), (1.5, "inside"), (2, "inside"), (2.5, "above")]
)
def test_where_a_weight_lies_seen_from_the_interval(learnt: float, expected: str) -> None:
    given = {"feature": "x", "learnt": learnt, "low": 1, "high": 2}
    assert run(WEIGHTS, "return module.placeOf(given);", given) == expected


def test_without_an_interval_nobody_says_where() -> None:
    assert (
        run(WEIGHTS, "return module.placeOf(given);", {"feature": "x", "learnt": 1, "low": None, "high": None}) == "–"
    )


def test_a_weight_of_a_class_is_named_with_it() -> None:
    script = "return given.map(module.nameOf);"
    assert run(WEIGHTS, script, [{"feature": "x"}, {"feature": "x", "class": "red"}]) == ["x", "red: x"]
