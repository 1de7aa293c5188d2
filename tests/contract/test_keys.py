"""Keys, owners and shares: the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.access.keys import digest_of
from service.errors import InputInvalid, KeyNotFound, ModelNotFound, ShareNotFound
from service.store import answers, datasets, jobs, models
from service.store.access import keys, shares
from service.store.access.secrets import shared_secret
from service.store.revisions import KEYS, MODELS, revision
from service.store.session import Database, new_id, now
from service.usecases.keys import create_key, make_first_key, revoke_key
from service.usecases.share import share, unshare
from tests.contract.rows import add_dataset, add_job, at_once

A, B = "alice", "bob"


def publish(database: Database, owner: str, name: str = "m", **values: Any) -> int:
    with database.write() as session:
        return models.publish(
            session,
            owner,
            name,
            **{
                "job_id": new_id("job"), "dataset_id": "d", "task": "regression", "target": "y", "features": [],
                "metrics": {}, "files": {}, **values,
            },
        ).version  # fmt: skip


def test_of_a_key_only_the_hash_is_kept(database: Database) -> None:
    made = create_key(database, A, "one", ["read", "predict"])
    id, secret = made.text.split("_")[1:]
    with database.read() as session:
        row = keys.get(session, id)
        assert (row.owner, row.name, row.scopes, row.digest) == (A, "one", ["read", "predict"], digest_of(secret))
        assert secret not in str({name: getattr(row, name) for name in row.__mapper__.columns.keys()})  # noqa: SIM118


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"owner": "Alice"}, "/owner"),
        ({"owner": ""}, "/owner"),
        ({"owner": "a/b"}, "/owner"),
        ({"owner": "a" * 65}, "/owner"),
        ({"name": ""}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["read", "write"]}, "/scopes"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "/expires_at"),
    ],
)
def test_what_no_key_can_have_is_refused_at_its_place(database: Database, values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        create_key(database, **{"owner": A, "name": "n", "scopes": ["read"], **values})
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_each_change_of_keys_raises_their_revision_and_no_other(database: Database) -> None:
    def seen() -> tuple[int, int]:
        with database.read() as session:
            return revision(session, KEYS), revision(session, MODELS)

    first, models_first = seen()
    made = create_key(database, A, "one", ["read"])
    revoke_key(database, None, made.row.id)
    revoke_key(database, None, made.row.id)  # changes nothing
    assert seen() == (first + 2, models_first)
    publish(database, A)
    assert seen() == (first + 2, models_first + 1)


def test_a_key_that_is_not_there_cannot_be_revoked(database: Database) -> None:
    with pytest.raises(KeyNotFound, match="adaline keys list"):
        revoke_key(database, None, "nope")


def test_keys_are_listed_newest_first_by_owner(database: Database) -> None:
    made = [create_key(database, owner, f"k{number}", ["read"]).row.id for number in range(3) for owner in (A, B)]
    with database.read() as session:
        first = keys.listing(session, 4, None)
        rest = keys.listing(session, 4, first.next)
        assert sorted([row.id for row in (*first.data, *rest.data)]) == sorted(made)
        assert [row.id for row in first.data] == sorted(made, reverse=True)[:4]
        assert {row.owner for row in keys.listing(session, 9, None, A).data} == {A}


def test_of_processes_that_start_together_one_makes_the_first_key(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    shown: list[str] = []

    def start(_: int) -> bool:
        own = Database(url)
        try:
            return make_first_key(own, shown.append)
        finally:
            own.close()

    assert sorted(at_once(4, start)) == [False, False, False, True]
    assert len(shown) == 1
    with database.read() as session:
        (row,) = keys.every(session)
    assert (row.scopes, row.owner, shown[0].split("_")[1]) == (["admin"], "default", row.id)


def test_a_first_key_that_cannot_be_handed_over_is_not_made(database: Database) -> None:
    def fail(_: str) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 (what the handing over raises)
        make_first_key(database, fail)
    with database.read() as session:
        assert not keys.exist(session)


def test_processes_that_need_a_secret_together_get_the_same(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)

    def ask(_: int) -> str:
        own = Database(url)
        try:
            return shared_secret(own, "test")
        finally:
            own.close()

    assert len(set(at_once(4, ask))) == 1


def test_two_owners_may_use_the_same_names_keys_and_bytes(database: Database) -> None:
    assert [publish(database, owner) for owner in (A, B, A)] == [1, 1, 2]
    one, two = (add_dataset(database, owner=owner, fingerprint="same") for owner in (A, B))
    with database.write() as session:
        answers.remember(session, A, "POST /v1/jobs", "key", "print", "job_1", {})
        answers.remember(session, B, "POST /v1/jobs", "key", "other", "job_2", {})
    with database.read() as session:
        assert [datasets.by_fingerprint(session, owner, "same").id for owner in (A, B)] == [one, two]  # type: ignore[union-attr]  # both there
        assert datasets.count_ready(session, A, [one, two]) == 0
        assert answers.recall(session, A, "POST /v1/jobs", "key", "print").resource_id == "job_1"  # type: ignore[union-attr]  # there
        assert answers.recall(session, "carol", "POST /v1/jobs", "key", "print") is None
        assert models.newest_versions(session, B, ["m"]) == {"m": 1}


def test_lists_hold_one_owner_s_things_alone(database: Database) -> None:
    for owner in (A, B, A):
        add_job(database, owner=owner)
        add_dataset(database, owner=owner)
        publish(database, owner, f"m-{new_id('x')[-6:]}", metadata={"stage": "live"})
    with database.read() as session:
        assert len(jobs.listing(session, A, 9, None, None, None, None).data) == 2
        assert len(datasets.listing(session, B, 9, None).data) == 1
        assert len(models.listing(session, A, 9, None, {"stage": "live"}).data) == 2
        assert len(models.listing(session, "carol", 9, None).data) == 0


def test_a_reference_to_another_s_model_means_something_only_while_it_is_shared(database: Database) -> None:
    publish(database, A)

    def meant(ref: str, who: str) -> int:
        with database.read() as session:
            return models.resolve(session, who, ref).version

    assert meant("alice/m", A) == 1
    for ref in ("alice/m", "alice/m:1", "alice/m@live", "alice/none", "nobody/m"):
        with pytest.raises(ModelNotFound) as refused:
            meant(ref, B)
        name = ref.replace("@", ":").split(":")[0]
        assert refused.value.detail == f"there is no model {name!r}; GET /v1/models lists those there are"
    share(database, A, "m", B)
    share(database, A, "m", B)
    publish(database, A)
    assert (meant("alice/m", B), meant("alice/m:1", B)) == (2, 1)
    with pytest.raises(ModelNotFound):
        meant("m", B)
    with database.read() as session:
        assert [row.grantee for row in shares.of_model(session, A, "m")] == [B]
        assert [row.owner for row in shares.with_owner(session, B)] == [A]
    unshare(database, A, "m", B)
    with pytest.raises(ModelNotFound):
        meant("alice/m", B)
    with pytest.raises(ShareNotFound):
        unshare(database, A, "m", B)


def test_a_share_goes_with_its_model(database: Database) -> None:
    publish(database, A)
    share(database, A, "m", B)
    with database.write() as session:
        models.delete_version(session, A, "m", 1)
        models.delete(session, A, "m")
    publish(database, A)  # the name anew: nobody but its owner
    with pytest.raises(ModelNotFound), database.read() as session:
        models.resolve(session, B, "alice/m")


def test_uses_are_noted_where_the_last_note_is_old(database: Database) -> None:
    made = create_key(database, A, "one", ["read"]).row.id
    moment = now()
    for after, noted in ((0, 0), (59, 0), (61, 61), (61 + 59, 61)):
        with database.write() as session:
            keys.note_uses(session, {made: moment + timedelta(seconds=after)})
        with database.read() as session:
            assert keys.get(session, made).last_used_at == moment + timedelta(seconds=noted)
