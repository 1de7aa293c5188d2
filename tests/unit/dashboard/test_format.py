"""Numbers as the pages write them: what is written is what `typedNumber` reads."""

from __future__ import annotations

import pytest

from tests.unit.dashboard.node import run

FORMAT = "words/format.ts"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-123.45, "−123.5"), (-1234567.8, "−1,234,568"), (-3, "−3"), (-0.00012345, "−0.0001235"),
        (-2.5e12, "−2.5 · 10¹²"), (-1e-7, "−1 · 10⁻⁷"), (-0.0, "0"), (0, "0"), (1234567, "1,234,567"), (None, "–"),
    ],
)  # fmt: skip
def test_a_number_has_the_minus_sign_of_print_and_zero_has_none(value: float | None, written: str) -> None:
    assert run(FORMAT, "return module.number(given);", value) == written


def test_what_is_written_is_read_again() -> None:
    values = [-123.4, -3, -0.0001235, 1234567]
    script = "return given.map((value) => module.typedNumber(module.number(value)).value);"
    assert run(FORMAT, script, values) == values
    assert run(FORMAT, "return module.percent(given);", -0.125) == "−12.5%"
