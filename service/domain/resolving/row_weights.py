"""Whether a column can say what each row counts."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.cells.table import Column, Table, no_such_column
from service.domain.spec.training import TrainingSpec
from service.errors import FieldError, SpecInvalid


def check_weights(spec: TrainingSpec, table: Table, targets: Sequence[Column]) -> None:
    """The weight column must hold a weight for every row. Raises SpecInvalid."""
    if spec.weight_column is None:
        return
    column = table.column(spec.weight_column)
    if column is None:
        raise _wrong("/weight_column", no_such_column(spec.weight_column, table))
    name = repr(column.name)
    if column in targets:
        raise _wrong("/weight_column", f"{name} is a target: it cannot weigh the rows too")
    if not column.facts.is_quantity:
        raise _wrong("/weight_column", f"{name} is {column.kind}; weights are numbers from 0")
    if column.nulls:
        raise _wrong("/weight_column", f"{name} is missing in {column.nulls} rows; every row needs a weight")
    if isinstance(column.minimum, float | int) and column.minimum < 0:
        raise _wrong("/weight_column", f"{name} goes down to {column.minimum:g}; weights are numbers from 0")
    if column.maximum == 0:
        raise _wrong("/weight_column", f"{name} is 0 in every row: no row would count")


def _wrong(pointer: str, detail: str) -> SpecInvalid:
    return SpecInvalid(detail, [FieldError(pointer, detail)])
