"""What is kept without need goes, and nothing else: not what somebody is about to name, nor what is still needed."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from service.domain.access.owners import DEFAULT_OWNER
from service.store import answers, jobs, models
from service.store.blobs.bundles import key_of
from service.store.blobs.disk import DiskBlobs
from service.store.blobs.spool import StoredBlob
from service.store.session import now
from service.store.tables import AnswerRow, DatasetRow, EventRow, JobRow, VersionRow
from service.wiring import Deps
from tests import samples
from workers.tidying import OrphanMarks, tidy

OLD = timedelta(days=10)
DAY = 86_400.0


def test_orphans_are_deleted_and_everything_in_use_stays(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(orphan_seconds=0.0)
    dataset = samples.dataset(deps, rejects_key=deps.blobs.put(b"rejects").key)
    checkpoint = deps.blobs.put(b"checkpoint").key
    samples.job(deps, state="running", checkpoint_key=checkpoint, lease_until=now() + timedelta(minutes=1))
    version = samples.publish(deps, samples.price_predictor(), "m")
    used = {dataset.sha256, dataset.table_key, dataset.profile_key, dataset.rejects_key, checkpoint}
    used |= {key_of(file) for file in version.files.values()}
    orphan = deps.blobs.put(b"nobody's").key
    assert set(deps.blobs.keys(0)) == used | {orphan}
    tidy(deps)
    assert set(deps.blobs.keys(0)) == used


def test_a_young_orphan_stays_for_somebody_may_be_about_to_name_it(deps: Deps) -> None:
    key = deps.blobs.put(b"new").key
    tidy(deps)
    assert list(deps.blobs.keys(0)) == [key]


def test_old_answers_are_forgotten(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(idempotency_seconds=60.0)
    with deps.database.write() as session:
        for key in ("old", "new"):
            answers.remember(session, DEFAULT_OWNER, "POST /v1/jobs", key, "f", "job_1", {})
        session.execute(update(AnswerRow).where(AnswerRow.key == "old").values(created_at=now() - timedelta(minutes=2)))
    tidy(deps)
    with deps.database.read() as session:
        assert list(session.scalars(select(AnswerRow.key))) == ["new"]
        assert session.scalar(select(func.count()).select_from(AnswerRow)) == 1


def make_old(deps: Deps, key: str, number: int = 0) -> None:
    """As if the machine had slept for hours since the blob was written, at a moment of this number."""
    assert isinstance(deps.blobs, DiskBlobs)
    os.utime(deps.blobs._path(key), (1 + number, 1 + number))


def test_what_a_sleeping_machine_was_about_to_name_outlives_its_wakening(make_deps: Callable[..., Deps]) -> None:
    """Its age says hours; what counts is how long it was seen unnamed."""
    deps, marks = make_deps(orphan_seconds=3600.0), OrphanMarks()
    key = deps.blobs.put(b"checkpoint").key
    make_old(deps, key)
    for _ in range(3):
        tidy(deps, marks)
    assert list(deps.blobs.keys(0)) == [key]
    samples.job(deps, checkpoint_key=key)
    marks._since = dict.fromkeys(marks._since, time.monotonic() - 3600)
    tidy(deps, marks)
    assert list(deps.blobs.keys(0)) == [key]


def test_an_old_blob_that_stays_unnamed_goes(make_deps: Callable[..., Deps]) -> None:
    deps, marks = make_deps(orphan_seconds=3600.0), OrphanMarks()
    key = deps.blobs.put(b"nobody's").key
    make_old(deps, key)
    tidy(deps, marks)
    marks._since = dict.fromkeys(marks._since, time.monotonic() - 61)
    tidy(deps, marks)
    assert list(deps.blobs.keys(0)) == []


def test_a_mark_ends_when_a_row_names_the_blob() -> None:
    marks, a, b = OrphanMarks(), StoredBlob("a", 1, 1.0), StoredBlob("b", 1, 1.0)
    assert marks.due([a, b], 0.0) == ["a", "b"]
    assert marks.due([a], 60.0) == []
    assert marks.due([a, b], 60.0) == []
    assert marks._since[b] > marks._since[a]


def test_a_blob_that_was_written_again_is_marked_anew() -> None:
    marks = OrphanMarks()
    marks.due([StoredBlob("a", 1, 1.0)], 60.0)
    marks._since = dict.fromkeys(marks._since, time.monotonic() - 61)
    assert marks.due([StoredBlob("a", 1, 2.0)], 60.0) == []
    assert marks.due([StoredBlob("a", 1, 2.0)], 0.0) == ["a"]


def test_publishing_that_races_the_sweeper_never_loses_a_blob(make_deps: Callable[..., Deps]) -> None:
    """Four publishers, each with a pause between its blob and its row, of blobs that look old at once; some delete what
    they have published, and publish the same bytes again. The sweeper looks all the time."""
    deps = make_deps(orphan_seconds=0.4)
    ended = threading.Event()

    def publish(place: int) -> None:
        draw = random.Random(place)
        mine: list[str] = []
        for number in range(25):
            key = deps.blobs.put(f"{place} {draw.randrange(8)}".encode()).key
            make_old(deps, key, 4 * number + place)
            time.sleep(draw.random() * 0.1)
            mine.append(samples.job(deps, checkpoint_key=key).id)
            if number % 2:
                with deps.database.write() as session:
                    jobs.delete(session, mine.pop(draw.randrange(len(mine))))

    def sweep() -> None:
        marks = OrphanMarks()
        while not ended.is_set():
            tidy(deps, marks)

    with ThreadPoolExecutor(5) as threads:
        sweeping = threads.submit(sweep)
        try:
            for one in [threads.submit(publish, place) for place in range(4)]:
                one.result()
        finally:
            ended.set()
        sweeping.result()
    with deps.database.read() as session:
        named = set(session.scalars(select(JobRow.checkpoint_key)))
    there = set(deps.blobs.keys(0))
    assert named
    assert named - there == set()
    time.sleep(0.5)
    marks = OrphanMarks()
    tidy(deps, marks)
    time.sleep(0.5)
    tidy(deps, marks)
    assert set(deps.blobs.keys(0)) == named


def aged(deps: Deps, table: type[Any], **values: Any) -> None:
    with deps.database.write() as session:
        session.execute(update(table).values(**values))


def test_without_settings_what_users_made_stays_for_ever(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(orphan_seconds=0.0)
    samples.dataset(deps)
    samples.job(deps, state="failed")
    samples.publish(deps, samples.price_predictor(), "m")
    samples.publish(deps, samples.price_predictor(), "m")
    aged(deps, DatasetRow, created_at=now() - 1000 * OLD)
    aged(deps, JobRow, finished_at=now() - 1000 * OLD)
    aged(deps, VersionRow, created_at=now() - 1000 * OLD)
    tidy(deps)
    with deps.database.read() as session:
        counts = [session.scalar(select(func.count()).select_from(it)) for it in (DatasetRow, JobRow, VersionRow)]
    assert counts == [1, 1, 2]


def test_failed_and_cancelled_jobs_go_with_their_events_when_their_time_is_over(
    make_deps: Callable[..., Deps],
) -> None:
    deps = make_deps(keep_failed_jobs_seconds=DAY)
    ago = now() - OLD
    gone = [samples.job(deps, state=state, finished_at=ago).id for state in ("failed", "cancelled")]
    kept = {
        samples.job(deps, state="failed", finished_at=now()).id,
        samples.job(deps, state="succeeded", finished_at=ago).id,
        samples.job(deps, state="queued").id,
    }
    with deps.database.write() as session:
        for id in (*gone, *kept):
            jobs.append_event(session, id, "state", {"state": "queued"})
    tidy(deps)
    with deps.database.read() as session:
        assert set(session.scalars(select(JobRow.id))) == kept
        assert set(session.scalars(select(EventRow.job_id))) == kept


def test_events_of_old_jobs_go_but_for_their_states(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(keep_events_seconds=DAY)
    old = samples.job(deps, state="succeeded", finished_at=now() - OLD).id
    new = samples.job(deps, state="succeeded", finished_at=now()).id
    running = samples.job(deps, state="running", lease_until=now() + OLD).id
    with deps.database.write() as session:
        for id in (old, new, running):
            told = [("state", {"state": "running"}), ("epoch", {"epoch": 1}), ("state", {"state": "succeeded"})]
            jobs.append_events(session, id, told)  # type: ignore[arg-type]
    tidy(deps)
    with deps.database.read() as session:
        kept = {id: [event.type for event in jobs.events_after(session, id, 0, 9)] for id in (old, new, running)}
    assert kept == {old: ["state", "state"], new: ["state", "epoch", "state"], running: ["state", "epoch", "state"]}


def test_versions_that_nothing_points_at_go_and_what_serves_stays(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(keep_unaliased_versions_seconds=DAY, orphan_seconds=0.0)
    for _ in range(5):
        samples.publish(deps, samples.price_predictor(), "m")
    alone = samples.publish(deps, samples.price_predictor(), "alone").version
    with deps.database.write() as session:
        models.point(session, DEFAULT_OWNER, "m", "default", 2)
        session.execute(update(VersionRow).values(created_at=now() - OLD))
        session.execute(update(VersionRow).where(VersionRow.version == 4).values(created_at=now()))
    samples.job(deps, kind="predict", model_name="m", model_version=3)  # a batch prediction that waits
    tidy(deps)
    with deps.database.read() as session:
        # 2 serves, 3 is needed, 4 is young, 5 is the newest
        assert models.version_numbers(session, DEFAULT_OWNER, "m") == [2, 3, 4, 5]
        assert models.version_numbers(session, DEFAULT_OWNER, "alone") == [alone]


def test_datasets_that_nothing_uses_go_with_their_files(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(keep_unused_datasets_seconds=DAY, orphan_seconds=0.0)
    unused, broken = (
        samples.dataset(deps, state=state, sha256=deps.blobs.put(state.encode()).key) for state in ("ready", "failed")
    )
    waited_for, learnt, recent, reading, young, validates = (samples.dataset(deps) for _ in range(6))
    samples.job(deps, dataset_id=waited_for.id)
    samples.job(deps, dataset_id=recent.id, state="succeeded", finished_at=now())
    samples.job(deps, dataset_id=unused.id, state="succeeded", finished_at=now() - OLD)
    samples.job(deps, spec={"split": {"validation_dataset": validates.id}})
    samples.publish(deps, samples.price_predictor(), "m")
    with deps.database.write() as session:
        session.execute(update(VersionRow).values(dataset_id=learnt.id))
        session.execute(update(DatasetRow).where(DatasetRow.id != young.id).values(created_at=now() - OLD))
        session.execute(update(DatasetRow).where(DatasetRow.id == reading.id).values(state="ingesting"))
    tidy(deps)
    with deps.database.read() as session:
        kept = set(session.scalars(select(DatasetRow.id)))
    assert kept == {it.id for it in (waited_for, learnt, recent, reading, young, validates)}
    there = set(deps.blobs.keys(0))
    assert (unused.sha256 in there, broken.sha256 in there) == (False, False)
    assert waited_for.sha256 in there


def test_the_tidier_tells_how_much_is_stored(make_deps: Callable[..., Deps]) -> None:
    from service.metrics import exposition
    from tests.unit.test_metrics import read, value

    deps = make_deps()
    dataset = samples.dataset(deps)
    deps.blobs.put(b"nobody's")
    tidy(deps)
    found = read(exposition())
    assert (value(found, "blobs", kind="uploads"), value(found, "blob_bytes", kind="uploads")) == (1, dataset.bytes)
    assert value(found, "blob_bytes", kind="unused") == len(b"nobody's")
    assert value(found, "blobs", kind="tables") == 2
