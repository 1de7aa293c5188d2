"""What is said of a job that has been worked on for longer than is allowed here, and what it could do instead."""

from __future__ import annotations

from service.errors import WorkFailed
from service.store.tables import DatasetRow, JobRow

SMALLER = {
    "train": "use fewer rows, columns or weights",
    "descent-comparison": "use fewer rows, columns or epochs",
    "predict": "split the dataset",
}
SHARE = 0.5  # of the time that is left for epochs: the rest is for the report


def too_long(row: JobRow | DatasetRow, most_seconds: float) -> WorkFailed:
    """The end of a job after `most_seconds`, whatever it was doing."""
    mend = SMALLER[row.kind] if isinstance(row, JobRow) else "use fewer rows"
    return _failed(most_seconds, f"nothing is kept; {mend}")


def training_too_long(
    most_seconds: float, before_seconds: float, learning_share: float, epoch: int, best_epoch: int
) -> WorkFailed:
    """The error of a training whose epochs began after `before_seconds`: `epoch` of them were made, which took a
    `learning_share` of the time since then, and the best on the validation rows was `best_epoch` (0: none is known)."""
    if not epoch:
        return _failed(most_seconds, f"its first epoch had not ended, so nothing is kept; {SMALLER['train']}")
    which = f"of epoch {best_epoch}, the best on the validation rows," if best_epoch else f"after epoch {epoch}"
    budget = SHARE * learning_share * (most_seconds - before_seconds)
    return _failed(
        most_seconds,
        f'its weights {which} are not published; set "budget_seconds": {budget:.3g} to end the epochs in time and '
        "publish what they have learnt",
    )


def report_too_long(most_seconds: float) -> WorkFailed:
    """The error of a training whose epochs had ended."""
    return _failed(
        most_seconds,
        "its epochs had ended, but its report had not, so nothing is published; use fewer rows",
    )


def _failed(most_seconds: float, rest: str) -> WorkFailed:
    allowed = f"the job has run for {most_seconds:g} s, the most that is allowed"
    return WorkFailed("too_long", f"{allowed} (ADALINE_MAX_JOB_SECONDS): {rest}")
