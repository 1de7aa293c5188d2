"""Whether another dataset's rows can validate what is trained on the first: the same columns, with the same kinds."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.cells.table import Column, Table
from service.domain.spec.training import TrainingSpec
from service.errors import FieldError, SpecInvalid

POINTER = "/split/validation_dataset"


def check_other_rows(spec: TrainingSpec, columns: Sequence[Column], other: Table) -> None:
    """`columns` are those of the training table that `other` must have too: targets, features, the weight column.

    Raises SpecInvalid with everything that is wrong of it.
    """
    errors = [FieldError(POINTER, wrong) for column in columns if (wrong := _wrong(spec, column, other))]
    if errors:
        raise SpecInvalid(errors[0].detail, errors)


def _wrong(spec: TrainingSpec, column: Column, other: Table) -> str | None:
    name, id = repr(column.name), spec.split.validation_dataset
    there = other.column(column.name)
    if there is None:
        return f"dataset {id} has no column {name}, which dataset {spec.dataset} has; upload it with that column"
    if there.nulls == other.rows and column.name in spec.targets:
        return f"{name} is missing in every row of dataset {id}: there is nothing to validate with"
    if there.kind != column.kind:
        return (
            f"{name} is {there.kind} in dataset {id}, but {column.kind} in {spec.dataset}; upload it again with "
            f'?types={{{_quoted(column.name)}: "{column.kind}"}}'
        )
    if column.name == spec.weight_column and (there.nulls or _below_zero(there)):
        return f"{name} weights the rows: in dataset {id}, too, every row needs a number of at least 0"
    return None


def _below_zero(column: Column) -> bool:
    return isinstance(column.minimum, float | int) and column.minimum < 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '\\"') + '"'
