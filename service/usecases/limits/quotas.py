"""Hold an owner to what it may have, in the transaction that adds to it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.domain.access.quotas import Quotas
from service.errors import QuotaExceeded
from service.store.steering import limits

JOBS_SECONDS = 10  # when to come back to a full line


def check_dataset(session: Session, owner: str, quotas: Quotas, size_bytes: int) -> None:
    """Before a dataset of this size is added. Raises QuotaExceeded."""
    if not (quotas.datasets or quotas.stored_bytes):
        return
    limits.hold_owner(session, owner)
    if quotas.datasets and (n := limits.count_datasets(session, owner)) >= quotas.datasets:
        raise QuotaExceeded(
            f"{owner} has {n:,} datasets, and {quotas.datasets:,} are allowed; delete some that are not needed "
            "(GET /v1/datasets lists them, DELETE /v1/datasets/{id})"
        )
    if quotas.stored_bytes:
        check_bytes(session, owner, quotas, size_bytes)


def check_bytes(session: Session, owner: str, quotas: Quotas, more_bytes: int) -> None:
    """Before so many are added. Raises QuotaExceeded."""
    stored = limits.stored_bytes(session, owner)
    if quotas.stored_bytes and stored + more_bytes > quotas.stored_bytes:
        raise QuotaExceeded(
            f"{owner} stores {stored:,} bytes, this would add {more_bytes:,}, and {quotas.stored_bytes:,} are allowed; "
            "delete datasets (DELETE /v1/datasets/{id}), versions (DELETE /v1/models/{name}/versions/{n}) or jobs with "
            "their results (DELETE /v1/jobs/{id})"
        )


def check_job(session: Session, owner: str, quotas: Quotas) -> None:
    """Before a job is added. Raises QuotaExceeded."""
    if quotas.queued_jobs:
        limits.hold_owner(session, owner)
        if (n := limits.count_jobs(session, owner, limits.WAITS)) >= quotas.queued_jobs:
            raise QuotaExceeded(
                f"{owner} has {n:,} jobs that wait or are paused, and {quotas.queued_jobs:,} are allowed; wait "
                "until some have begun, or cancel some (GET /v1/jobs?state=queued, POST /v1/jobs/{id}/cancel)",
                retry_after=JOBS_SECONDS,
            )
    if quotas.stored_bytes:
        check_bytes(session, owner, quotas, 0)
