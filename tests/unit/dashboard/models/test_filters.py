"""Filters by metadata between the address of a page and the API."""

from __future__ import annotations

from tests.unit.dashboard.node import run

FILTERS = "api/filters.ts"


def test_only_parameters_with_the_prefix_are_filters() -> None:
    script = "return module.metadataOf(new URLSearchParams(given));"
    assert run(FILTERS, script, "metadata.run=3&from=7&metadata.a%26b=x%3Dy&metadata.=none") == {
        "run": "3",
        "a&b": "x=y",
    }


def test_the_api_is_asked_by_the_same_names_and_not_at_all_without_filters() -> None:
    assert run(FILTERS, "return module.asked(given);", {"run": "3", "a&b": "x"}) == {
        "metadata": {"metadata.run": "3", "metadata.a&b": "x"}
    }
    assert run(FILTERS, "return module.asked(given);", {}) == {}
