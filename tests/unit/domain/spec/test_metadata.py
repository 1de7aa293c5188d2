"""Metadata: what is kept, what is refused, and what a filter means."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.spec.metadata import meanings
from service.domain.spec.schema import read_spec
from service.errors import SpecInvalid

LEAST = {"dataset": "ds_1", "model": "m", "target": "y"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prod", ["prod"]),
        ("3", ["3", 3]),
        ("-0.5", ["-0.5", -0.5]),
        ("true", ["true", True]),
        ("null", ["null"]),
        ('"prod"', ['"prod"']),
        ("[3]", ["[3]"]),
        ("NaN", ["NaN"]),
        ("Infinity", ["Infinity"]),
        ("1e999", ["1e999"]),
        ("", [""]),
        ("9" * 5000, ["9" * 5000]),
        ("[" * 100_000, ["[" * 100_000]),
    ],
)
def test_a_filter_is_its_text_or_what_that_is_as_json(text: str, expected: list[Any]) -> None:
    found = meanings(text)
    assert list(found) == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    "metadata", [{}, {"a": {"deep": [1, None, True]}}, {"": ""}, {"é": "😀"}, {"text": "x" * 16_373}]
)
def test_metadata_is_kept_as_it_is(metadata: dict[str, Any]) -> None:
    assert read_spec({**LEAST, "metadata": metadata}).metadata == metadata


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"text": "x" * 16_374}, "16,385 bytes as JSON, and at most 16,384"),
        ({"text": "é" * 8_187}, "bytes as JSON"),
        ({"a": "b\0"}, "NUL"),
        ({"a\0": 1}, "NUL"),
        ({"a": [{"b": ["\0"]}]}, "NUL"),
        ({"a": float("inf")}, "finite"),
        ({"a": "\ud800"}, "Unicode"),
        ([1], ""),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_place(metadata: Any, why: str) -> None:
    with pytest.raises(SpecInvalid) as raised:
        read_spec({**LEAST, "metadata": metadata})
    assert [error.pointer for error in raised.value.errors] == ["/metadata"]
    assert why in raised.value.errors[0].detail
