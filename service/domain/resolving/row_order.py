"""Whether a column can say which rows are the latest."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.cells.table import Column, Table, no_such_column
from service.domain.spec.training import TrainingSpec, split_counts
from service.errors import FieldError, SpecInvalid

POINTER = "/split/order_by"
LEAST_TRAINING = 2  # rows with a value
BY_CHANCE = "leave order_by null, and rows are drawn by chance"


def check_order(spec: TrainingSpec, table: Table, targets: Sequence[Column], notes: list[str]) -> None:
    """The column of `split.order_by` must order rows, and there must be some to hold out. Says in `notes` what becomes
    of them. Raises SpecInvalid."""
    name = spec.split.order_by
    if name is None:
        return
    column = table.column(name)
    if column is None:
        raise _refused(no_such_column(name, table))
    if wrong := why_not(column, spec, targets, table.rows):
        raise _refused(wrong)
    parts = [part for part, share in (("validate", spec.split.validation), ("test", spec.split.test)) if share]
    notes.append(f"the latest rows by {name!r} {' and '.join(parts)}: equal values stay together where possible")
    if column.nulls:
        notes.append(f"{column.nulls} rows without a value of {name!r} train: where they belong is not known")


def why_not(column: Column, spec: TrainingSpec, targets: Sequence[Column], rows: int) -> str | None:
    """Why a spec cannot split a table of so many rows by this column, and what to do; None where it can."""
    name, split = repr(column.name), spec.split
    if column in targets:
        return (
            f"{name} is a target: by it the held-out rows would be the ones with its greatest values; order by another "
            f"column, or {BY_CHANCE}"
        )
    if not column.facts.is_measured:
        told = f" ({'; '.join(column.notes)})" if column.notes else ""
        return f"{name} is {column.kind}{told}; rows are ordered by a datetime or numeric column; {BY_CHANCE}"
    if column.is_constant:
        return f"{name} is the same in every row, so that none is later than another; {BY_CHANCE}"
    if not split.validation and not split.test:
        share = '"test": 0.2' if split.validation_dataset is not None else '"validation": 0.2'
        return f"no rows of this dataset are held out that {name} could choose; set {share}, or leave order_by null"
    present = rows - column.nulls
    if split_counts(present, split.validation, split.test)[0] < LEAST_TRAINING:
        return f"only {present} rows have a value of {name}: too few would train; use smaller shares, or {BY_CHANCE}"
    return None


def _refused(detail: str) -> SpecInvalid:
    return SpecInvalid(detail, [FieldError(POINTER, detail)])
