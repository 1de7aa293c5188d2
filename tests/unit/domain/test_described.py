"""Records as JSON, and as what the OpenAPI document is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pytest

from service.domain.described import As, described, document


@dataclass(frozen=True, slots=True)
class Inner:
    label: Annotated[str | None, As("class", omits_none=True)]
    value: Annotated[float | None, "how much"]


@dataclass(frozen=True, slots=True)
class Outer:
    each: Sequence[Inner]
    named: Mapping[str, Inner]
    own: Annotated[int, As(hidden=True)] = 0
    none: None = None


def test_json_has_the_keys_that_a_record_says() -> None:
    record = Outer((Inner("a", 1.5), Inner(None, None)), {"b": Inner("b", 2.0)}, own=7)
    assert document(record) == {
        "each": [{"class": "a", "value": 1.5}, {"value": None}],
        "named": {"b": {"class": "b", "value": 2.0}},
        "none": None,
    }


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", [1, "a"], {"a": [None]}])
def test_plain_values_stay_what_they_are(value: object) -> None:
    assert document(value) == value


def test_fields_have_their_types_and_words() -> None:
    label, value = described(Inner)
    assert (label.name, label.key, label.type, label.omits_none) == ("label", "class", str | None, True)
    assert (value.key, value.type, value.words) == ("value", float | None, "how much")
    assert [field.name for field in described(Outer)] == ["each", "named", "none"]
