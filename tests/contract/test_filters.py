"""Lists by metadata: the same answers on every database, whatever keys and values are made of."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.store import jobs, models
from service.store.session import Database, new_id
from tests.contract.rows import add_job

ODD_KEYS = (
    'a"b',
    "a'b",
    "a\\b",
    "a.b",
    "$.a",
    "$",
    "[0]",
    "é",
    "😀",
    " ",
    "a\nb",
    "%",
    "_",
    "; DROP TABLE jobs; --",
    "'",
)
KEPT: list[dict[str, Any]] = [
    {},
    {"stage": "prod", "n": 3, "ok": True, "rate": 0.5},
    {"stage": "test", "n": 3.0, "ok": False, "rate": 5e-1},
    {"stage": "prod", "n": "3", "ok": "true"},
    {"stage": ["prod"], "n": [3], "ok": None, "deep": {"stage": "prod"}},
    {"big": 10**30, "whole": 2**60, "negative": -7, "text": 'say "hi"', "empty": ""},
    dict.fromkeys(ODD_KEYS, "here"),
]


def publish(database: Database, name: str, metadata: dict[str, Any]) -> int:
    with database.write() as session:
        return models.publish(
            session,
            DEFAULT_OWNER,
            name,
            job_id=new_id("job"),
            dataset_id="d",
            task="regression",
            target="y",
            features=[],
            metrics={},
            files={},
            metadata=metadata,
        ).version


@pytest.fixture
def kept(database: Database) -> list[str]:
    """A job and a version of `m` for each of KEPT; the jobs' ids."""
    for metadata in KEPT:
        publish(database, "m", metadata)
    return [add_job(database, spec={"metadata": metadata}) for metadata in KEPT]


def found(database: Database, kept: list[str], wanted: dict[str, str]) -> list[int]:
    """The places in KEPT of what has this metadata: of the versions and of the jobs, which are the same."""
    with database.read() as session:
        versions = models.versions(session, DEFAULT_OWNER, "m", 100, None, wanted)
        listed = jobs.listing(session, DEFAULT_OWNER, 100, None, None, None, None, wanted)
    places = sorted(row.version - 1 for row in versions.data)
    assert places == sorted(kept.index(row.id) for row in listed.data)
    return places


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({"stage": "prod"}, [1, 3]),
        ({"stage": "pro"}, []),
        ({"n": "3"}, [1, 2, 3]),
        ({"n": "3.0"}, [1, 2]),
        ({"n": "4"}, []),
        ({"ok": "true"}, [1, 3]),
        ({"ok": "false"}, [2]),
        ({"ok": "1"}, []),
        ({"n": "true"}, []),
        ({"ok": "null"}, []),
        ({"rate": "0.50"}, [1, 2]),
        ({"stage": '["prod"]'}, []),
        ({"stage": '"prod"'}, []),
        ({"stage": "prod", "n": "3", "ok": "true"}, [1, 3]),
        ({"stage": "prod", "rate": "0.5"}, [1]),
        ({"stage": "test", "ok": "true"}, []),
        ({"deep": "prod"}, []),
        ({"none": ""}, []),
        ({"empty": ""}, [5]),
        ({"text": 'say "hi"'}, [5]),
        ({"big": "1e30"}, [5]),
        ({"big": str(10**30)}, [5]),
        ({"whole": str(2**60)}, [5]),
        ({"negative": "-7"}, [5]),
        ({"big": "9" * 5000}, []),
        ({"big": "1e999999"}, []),
        ({"n": "NaN"}, []),
        ({"n": "[" * 5000}, []),
        ({"stage": "' OR 1=1 --"}, []),
        ({"' OR '1'='1": "x"}, []),
    ],
)
def test_strings_are_equal_as_they_are_and_numbers_by_value(
    database: Database, kept: list[str], wanted: dict[str, str], places: list[int]
) -> None:
    assert found(database, kept, wanted) == places


def test_any_key_is_found_as_it_is(database: Database, kept: list[str]) -> None:
    for key in ODD_KEYS:
        assert found(database, kept, {key: "here"}) == [6], key
        assert found(database, kept, {key: "there"}) == [], key
    assert found(database, kept, dict.fromkeys(ODD_KEYS, "here")) == [6]


def test_jobs_without_metadata_and_with_what_postgresql_cannot_look_into_are_passed_by(database: Database) -> None:
    add_job(database, spec={})
    add_job(database, spec={"metadata": {"stage": "\0"}})
    id = add_job(database, spec={"metadata": {"stage": "prod"}})
    with database.read() as session:
        listed = jobs.listing(session, DEFAULT_OWNER, 100, None, None, None, None, {"stage": "prod"})
    assert [row.id for row in listed.data] == [id]


def test_a_model_is_found_by_any_one_of_its_versions(database: Database) -> None:
    for name, metadata in (("a", {"stage": "prod"}), ("a", {"team": "x"}), ("b", {"stage": "prod", "team": "x"}),
                           ("c", {})):  # fmt: skip
        publish(database, name, metadata)
    with database.read() as session:

        def names(wanted: dict[str, str]) -> list[str]:
            return [row.name for row in models.listing(session, DEFAULT_OWNER, 100, None, wanted).data]

        assert names({"stage": "prod"}) == ["b", "a"]
        assert names({"stage": "prod", "team": "x"}) == ["b"]  # both, of one version
        assert names({}) == ["c", "b", "a"]


def test_pages_of_a_filtered_list_go_on(database: Database, kept: list[str]) -> None:
    with database.read() as session:
        first = models.versions(session, DEFAULT_OWNER, "m", 1, None, {"stage": "prod"})
        assert first.next is not None
        rest = models.versions(session, DEFAULT_OWNER, "m", 1, int(first.next), {"stage": "prod"})
    assert [row.version - 1 for row in (*first.data, *rest.data)] == [3, 1]
    assert rest.next is None
