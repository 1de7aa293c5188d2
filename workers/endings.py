"""How work ends that does not succeed: one rule for trainings, comparisons, batch predictions and ingest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import structlog

from service.domain.cells.columns import CellInvalid
from service.errors import DatasetNotFound, StorageDamaged, StorageFull, Unavailable, WorkFailed
from service.store.work import AnyWork
from workers.lease import Cancelled, Lease, LeaseLost, WorkerStopping

FailureTold = dict[str, str]
"""What a user is told of work that has failed: `code` and `detail`."""

CODES: Mapping[type[Exception], Callable[[Any], str]] = {
    WorkFailed: lambda error: error.code,
    CellInvalid: lambda error: "missing_values",
    DatasetNotFound: lambda error: error.code,
    StorageDamaged: lambda error: error.code,
    StorageFull: lambda error: error.code,
    MemoryError: lambda error: "out_of_memory",
    PermissionError: lambda error: "not_permitted",
}
"""The errors that end work as failed, each with its code. Any other is one that nobody foresaw."""

UNALLOCATED = "can't allocate memory"  # torch's, of this machine's

log = structlog.get_logger(__name__)


class Ending(Protocol):
    """What becomes of a row in the three ways. Each raises LeaseLost when it is somebody else's."""

    def fail(self, error: FailureTold) -> None:
        """Its work has failed, for this reason."""

    def cancel(self) -> None:
        """Its user wants no more of it."""

    def give_back(self) -> None:
        """It waits for another process."""


@contextlib.contextmanager
def ends_recorded(lease: Lease[AnyWork], what: str, ending: Ending) -> Iterator[None]:
    """Whatever ends the work in here ends its row, or gives it back; nothing is raised. `what` it is, in a sentence."""
    try:
        try:
            yield
        except LeaseLost:
            raise
        except WorkerStopping:
            ending.give_back()
        except Cancelled:
            ending.cancel()
        except Unavailable as error:  # left to its lease: the sweeper frees it, and counts the attempt
            log.warning("interrupted", id=lease.row.id, error=error.detail)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told, and logged)
            ending.fail(failure(error, what))
    except LeaseLost:
        log.warning("lease lost", id=lease.row.id)


def failure(error: Exception, what: str) -> FailureTold:
    """What the user is told. The trace of an error that nobody foresaw is logged."""
    if _is_want_of_memory(error):
        return {"code": "out_of_memory", "detail": f"{what} needs more memory than is available"}
    if isinstance(error, PermissionError):  # by its jail, or by rights that a file should have
        log.error("work was refused something", what=what, exc_info=error)
        refused = f"{what} was refused what it asked the system for ({error}); see the worker's log"
        return {"code": "not_permitted", "detail": refused}
    for kind, code_of in CODES.items():
        if isinstance(error, kind):
            return {"code": code_of(error), "detail": str(error)}
    log.error("work broke", what=what, exc_info=error)
    unknown = f"an unexpected error ({type(error).__name__})"
    return {"code": "internal", "detail": f"{what} failed with {unknown}; see the worker's log"}


def _is_want_of_memory(error: Exception) -> bool:
    """Whether there was no memory: libraries have errors of their own for that."""
    named = "OutOfMemory" in type(error).__name__  # DuckDB's, torch's on a GPU
    return isinstance(error, MemoryError) or named or (isinstance(error, RuntimeError) and UNALLOCATED in str(error))
