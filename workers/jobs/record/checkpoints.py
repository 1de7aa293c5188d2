"""The saved progress of a training: one blob that the job's row names, each in the place of the one before."""

from __future__ import annotations

import time

import structlog
from safetensors import SafetensorError

from service.errors import StorageDamaged
from service.store.blobs.store import read_blob
from service.store.tables import JobRow
from service.wiring import Deps
from workers.lease import Lease, LeaseLost
from workers.training import checkpoint
from workers.training.progress import Progress

log = structlog.get_logger(__name__)


class Checkpoints:
    """Of one job that `started` then, by `time.perf_counter`, from what an earlier attempt has saved on."""

    def __init__(self, deps: Deps, lease: Lease[JobRow], started: float) -> None:
        self._deps, self._lease = deps, lease
        self.key = lease.row.checkpoint_key
        """The blob of the last one, if there is one."""
        self._saved = started
        self._pause_seconds = deps.settings.checkpoint_seconds

    def read(self) -> Progress | None:
        """What was saved; None where nothing was, or where it cannot be read."""
        if self.key is None:
            return None
        try:
            return checkpoint.read(read_blob(self._deps.blobs, self.key))
        except (StorageDamaged, SafetensorError, KeyError, TypeError, ValueError) as error:
            log.warning("checkpoint cannot be read", job=self._lease.row.id, blob=self.key, error=repr(error))
            return None

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next one."""
        return time.perf_counter() - self._saved >= self._pause_seconds

    def save(self, progress: Progress) -> None:
        """Save the progress at the end of an epoch. Raises LeaseLost."""
        began, job = time.perf_counter(), self._lease.row
        blob = self._deps.blobs.put(checkpoint.dump(progress, f"{job.id}.{job.fence}"))
        try:
            self._lease.got_further(checkpoint_key=blob.key)
        except LeaseLost:
            forget_blob(self._deps, blob.key)
            raise
        if self.key != blob.key:
            self.forget()
        self.key, self._saved = blob.key, time.perf_counter()
        allowed = self._deps.settings
        self._pause_seconds = checkpoint.pause_seconds(
            blob.size, self._saved - began, allowed.checkpoint_seconds, allowed.checkpoint_bytes_per_second
        )

    def forget(self) -> None:
        """The last one is of no use any more."""
        if self.key is not None:
            forget_blob(self._deps, self.key)


def forget_blob(deps: Deps, key: str) -> None:
    """Delete a checkpoint that no row names any more; where that fails the sweeper does it later."""
    try:
        deps.blobs.delete(key, 0)
    except Exception as error:  # noqa: BLE001 (whatever it is, the work itself is unharmed)
        log.warning("checkpoint not deleted", blob=key, error=str(error))
