"""A backup is whole or not there, names no blob that it lacks, and is restored into any engine and any store."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from sqlalchemy import select, text

from service.changes import Changes
from service.domain.access.owners import DEFAULT_OWNER
from service.errors import CannotStart, StorageDamaged, Unavailable
from service.queue import Queue
from service.settings import Settings
from service.store import answers, jobs, migrate, models, work
from service.store.backups.manifest import Manifest
from service.store.backups.place import BackupPlace, open_place
from service.store.blobs.disk import DiskBlobs
from service.store.blobs.in_use import blobs_in_use
from service.store.blobs.store import Blobs, read_blob
from service.store.session import Database, now
from service.store.tables import DatasetRow, JobRow, Row, VersionRow
from service.usecases.keeping.back_up import back_up
from service.usecases.keeping.prune import Pruned, prune
from service.usecases.keeping.restore import found, restore
from service.usecases.predict import LoadedModels
from service.wiring import Deps
from tests import samples
from tests.contract.test_upgrades import CELLS, MOMENT
from workers.tidying import tidy

MakeDatabase = Callable[[str], Database]
MakeBlobs = Callable[[str], Blobs]
STACKS = {"one machine": ("sqlite", "disk"), "many machines": ("postgresql", "s3")}


@pytest.fixture
def make_stack(make_database: MakeDatabase, make_blobs: MakeBlobs, valkey_url: str) -> Callable[..., Deps]:
    """A database and a store of a kind, with nothing in them."""

    def make(kind: str = "one machine", **settings: Any) -> Deps:
        engine, store = STACKS[kind]
        made = Settings(broker_url=valkey_url, **settings)
        return Deps(made, make_database(engine), make_blobs(store), Queue(valkey_url), Changes(valkey_url))

    return make


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> BackupPlace:
    if request.param == "directory":
        return open_place(str(tmp_path / "backups of a team"))
    return open_place(request.getfixturevalue("make_bucket")(), request.getfixturevalue("s3_endpoint"))


@pytest.fixture
def directory(tmp_path: Path) -> BackupPlace:
    return open_place(str(tmp_path / "backups"))


def fill(deps: Deps) -> None:
    """Something of everything that a database has."""
    samples.dataset(deps, rejects_key=deps.blobs.put(b"line,reason\n").key, name='naïve \u2028 "quoted".csv')
    for bias in (0.0, 0.1):
        publish(deps, "houses", bias)
    publish(deps, "animals", 0.0)
    with deps.database.write() as session:
        models.get(session, DEFAULT_OWNER, "houses", for_change=True)
        models.point(session, DEFAULT_OWNER, "houses", "default", 1)
        answers.remember(
            session, DEFAULT_OWNER, "POST /v1/jobs", "key", "print", "job_1", {"id": "job_1", "big": 2**53, "nan": None}
        )
    spec = {"text": "ü \u0001", "deep": [{"a": [1, 2.5, None, True, 0.1 + 0.2]}], "big": 2**53}
    done = samples.job(deps, spec=spec, state="queued", progress=None)
    with deps.database.write() as session:
        jobs.move(session, done.id, "running")
        jobs.move(session, done.id, "succeeded", finished_at=now(), result={"metrics": {"rmse": 1e-310}})


def publish(deps: Deps, name: str, bias: float) -> VersionRow:
    predictor = samples.price_predictor()
    parameters = predictor.parameters.copy()
    parameters[-1] += bias
    return samples.publish(deps, replace(predictor, parameters=parameters), name)


def all_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Row.metadata.sorted_tables
        }


def predictions(deps: Deps, ref: str) -> bytes:
    predictor = LoadedModels(deps.database, deps.blobs, 4).find(DEFAULT_OWNER, ref).predictor
    return predictor.scores(np.random.default_rng(1).normal(size=(100, 4)) * 1e3).tobytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("one machine", "one machine"),
        pytest.param("one machine", "many machines", marks=pytest.mark.postgres),
        pytest.param("many machines", "one machine", marks=pytest.mark.postgres),
    ],
)
def test_a_restored_stack_has_the_same_rows_and_predicts_the_same_bits(
    before: str, after: str, place: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    old, new = make_stack(before), make_stack(after)
    fill(old)
    made = back_up(old.database, old.blobs, place)
    assert made.manifest.blobs == made.new_blobs == len(set(old.blobs.keys(0)))
    done = restore(place, None, new.database, new.blobs)
    assert (done.name, done.new_blobs) == (made.name, made.manifest.blobs)
    rows = all_rows(new.database)
    assert rows == all_rows(old.database)
    assert {name: len(found) for name, found in rows.items()} == made.manifest.tables
    assert all(rows[name] for name in ("datasets", "jobs", "events", "models", "versions", "aliases", "answers"))
    assert set(new.blobs.keys(0)) == set(old.blobs.keys(0))
    for ref in ("houses", "houses:2", "animals"):
        assert predictions(new, ref) == predictions(old, ref)
    assert predictions(new, "houses:1") != predictions(new, "houses:2")
    publish(new, "houses", 0.5)  # and goes on from there
    with new.database.read() as session:
        assert models.version_numbers(session, DEFAULT_OWNER, "houses") == [1, 2, 3]
        # an absent document is SQL's null, not JSON's
        assert session.scalars(select(JobRow).where(JobRow.progress.is_(None))).all() != []


def test_a_second_backup_adds_only_what_is_new(place: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps = make_stack()
    fill(deps)
    first = back_up(deps.database, deps.blobs, place)
    second = back_up(deps.database, deps.blobs, place)
    publish(deps, "houses", 0.7)
    third = back_up(deps.database, deps.blobs, place)
    assert [made.new_blobs for made in (first, second, third)] == [first.manifest.blobs, 0, 1]
    assert place.names() == [first.name, second.name, third.name]
    for made, versions in ((first, [1, 2]), (third, [1, 2, 3])):
        new = make_stack()
        restore(place, made.name, new.database, new.blobs)
        with new.database.read() as session:
            assert models.version_numbers(session, DEFAULT_OWNER, "houses") == versions


def test_what_is_pruned_takes_no_room_and_what_stays_is_whole(
    place: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    deps, emptied = make_stack(), make_stack()
    fill(deps)
    first = back_up(deps.database, deps.blobs, place)
    with deps.database.write() as session:
        models.delete(session, DEFAULT_OWNER, "animals")
    publish(deps, "houses", 0.7)
    second = back_up(deps.database, deps.blobs, place)
    third = back_up(emptied.database, emptied.blobs, place)  # names nothing
    assert prune(place, 3).names == prune(place, 9).names == []
    before = {blob.key: blob.size for blob in place.blobs.listing()}
    assert prune(place, 2) == Pruned([first.name], 0, 0)  # its blobs may be those of a backup that is under way
    assert set(place.blobs.keys(0)) == set(before)
    done = prune(place, 2, grace_seconds=0)
    gone = set(before) - set(place.blobs.keys(0))
    assert (done.names, done.blobs, done.size_bytes) == ([], len(gone), sum(before[key] for key in gone))
    assert gone >= {first.manifest.rows, first.manifest.listing}
    assert place.names() == [second.name, third.name]
    new = make_stack()
    restore(place, second.name, new.database, new.blobs)
    assert all_rows(new.database) == all_rows(deps.database)
    assert predictions(new, "houses:3") == predictions(deps, "houses:3")
    assert prune(place, 1, grace_seconds=0).names == [second.name]
    assert set(place.blobs.keys(0)) == {third.manifest.rows, third.manifest.listing}


def test_a_backup_whose_files_are_pruned_meanwhile_is_no_backup(
    place: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    deps, new = make_stack(), make_stack()
    fill(deps)
    first = back_up(deps.database, deps.blobs, place)
    publish(deps, "houses", 0.7)
    publish(deps, "houses", 0.8)

    def pruning(done: int, of: int) -> None:
        if done == 1:
            prune(place, 1, grace_seconds=0)

    with pytest.raises(Unavailable, match="try again"):
        back_up(deps.database, deps.blobs, place, told=pruning)
    assert place.names() == [first.name]
    made = back_up(deps.database, deps.blobs, place)
    restore(place, made.name, new.database, new.blobs)
    assert all_rows(new.database) == all_rows(deps.database)


@pytest.mark.parametrize("what", ["manifest", "listing"])
def test_nothing_is_pruned_where_a_backup_that_stays_is_damaged(
    what: str, directory: BackupPlace, tmp_path: Path, make_stack: Callable[..., Deps]
) -> None:
    deps = make_stack()
    fill(deps)
    made = []
    for bias in (0.7, 0.8, 0.9):
        publish(deps, "houses", bias)
        made.append(back_up(deps.database, deps.blobs, directory))
    key = made[1].manifest.listing
    files = {"manifest": f"backups/backups/{made[1].name}.json", "listing": f"backups/blobs/objects/{key[:2]}/{key}"}
    damaged = tmp_path / files[what]
    damaged.write_bytes(damaged.read_bytes()[:-3] + b" } ")
    before = set(directory.blobs.keys(0))
    with pytest.raises(StorageDamaged, match=f"backup {made[1].name} is damaged; nothing was deleted"):
        prune(directory, 2, grace_seconds=0)
    assert directory.names() == [one.name for one in made]
    assert set(directory.blobs.keys(0)) == before
    assert prune(directory, 1, grace_seconds=0).names == [one.name for one in made[:2]]  # the mend that is offered


def test_work_that_ran_waits_again_with_what_it_had_saved(
    directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    old, new = make_stack(), make_stack()
    saved = old.blobs.put(b"checkpoint").key
    running, waiting = samples.job(old).id, samples.job(old).id
    reading = samples.dataset(old, state="ingesting").id
    with old.database.write() as session:
        work.claim(session, JobRow, running, 3600)
        work.write(session, JobRow, running, 1, checkpoint_key=saved)
        work.mark_sent(session, JobRow, [waiting])
        work.claim(session, DatasetRow, reading, 3600)
    back_up(old.database, old.blobs, directory)
    restore(directory, None, new.database, new.blobs)
    with new.database.read() as session:
        job, dataset = jobs.get(session, DEFAULT_OWNER, running), session.get_one(DatasetRow, reading)
        assert (job.state, job.lease_until, job.attempt, job.checkpoint_key) == ("queued", None, 0, saved)
        assert (dataset.state, dataset.lease_until, dataset.attempt) == ("ingesting", None, 0)
        assert jobs.last_event(session, running) == {"state": "queued", "reason": "restored from a backup"}
        assert list(work.never_sent(session, JobRow)) == sorted([running, waiting])
        assert list(work.never_sent(session, DatasetRow)) == [reading]
    with new.database.write() as session:
        assert not work.write(session, JobRow, running, 1)  # a worker of the old stack has no say in the new one
        assert read_blob(new.blobs, saved) == b"checkpoint"


class Cut(Exception):
    """The power has gone."""


def cut_at(number: int) -> Callable[[int, int], None]:
    def told(done: int, of: int) -> None:
        if done == number:
            raise Cut

    return told


def test_a_backup_that_is_cut_off_is_no_backup(place: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps, new = make_stack(), make_stack()
    fill(deps)
    with pytest.raises(Cut):
        back_up(deps.database, deps.blobs, place, told=cut_at(2))
    assert place.names() == []
    with pytest.raises(CannotStart, match="no whole backup"):
        restore(place, None, new.database, new.blobs)
    made = back_up(deps.database, deps.blobs, place)
    assert made.new_blobs == made.manifest.blobs - 2  # those that were there
    assert place.names() == [made.name]


def test_a_restore_that_is_cut_off_begins_again(directory: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps, new = make_stack(), make_stack()
    fill(deps)
    made = back_up(deps.database, deps.blobs, directory)
    with pytest.raises(Cut):
        restore(directory, None, new.database, new.blobs, cut_at(2))
    assert all_rows(new.database)["versions"] == []
    assert restore(directory, None, new.database, new.blobs).new_blobs == made.manifest.blobs - 2
    assert all_rows(new.database) == all_rows(deps.database)


@pytest.mark.parametrize("kind", ["one machine", pytest.param("many machines", marks=pytest.mark.postgres)])
def test_a_database_that_is_not_empty_is_refused(
    kind: str, directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    old, new = make_stack(), make_stack(kind)
    fill(old)
    back_up(old.database, old.blobs, directory)
    samples.job(new)
    before = all_rows(new.database)
    with pytest.raises(CannotStart, match="has jobs already"):
        restore(directory, None, new.database, new.blobs)
    assert all_rows(new.database) == before


@pytest.mark.parametrize("kind", ["one machine", pytest.param("many machines", marks=pytest.mark.postgres)])
def test_backups_taken_while_all_is_made_and_deleted_name_only_what_they_have(
    kind: str, directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    """Versions come and go, checkpoints are replaced, and the sweeper deletes at once what no row names."""
    deps = make_stack(kind, orphan_seconds=0.0)
    ended, replaced = threading.Event(), threading.Event()
    saving = samples.job(deps).id

    def keep_on(act: Callable[[int], None]) -> None:
        for number in count(1):
            if ended.is_set():
                return
            act(number)

    def replace_version(number: int) -> None:
        row = held(lambda: publish(deps, "m", number / 64))
        with deps.database.write() as session:
            models.delete_version(session, DEFAULT_OWNER, "m", row.version - 1)
        replaced.set()

    def save(number: int) -> None:
        def point() -> None:
            key = deps.blobs.put(b"%d" % number).key
            with deps.database.write() as session:
                before = jobs.get(session, DEFAULT_OWNER, saving)
                old, before.checkpoint_key = before.checkpoint_key, key
            if old:
                deps.blobs.delete(old, 0)

        held(point)

    publishing = threading.Lock()

    def held(act: Callable[[], Any]) -> Any:
        with publishing:  # without a grace, what has no row yet would be swept: not what is asked here
            return act()

    def sweep(_: int) -> None:
        held(lambda: tidy(deps))

    with ThreadPoolExecutor(3) as threads:
        going = [threads.submit(keep_on, act) for act in (replace_version, save, sweep)]
        try:
            made = []
            for _ in range(5):
                made.append(back_up(deps.database, deps.blobs, directory))
                replaced.clear()
                assert replaced.wait(60)  # the next one is taken at another moment, however fast this machine is
        finally:
            ended.set()
        for one in going:
            one.result()
    versions = set()
    for one in made:
        new = make_stack()
        restore(directory, one.name, new.database, new.blobs)
        with new.database.read() as session:
            named = blobs_in_use(session)
            versions |= set(models.version_numbers(session, DEFAULT_OWNER, "m"))
        for key in named:
            new.blobs.verify(key)
    assert len(versions) > 1  # they were taken at different moments


def test_lost_and_damaged_bytes_are_named_and_nothing_is_backed_up(
    directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    deps = make_stack()
    dataset = samples.dataset(deps)
    assert isinstance(deps.blobs, DiskBlobs)
    table = deps.blobs._path(dataset.table_key or "")
    whole = table.read_bytes()
    for harm in (lambda: table.unlink(), lambda: table.write_bytes(whole[:-1] + b"?")):
        harm()
        with pytest.raises(StorageDamaged, match=dataset.id):
            back_up(deps.database, deps.blobs, directory)
        assert directory.names() == []
        table.write_bytes(whole)
    back_up(deps.database, deps.blobs, directory)


def test_a_damaged_checkpoint_is_left_out(directory: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps, new = make_stack(), make_stack()
    key = deps.blobs.put(b"checkpoint").key
    id = samples.job(deps, checkpoint_key=key).id
    assert isinstance(deps.blobs, DiskBlobs)
    deps.blobs._path(key).write_bytes(b"?")
    back_up(deps.database, deps.blobs, directory)
    restore(directory, None, new.database, new.blobs)
    with new.database.read() as session:
        assert jobs.get(session, DEFAULT_OWNER, id).checkpoint_key is None


def test_damage_in_a_backup_is_found_and_mended_by_the_next(
    directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    deps, new = make_stack(), make_stack()
    fill(deps)
    made = back_up(deps.database, deps.blobs, directory)
    key = next(iter(json.loads(read_blob(directory.blobs, made.manifest.listing))))
    assert isinstance(directory.blobs, DiskBlobs)
    directory.blobs._path(key).write_bytes(b"?")
    with pytest.raises(StorageDamaged, match=key):
        restore(directory, None, new.database, new.blobs)
    assert all_rows(new.database)["jobs"] == []
    assert back_up(deps.database, deps.blobs, directory).new_blobs == 0  # it does not look
    assert back_up(deps.database, deps.blobs, directory, verify=True).new_blobs == 1
    restore(directory, made.name, new.database, new.blobs)
    assert all_rows(new.database) == all_rows(deps.database)


def test_a_manifest_that_was_changed_is_refused(place: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps = make_stack()
    made = back_up(deps.database, deps.blobs, place)
    place.write(made.name, place.read(made.name).replace(b'"blobs": 0', b'"blobs": 1'))
    with pytest.raises(StorageDamaged, match=made.name):
        found(place)


def test_a_backup_of_a_newer_adaline_is_refused(directory: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    deps = make_stack()
    made = back_up(deps.database, deps.blobs, directory)
    newer = replace(made.manifest, revision="9999", adaline="9.0.0", taken_at=(now() + timedelta(1)).isoformat())
    directory.write(newer.name, newer.to_bytes())
    with pytest.raises(CannotStart, match=r"newer Adaline \(9\.0\.0"):
        found(directory)
    assert found(directory, made.name)[0] == made.name
    with pytest.raises(CannotStart, match="no backup 'nothing'"):
        found(directory, "nothing")


def test_a_database_without_tables_is_filled_too(
    directory: BackupPlace, make_stack: Callable[..., Deps], tmp_path: Path
) -> None:
    deps = make_stack()
    fill(deps)
    back_up(deps.database, deps.blobs, directory)
    bare = Database(f"sqlite:///{tmp_path / 'bare.db'}")
    restore(directory, None, bare, deps.blobs)
    assert all_rows(bare) == all_rows(deps.database)
    bare.close()


def test_a_database_that_was_not_migrated_is_not_backed_up(
    directory: BackupPlace, make_stack: Callable[..., Deps]
) -> None:
    deps = make_stack()
    with deps.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(CannotStart, match="start this one once"):
        back_up(deps.database, deps.blobs, directory)


def test_a_place_is_for_its_owner_alone(
    directory: BackupPlace, make_stack: Callable[..., Deps], tmp_path: Path
) -> None:
    deps = make_stack()
    fill(deps)
    back_up(deps.database, deps.blobs, directory)
    paths = list((tmp_path / "backups").rglob("*"))
    assert len(paths) > 10
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}


def test_a_backup_of_an_earlier_revision_is_upgraded(directory: BackupPlace, make_stack: Callable[..., Deps]) -> None:
    """Written by hand, as the Adaline of revision 0006 would have: one that had no owners yet."""
    new = make_stack()
    key = directory.blobs.put(b"c").key
    cells = CELLS | {"registry": {"id": 1, "revision": 7}}
    cells["versions"] = {**cells["versions"], "files": {"manifest.json": {"sha256": key, "bytes": 1}}}
    lines = []
    for table in ("answers", "datasets", "jobs", "models", "registry", "events", "versions", "aliases"):
        row = {name: it.isoformat() if isinstance(it, datetime) else it for name, it in cells[table].items()}
        lines += [{"table": table, "columns": list(row)}, list(row.values())]
    text = "\n".join(json.dumps(line) for line in lines).encode()
    manifest = Manifest(
        taken_at=now().isoformat(),
        adaline="0.0.6",
        revision="0006",
        tables=dict.fromkeys(cells, 1),
        rows=directory.blobs.put(zstandard.ZstdCompressor().compress(text)).key,
        listing=directory.blobs.put(json.dumps({key: 1}).encode()).key,
        blobs=1,
        size_bytes=1,
    )
    directory.write(manifest.name, manifest.to_bytes())
    restore(directory, None, new.database, new.blobs)
    with new.database.read() as session:
        assert migrate.current(session.connection()) == migrate.newest()
        version = models.resolve(session, DEFAULT_OWNER, "houses@prod")
        assert (version.target, version.owner, version.created_at) == ("price", DEFAULT_OWNER, MOMENT)
        assert jobs.get(session, DEFAULT_OWNER, "job_1").result == cells["jobs"]["result"]
        assert set(blobs_in_use(session)) >= {key}
