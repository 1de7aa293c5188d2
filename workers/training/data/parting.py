"""Which rows of a table train, which validate, which test, and whether enough of them train."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from workers.training.data.reading import TableReading
from workers.training.data.targets import TargetColumns
from workers.training.latest import split_latest
from workers.training.split import TRAIN, Parts, split_rows


def part_rows(table: TableReading, spec: TrainingSpec, targets: TargetColumns) -> Parts:
    """Which part each row of the table is in. Raises WorkFailed."""
    shares, name = (spec.split.validation, spec.split.test), spec.split.order_by
    if name is None:
        return split_rows(spec.seed, targets.usable, *shares, targets.codes)
    return split_latest(
        lambda: ((rows, chunk.floats(name)) for rows, chunk in table.pieces([name])), targets.usable, *shares
    )


def check_parts(split: Parts, targets: TargetColumns, spec: TrainingSpec) -> npt.NDArray[np.int64]:
    """How many rows of each class train: (n_classes,), empty for a regression. Raises WorkFailed."""
    if np.count_nonzero(split == TRAIN) < 2:
        raise WorkFailed("too_few_rows", "dropping rows with gaps leaves fewer than 2 training rows")
    counts = np.zeros(len(targets.labels), dtype=np.int64)
    if targets.codes is not None:
        for start in range(0, len(split), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            counts += np.bincount(targets.codes[rows][split[rows] == TRAIN], minlength=len(counts))
    if absent := [label for label, count in zip(targets.labels, counts.tolist(), strict=True) if not count]:
        mend = "or leave it out"
        if spec.split.order_by is not None:
            mend = 'leave it out, or, if only the latest rows have it, leave "order_by" null'
        raise WorkFailed(
            "class_absent", f"no training row is left of class {absent[0]!r}; add rows of this class, {mend}"
        )
    return counts
