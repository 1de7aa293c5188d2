"""What counts as a difference from the record, here and on another kind of machine."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.behaviour.golden.book import differences

RECORDED: dict[str, Any] = {
    "form": {"files": ["a.svg"]},
    "bits": {"weights": "0a", "words": "0b"},
    "figures": {"loss": 2.5, "gradient": 0.0},
}


def changed(part: str, name: str, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(RECORDED)
    found[part][name] = value
    return found


@pytest.mark.parametrize("same_machine", [True, False])
def test_the_same_is_no_difference(same_machine: bool) -> None:
    assert differences(RECORDED, copy.deepcopy(RECORDED), same_machine) == []


def test_other_bits_differ_on_the_machine_of_the_record_alone() -> None:
    found = changed("bits", "weights", "ff")
    assert differences(RECORDED, found, same_machine=True) == ["bits: weights: recorded 0a, found ff"]
    assert differences(RECORDED, found, same_machine=False) == []


@pytest.mark.parametrize("same_machine", [True, False])
@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("form", "files", ["a.svg", "b.svg"]),
        ("form", "error", "diverged"),
        ("figures", "loss", 2.51),
        ("figures", "gradient", 0.01),
        ("figures", "other", 1.0),
    ],
)
def test_another_form_or_figure_differs_everywhere(part: str, name: str, value: Any, same_machine: bool) -> None:
    (told,) = differences(RECORDED, changed(part, name, value), same_machine)
    assert told.startswith(f"{part}: {name}: ")


@pytest.mark.parametrize(("name", "value"), [("loss", 2.5001), ("gradient", 1e-6)])
def test_rounding_is_a_difference_on_the_machine_of_the_record_alone(name: str, value: float) -> None:
    found = changed("figures", name, value)
    assert len(differences(RECORDED, found, same_machine=True)) == 1
    assert differences(RECORDED, found, same_machine=False) == []
