"""What is kept without need goes: rows whose time is over, then blobs that no row names.

A blob is written first, and named by a row a moment later. So one that no row names is deleted only when it is old, and
was seen so at an earlier look already (a mark), some time ago by a clock that stands still while the machine sleeps:
its age alone says nothing of a publishing that was suspended half-way.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog

from service.metrics import metrics
from service.store import answers
from service.store.blobs.in_use import KINDS, blobs_in_use
from service.store.blobs.spool import StoredBlob
from service.usecases.keeping.retire import retire
from service.wiring import Deps

MARK_SECONDS = 60.0  # between the two looks, or `orphan_seconds` where that is less
UNUSED = "unused"

log = structlog.get_logger(__name__)


class OrphanMarks:
    """The blobs that no row named at earlier looks, each with the time of the first. One that was written again since
    is another: somebody is about to name it."""

    def __init__(self) -> None:
        self._since: dict[StoredBlob, float] = {}

    def due(self, unnamed: Iterable[StoredBlob], seconds: float) -> list[str]:
        """Those that were marked so long ago, and have been unnamed at each look since."""
        moment = time.monotonic()
        self._since = {blob: self._since.get(blob, moment) for blob in unnamed}
        return [blob.key for blob, since in self._since.items() if moment - since >= seconds]


def tidy(deps: Deps, marks: OrphanMarks | None = None) -> None:
    """Delete what the settings do not keep and what nobody names, and forget old answers: these last, since a full disk
    may refuse that. `marks` remembers from one look to the next."""
    allowed = deps.settings
    retire(deps.database, deps.changes, allowed)
    deps.blobs.clear(allowed.orphan_seconds)
    # the blobs first, the rows after: one that gets its row in between is then seen as named
    stored = list(deps.blobs.listing())
    with deps.database.read() as session:
        used = blobs_in_use(session)
    newest = time.time() - allowed.orphan_seconds
    old = [it for it in stored if it.key not in used and it.written_at <= newest]
    for key in (marks or OrphanMarks()).due(old, min(MARK_SECONDS, allowed.orphan_seconds)):
        deps.blobs.delete(key, allowed.orphan_seconds)  # unless it was written again since
        metrics().blobs_deleted.inc()
        log.info("orphan deleted", blob=key)
    for kind in (*KINDS, UNUSED):
        sizes = [it.size for it in stored if used.get(it.key, UNUSED) == kind]
        metrics().blobs.labels(kind).set(len(sizes))
        metrics().blob_bytes.labels(kind).set(sum(sizes))
    with deps.database.write() as session:
        answers.forget(session, allowed.idempotency_seconds)
    deps.database.keep_reserve()
