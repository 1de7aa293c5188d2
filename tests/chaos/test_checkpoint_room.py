"""Checkpoints hold little more of the disk than one of them, however many a training writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import WEIGHTS as WEIGHTS_FILE
from service.store import models
from service.store.blobs.bundles import key_of
from service.wiring import Deps
from tests.chaos.jobs import add_dataset, add_job, events_of, job_of
from workers.jobs.dispatch import run
from workers.training.checkpoint import pause_seconds

WIDE = {
    "network": {"kind": "mlp", "hidden": [1500, 1000]}, "engine": "autograd", "batch_size": 200, "epochs": 12,
    "optimizer": {"kind": "adam", "learning_rate": 0.0001}, "promote": "never",
}  # fmt: skip
WEIGHTS = 1500 * 1000 + 1000 + 1000 + 1 + 2 * 1500 + 1500
LARGE_BYTES = 4_000_000  # more than all else in the store


class Watch(threading.Thread):
    """How many bytes of large files a directory has held at most, and which files."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place, self.done = place, threading.Event()
        self.most, self.names = 0, set[str]()

    def run(self) -> None:
        while not self.done.wait(0.002):
            held = 0
            for path in self._place.rglob("*"):
                try:
                    size = path.stat().st_size
                except FileNotFoundError:
                    continue
                if path.is_file() and size > LARGE_BYTES:
                    held += size
                    self.names.add(path.name)
            self.most = max(self.most, held)


def test_replaced_checkpoints_go_at_once_and_the_last_with_its_job(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(checkpoint_seconds=0.0, checkpoint_bytes_per_second=10**12)
    id = add_job(deps, add_dataset(deps), **WIDE)
    watch = Watch(deps.settings.data / "blobs")
    watch.start()
    run(deps, id)
    watch.done.set()
    watch.join()
    assert job_of(deps, id).state == "succeeded", events_of(deps, id)[-1]
    checkpoints = {name for name in watch.names if not name.startswith("new-")}
    assert len(checkpoints) >= 3  # of those that a look has met
    one = 4 * WEIGHTS * 4  # float32: weights, two moments, the best weights
    assert 0.7 * one < watch.most < 3 * one
    left = [path for path in (deps.settings.data / "blobs" / "objects").rglob("*") if path.is_file()]
    with deps.database.read() as session:
        files = models.get_version(session, DEFAULT_OWNER, "m", 1).files
    assert {path.name for path in left if path.stat().st_size > LARGE_BYTES} == {key_of(files[WEIGHTS_FILE])}


@pytest.mark.parametrize(
    ("size_bytes", "taken_seconds", "pause"),
    [(1000, 0.01, 5.0), (200 * 10**6, 0.4, 10.0), (800 * 10**6, 3.0, 40.0), (800 * 10**6, 9.0, 90.0)],
)
def test_large_or_slow_checkpoints_are_written_less_often(size_bytes: int, taken_seconds: float, pause: float) -> None:
    """At most 20 MB/s, at most a tenth of the time, at most every five seconds."""
    assert pause_seconds(size_bytes, taken_seconds, 5.0, 20 * 10**6) == pytest.approx(pause)
