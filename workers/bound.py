"""What is said of a job that has been worked on for longer than is allowed here."""

from __future__ import annotations

from service.errors import WorkFailed
from service.store.tables import DatasetRow, JobRow

MENDS = {
    "train": "use fewer rows, columns or epochs",
    "descent-comparison": "use fewer rows, columns or epochs",
    "predict": "split the dataset",
}


def too_long(row: JobRow | DatasetRow, most_seconds: float, what_is_lost: str = "nothing of it is kept") -> WorkFailed:
    """The end of a job after `most_seconds`, whatever it was doing."""
    mend = MENDS[row.kind] if isinstance(row, JobRow) else "use fewer rows"
    return WorkFailed(
        "too_long",
        f"the job has been worked on for {most_seconds:g} s, the most that is allowed here (ADALINE_MAX_JOB_SECONDS); "
        f"{what_is_lost}: {mend}",
    )
