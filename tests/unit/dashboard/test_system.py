"""The system's pages: what is typed of keys and limits, as the API takes it."""

from __future__ import annotations

from service.domain.access.scopes import SCOPES
from tests.unit.dashboard.node import run

CHOICES = "pages/system/choices.ts"


def test_the_scopes_are_those_of_the_server() -> None:
    assert sorted(run(CHOICES, "return module.SCOPES.map(([name]) => name);")) == sorted(SCOPES)


def test_limits_left_empty_are_left_out_and_what_is_no_whole_number_is_told() -> None:
    script = "return module.limitsOf(given, (text) => text === '' ? null : Number(text));"
    typed = {"datasets": "12", "rows": "", "queued_jobs": "0", "columns": "1.5", "job_seconds": "-1", "other": "3"}
    found = run(CHOICES, script, typed)
    assert found["limits"] == {"datasets": 12, "queued_jobs": 0}
    assert sorted(found["wrong"]) == ["columns", "job_seconds"]


def test_a_key_ends_after_its_days_or_never() -> None:
    script = "return [module.expiry(null, given), module.expiry(7, given)];"
    assert run(CHOICES, script, 1_700_000_000_000) == [None, "2023-11-21T22:13:20.000Z"]


def test_names_of_owners_are_those_that_the_api_takes() -> None:
    names = ["alice", "a", "0-a_b.c", "", "Alice", "-a", "a" * 65, "a b"]
    assert run(CHOICES, "return given.map(module.isOwner);", names) == [True] * 3 + [False] * 5
