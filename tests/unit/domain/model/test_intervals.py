"""What a model keeps for its intervals: ranks by hand, widths by sorting, coverage of rows that it has not seen."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.model.intervals import Calibration, calibrate, half_widths
from service.errors import ParameterInvalid


def kept(residuals: np.ndarray) -> Calibration:
    found = calibrate(residuals, "validation")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("n", "level", "rank"),
    [(9, 0.9, 9), (10, 0.9, 10), (99, 0.9, 90), (19, 0.95, 19), (4, 0.8, 4), (100, 0.8, 81), (3, 1e-12, 1)],
)
def test_the_half_width_is_the_residual_of_its_rank(n: int, level: float, rank: int) -> None:
    residuals = np.arange(1, n + 1) * np.where(np.arange(n) % 2, 1.0, -1.0)
    assert kept(np.random.default_rng(0).permutation(residuals)).half_widths(level) == [rank]


@pytest.mark.parametrize("n", [601, 5_000, 1_000_000])
def test_of_many_rows_the_half_width_is_at_least_the_exact_one_and_little_more(n: int) -> None:
    found = kept(np.arange(1.0, n + 1))  # the residual of a rank is the rank
    levels = np.random.default_rng(0).uniform(0.001, n / (n + 1), 2000).tolist()
    for level in levels:
        (width,) = found.half_widths(level)
        exact = math.ceil((n + 1) * level)
        assert exact <= width <= exact + 1 + n * (0.001 if level >= 0.5 else 0.01)
    for level in (0.8, 0.9, 0.95, 0.99, 0.999):  # those that people ask for are exact
        if level <= n / (n + 1):
            assert found.half_widths(level) == [math.ceil(round((n + 1) * level, 6))]


def test_what_is_kept_is_bounded() -> None:
    found = kept(np.random.default_rng(0).normal(size=1_000_000))
    assert len(json.dumps(found.to_json())) < 20_000
    assert found.ranks[-1] == 1_000_000
    assert found.highest_level == 0.999999


@pytest.mark.parametrize("n", [20, 250, 3000])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.683, 0.8, 0.9, 0.95])
def test_new_rows_are_held_as_often_as_promised(n: int, level: float) -> None:
    """Of |residuals| uniform on (0, 1) an interval holds as many new rows as it is wide; its mean over many
    calibrations is the coverage of a new row."""
    draw = np.random.default_rng(n)
    covered = [kept(draw.uniform(-1, 1, n)).half_widths(level)[0] for _ in range(400)]
    error = 4 * math.sqrt(level * (1 - level) / n / 400)
    step = 0 if n <= 600 else 0.001 if level >= 0.5 else 0.01
    assert level - error <= np.mean(covered) <= level + 1 / (n + 1) + step + error


@given(st.integers(1, 3000))
def test_the_highest_level_that_is_named_is_answered(n: int) -> None:
    found = kept(np.arange(1.0, n + 1))
    with pytest.raises(ParameterInvalid) as raised:
        half_widths(found, 0.9999, True)
    assert f"ask for {found.highest_level} or less" in raised.value.detail
    assert half_widths(found, found.highest_level, True) <= n
    digits = len(str(n + 1)) + 1
    assert found.half_widths(found.highest_level + 10**-digits) is None


def test_a_level_that_needs_more_rows_says_how_many() -> None:
    with pytest.raises(ParameterInvalid, match=r"0\.99 needs at least 99 held-out rows, .* were 40: ask for 0\.975 "):
        half_widths(kept(np.ones(40)), 0.99, True)
    assert half_widths(kept(np.ones(99)), 0.99, True) == [1.0]


def test_without_rows_that_were_held_out_the_error_says_how_to_train() -> None:
    assert calibrate(np.empty(0), "validation") is None
    with pytest.raises(ParameterInvalid, match=r'"split": \{"validation": 0\.2\}') as raised:
        half_widths(None, 0.9, True)
    assert raised.value.errors[0].pointer == "/intervals"


def test_classes_have_no_intervals() -> None:
    with pytest.raises(ParameterInvalid, match=r"classes\.calibration"):
        half_widths(None, 0.9, False)


def test_each_target_has_its_own_widths() -> None:
    residuals = np.stack([np.arange(1.0, 20), -10 * np.arange(1.0, 20)], axis=1)
    found = kept(residuals)
    assert found.half_widths(0.5).tolist() == [10.0, 100.0]
    assert found.of_target(1).half_widths(0.5).tolist() == [100.0]


@pytest.mark.parametrize(
    "change", [{"rows": 4}, {"ranks": [1, 2]}, {"residuals": [1.0, 2.0, 3.0]}, {"residuals": [[1.0, 2.0]]}]
)
def test_what_was_kept_is_read_again_or_refused(change: dict[str, object]) -> None:
    found = kept(np.array([3.0, -1.0, 2.0]))
    again = Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert again.half_widths(0.75).tolist() == [3.0]
    assert again.to_json() == found.to_json()
    with pytest.raises(ValueError, match="do not fit"):
        Calibration.from_json({**found.to_json(), **change})
