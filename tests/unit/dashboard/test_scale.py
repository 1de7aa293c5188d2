"""Scales of drawings: round numbers at the axes, and pixels."""

from __future__ import annotations

import math

import pytest

from tests.unit.dashboard.node import run


def ticks(low: float, high: float, wished: int = 5) -> list[float]:
    return run("ui/plot/scale.ts", "return module.ticks(given.slice(0, 2), given[2]);", [low, high, wished])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-0.25, 0.24, [-0.2, -0.1, 0, 0.1, 0.2]),
        (169.2, 233.9, [180, 200, 220]),
        (1e9, 1e9 + 4, [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4]),
        (3, 3, []),
        (5, 1, []),
    ],
)
def test_ticks_are_round_and_within_the_range(low: float, high: float, expected: list[float]) -> None:
    found = ticks(low, high)
    assert found == expected
    assert all(math.copysign(1, tick) > 0 for tick in found if tick == 0)


def test_powers_of_ten_are_thinned_where_they_are_many() -> None:
    script = "return given.map(([low, high]) => module.powerTicks([low, high], 5));"
    many, some, few, none = run("ui/plot/scale.ts", script, [[-12, 40], [0, 3], [2, 2.5], [1, 1]])
    assert many == [-11, 0, 11, 22, 33]
    assert some == [0, 1, 2, 3]
    assert [round(10**power, 6) for power in few] == [100, 120, 150, 200, 250, 300]
    assert none == []


def test_a_scale_leads_from_one_range_to_the_other() -> None:
    script = "const scale = module.linear(given.from, given.to); return given.at.map(scale);"
    assert run("ui/plot/scale.ts", script, {"from": [2, 4], "to": [100, 0], "at": [2, 3, 5]}) == [100, 50, -50]
    assert run("ui/plot/scale.ts", script, {"from": [3, 3], "to": [0, 10], "at": [3]}) == [5]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 3], [0.9, 3.1]), ([], [0, 1]), ([4, 4], [2, 6]), ([0], [-1, 1]), ([2, None, 4], [1.9, 4.1])],
)
def test_the_extent_holds_all_numbers_and_is_never_empty(values: list[float | None], expected: list[float]) -> None:
    found = run("ui/plot/scale.ts", "return module.extent(given.map((value) => value ?? NaN));", values)
    assert found == pytest.approx(expected)
