"""Versions are numbered once and for ever; references and aliases mean what they say."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.errors import AliasChanged, AliasNotFound, ModelNotEmpty, ModelNotFound, VersionAliased, VersionNotFound
from service.store import models
from service.store.session import Database, new_id, now
from service.store.tables import JobRow
from service.usecases.promote import delete_model, delete_version, promote, remove_alias
from tests.contract.rows import at_once


def publish(database: Database, name: str = "m") -> int:
    values: dict[str, Any] = {
        "job_id": new_id("job"), "dataset_id": "ds_1", "task": "regression", "target": "y",
        "features": [{"name": "x", "kind": "numeric"}], "metrics": {}, "files": {},
    }  # fmt: skip
    with database.write() as session:
        return models.publish(session, DEFAULT_OWNER, name, **values).version


def meant(database: Database, ref: str) -> int:
    with database.read() as session:
        return models.resolve(session, DEFAULT_OWNER, ref).version


def test_versions_are_numbered_from_one_for_each_model(database: Database) -> None:
    assert [publish(database, "a"), publish(database, "a"), publish(database, "b")] == [1, 2, 1]


def test_versions_published_at_the_same_moment_have_each_their_number(database: Database) -> None:
    assert sorted(at_once(8, lambda _: publish(database))) == list(range(1, 9))
    with database.read() as session:
        assert models.get(session, DEFAULT_OWNER, "m").last_version == 8


def test_a_number_is_never_used_again(database: Database) -> None:
    for _ in range(3):
        publish(database)
    delete_version(database, DEFAULT_OWNER, "m", 3)
    assert publish(database) == 4
    for version in (1, 2, 4):
        delete_version(database, DEFAULT_OWNER, "m", version)
    assert publish(database) == 5


def test_a_model_goes_once_it_has_no_versions_and_its_name_goes_on_counting(database: Database) -> None:
    for _ in range(2):
        publish(database)
    with database.write() as session:
        job = JobRow(id="job_1", kind="train", state="succeeded", spec={}, dataset_id="ds_1", model_name="m")
        job.model_version, job.created_at = 2, now()
        session.add(job)
    with pytest.raises(ModelNotEmpty, match="1, 2"):
        delete_model(database, DEFAULT_OWNER, "m")
    for version in (1, 2):
        delete_version(database, DEFAULT_OWNER, "m", version)
    delete_model(database, DEFAULT_OWNER, "m")
    with database.read() as session, pytest.raises(ModelNotFound):
        models.get(session, DEFAULT_OWNER, "m")
    with pytest.raises(ModelNotFound):
        delete_model(database, DEFAULT_OWNER, "m")
    assert publish(database) == 3  # not a number that somebody may still ask for
    assert publish(database, "new") == 1


def test_a_bare_name_is_its_newest_version_until_there_is_a_default(database: Database) -> None:
    for _ in range(3):
        publish(database)
    assert meant(database, "m") == 3
    promote(database, DEFAULT_OWNER, "m", "default", 1, None)
    assert meant(database, "m") == 1
    remove_alias(database, DEFAULT_OWNER, "m", "default", None)
    delete_version(database, DEFAULT_OWNER, "m", 3)
    assert meant(database, "m") == 2


def test_references_by_alias_and_by_number(database: Database) -> None:
    publish(database)
    publish(database)
    promote(database, DEFAULT_OWNER, "m", "live", 1, None)
    assert (meant(database, "m@live"), meant(database, "m:2"), meant(database, "m:02")) == (1, 2, 2)


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ("none", ModelNotFound), ("none@live", ModelNotFound), ("none:1", ModelNotFound), ("none:x", ModelNotFound),
        ("m@none", AliasNotFound), ("m:9", VersionNotFound), ("m:x", VersionNotFound), ("m:-1", VersionNotFound),
        ("m:" + "9" * 40, VersionNotFound), ("m:", VersionNotFound), ("empty", VersionNotFound),
    ],
)  # fmt: skip
def test_a_reference_to_nothing_says_what_is_not_there(database: Database, ref: str, error: type[Exception]) -> None:
    publish(database)
    publish(database, "empty")
    delete_version(database, DEFAULT_OWNER, "empty", 1)
    with pytest.raises(error):
        meant(database, ref)


def test_an_alias_is_revised_only_by_who_has_seen_it(database: Database) -> None:
    publish(database)
    publish(database)
    first = promote(database, DEFAULT_OWNER, "m", "live", 1, 0).revision
    with pytest.raises(AliasChanged):
        promote(database, DEFAULT_OWNER, "m", "live", 2, 0)  # it is there by now
    second = promote(database, DEFAULT_OWNER, "m", "live", 2, first).revision
    assert second > first
    with pytest.raises(AliasChanged):
        promote(database, DEFAULT_OWNER, "m", "live", 1, first)
    with pytest.raises(AliasChanged):
        remove_alias(database, DEFAULT_OWNER, "m", "live", first)
    assert meant(database, "m@live") == 2
    assert promote(database, DEFAULT_OWNER, "m", "live", 2, None).revision == second  # already so: nothing has changed
    remove_alias(database, DEFAULT_OWNER, "m", "live", second)
    with pytest.raises(AliasNotFound):
        meant(database, "m@live")


def test_an_alias_from_before_the_registry_counted_never_gets_a_lower_revision(database: Database) -> None:
    publish(database)
    publish(database)
    promote(database, DEFAULT_OWNER, "m", "live", 1, None)
    with database.write() as session:
        models.get_alias(session, DEFAULT_OWNER, "m", "live").revision = 1000
    assert promote(database, DEFAULT_OWNER, "m", "live", 2, 1000).revision == 1001


def test_of_those_who_make_an_alias_at_the_same_moment_one_succeeds(database: Database) -> None:
    publish(database)

    def attempt(_: int) -> bool:
        try:
            promote(database, DEFAULT_OWNER, "m", "live", 1, 0)
        except AliasChanged:
            return False
        return True

    assert sum(at_once(6, attempt)) == 1


def test_without_an_expectation_the_last_one_to_promote_wins(database: Database) -> None:
    for _ in range(6):
        publish(database)
    revisions = at_once(6, lambda number: promote(database, DEFAULT_OWNER, "m", "live", number + 1, None).revision)
    assert len(set(revisions)) == 6


def test_an_alias_needs_its_version_and_keeps_it(database: Database) -> None:
    publish(database)
    with pytest.raises(VersionNotFound):
        promote(database, DEFAULT_OWNER, "m", "live", 2, None)
    promote(database, DEFAULT_OWNER, "m", "live", 1, None)
    with pytest.raises(VersionAliased, match="live"):
        delete_version(database, DEFAULT_OWNER, "m", 1)
    remove_alias(database, DEFAULT_OWNER, "m", "live", None)
    delete_version(database, DEFAULT_OWNER, "m", 1)
    with pytest.raises(VersionNotFound):
        delete_version(database, DEFAULT_OWNER, "m", 1)


def test_a_version_is_never_both_aliased_and_deleted(database: Database) -> None:
    for version in range(1, 11):
        publish(database)

        def act(number: int, version: int = version) -> str:
            try:
                if number:
                    promote(database, DEFAULT_OWNER, "m", "live", version, None)
                else:
                    delete_version(database, DEFAULT_OWNER, "m", version)
            except (VersionNotFound, VersionAliased):
                return "refused"
            return "done"

        assert sorted(at_once(2, act)) == ["done", "refused"]


def test_aliases_and_newest_versions_of_many_models(database: Database) -> None:
    for name in ("a", "a", "b", "c"):
        publish(database, name)
    promote(database, DEFAULT_OWNER, "a", "live", 1, None)
    promote(database, DEFAULT_OWNER, "a", "best", 2, None)
    delete_version(database, DEFAULT_OWNER, "c", 1)
    with database.read() as session:
        assert models.newest_versions(session, DEFAULT_OWNER, ["a", "b", "c"]) == {"a": 2, "b": 1}
        assert models.aliases(session, DEFAULT_OWNER, ["a", "b"]) == {"a": {"best": 2, "live": 1}, "b": {}}
