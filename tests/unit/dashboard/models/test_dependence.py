"""How predictions follow a feature: what is drawn as a curve."""

from __future__ import annotations

import pytest

from tests.unit.dashboard.node import run

DEPENDENCE = "pages/version/dependence.ts"


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3.5], True), (["a", "b"], False), ([False, True], False), ([1], False), ([1, 1], False), ([], False)],
)
def test_only_numbers_that_ascend_are_drawn_as_a_curve(values: list[object], expected: bool) -> None:
    assert run(DEPENDENCE, "return module.isCurve(given);", {"values": values}) is expected


def test_there_is_a_curve_for_each_class() -> None:
    script = "return module.curvesOf(given);"
    assert run(DEPENDENCE, script, {"predictions": [1, 2]}) == [{"name": "", "values": [1, 2]}]
    assert run(DEPENDENCE, script, {"predictions": {"b": [1], "a": [0]}}) == [
        {"name": "b", "values": [1]},
        {"name": "a", "values": [0]},
    ]
