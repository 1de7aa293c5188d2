"""What a table's rows say of the target: one number, several numbers, or a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.columns import Categories, Columns, Values, missing
from service.domain.cells.kinds import Kind, kind_of
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.model.predictor import Label, label_text, number_label
from service.domain.resolving.classes import as_written
from service.domain.sentences import few
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.tasks import TASKS
from service.errors import WorkFailed
from workers.training.data.reading import TableReading
from workers.training.split import ClassNumbers

MISSING = -1
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class TargetColumns:
    """The targets of all rows of a table: `usable` (n,) bool, where no target is missing. `labels` are the classes in
    their order as the table wrote them, `stored` as it is stored, and `codes` (n,) the rows' class numbers, -1 where
    the class is missing; for a regression there are none, and the numbers are read when they are asked for."""

    names: tuple[str, ...]
    usable: npt.NDArray[np.bool_]
    labels: tuple[Label, ...] = ()
    codes: ClassNumbers | None = None
    stored: tuple[Label, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `values` needs of a chunk."""
        return () if self.labels else self.names

    def values(self, rows: slice, chunk: Columns) -> Floats | npt.NDArray[np.int64]:
        """Values of a chunk of the table: (n,) or, of several targets, (n, k) float64; (n,) int64 class numbers."""
        if self.codes is not None:
            return self.codes[rows].astype(np.int64)
        return numbers(chunk, self.names)


def numbers(chunk: Columns, names: tuple[str, ...]) -> Floats:
    """(n,) of one column, (n, k) of several."""
    if len(names) == 1:
        return chunk.floats(names[0])
    return np.stack([chunk.floats(name) for name in names], axis=1)


def read_targets(table: TableReading, spec: TrainingSpec, kind: Kind, style: TextStyle = PLAIN) -> TargetColumns:
    """Targets of the table to train on, whose cells have this style: its classes become the model's."""
    if TASKS[spec.task].is_regression:
        return _regression(table, spec)
    stored = _stored(table, spec.targets[0], kind)
    return _coded(table, spec.targets, stored, as_written(stored, spec.targets[0], style))


def read_other_targets(table: TableReading, spec: TrainingSpec, kind: Kind, first: TargetColumns) -> TargetColumns:
    """Targets of another table, by the classes of the first. Raises WorkFailed for a class that is none of them."""
    if TASKS[spec.task].is_regression:
        return _regression(table, spec)
    if unknown := [label for label in _stored(table, spec.targets[0], kind) if label not in first.stored]:
        raise WorkFailed(
            "class_unknown",
            f"the validation dataset has rows of {few(unknown, MOST_NAMED, lambda label: repr(label_text(label)))} in "
            f"{spec.targets[0]!r}, which no training row has; leave them out, or train on such rows",
        )
    return _coded(table, spec.targets, first.stored, first.labels)


def _regression(table: TableReading, spec: TrainingSpec) -> TargetColumns:
    usable = np.ones(table.n_rows, dtype=np.bool_)
    for rows, chunk in table.pieces(spec.targets):
        for name in spec.targets:
            usable[rows] &= ~missing(chunk[name])
    return TargetColumns(spec.targets, usable)


def _cells(table: TableReading, name: str) -> Iterator[tuple[slice, Values]]:
    return ((rows, chunk[name]) for rows, chunk in table.pieces([name]))


def _stored(table: TableReading, name: str, kind: Kind) -> tuple[Label, ...]:
    """The values that occur, in their order."""
    words: set[str] = set()
    values: set[float] = set()
    for _, cells in _cells(table, name):
        if isinstance(cells, Categories):
            words.update(cells.values)
        else:
            values.update(np.unique(cells[~missing(cells)]).tolist())
    if words:
        return tuple(sorted(words))
    if kind_of(kind).holds == "truths":
        return tuple(bool(value) for value in sorted(values))
    return tuple(number_label(value) for value in sorted(values))


def _coded(
    table: TableReading, names: tuple[str, ...], stored: tuple[Label, ...], labels: tuple[Label, ...]
) -> TargetColumns:
    """Every value that is there is one of those stored (1.0 == 1 == True as keys)."""
    number: dict[Label, int] = {label: code for code, label in enumerate(stored)}
    codes = np.full(table.n_rows, MISSING, dtype=np.min_scalar_type(-max(len(labels), 1)))
    for rows, cells in _cells(table, names[0]):
        if isinstance(cells, Categories):
            of_value = np.asarray([*(number[value] for value in cells.values), MISSING], dtype=codes.dtype)
            codes[rows] = of_value[cells.codes]
            continue
        present = ~missing(cells)
        distinct, inverse = np.unique(cells[present], return_inverse=True)
        of_value = np.asarray([number[value] for value in distinct.tolist()], dtype=codes.dtype)
        codes[rows][present] = of_value[inverse]
    return TargetColumns(names, codes >= 0, labels, codes, stored)
