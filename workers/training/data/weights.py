"""What each row counts: its weight column times the weight of its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.columns import Columns
from service.domain.model.predictor import Label
from service.domain.resolving.classes import find_class, wrong_names
from service.errors import WorkFailed
from workers.training.data.reading import TableReading
from workers.training.data.targets import TargetColumns
from workers.training.split import TRAIN, UNUSED, Parts


@dataclass(frozen=True, slots=True)
class RowWeights:
    """From a column of the table, and from what a row of each class counts (n_classes,); each may be None. `means` are
    those over the rows of each part, by its number."""

    column: str | None
    of_class: Floats | None
    means: Mapping[int, float] = field(default_factory=dict)

    @property
    def is_even(self) -> bool:
        """Whether every row counts the same."""
        return self.column is None and self.of_class is None

    def of(self, part: int, rows: slice, chunk: Columns, targets: TargetColumns) -> npt.NDArray[np.float32]:
        """(n,) of a chunk of the table, for its rows in one part: of mean 1 over that part."""
        return mean_one(self.raw(rows, chunk, targets), self.means[part])

    def raw(self, rows: slice, chunk: Columns, targets: TargetColumns) -> Floats:
        """(n,) from 0, not yet scaled."""
        weights = np.ones(chunk.n_rows) if self.column is None else chunk.floats(self.column)
        if self.of_class is None or targets.codes is None:
            return weights
        return weights * self.of_class[targets.codes[rows]]


def row_weights(
    table: TableReading, column: str | None, of_class: Floats | None, split: Parts, targets: TargetColumns
) -> RowWeights:
    """Weights of the rows of a table split into the parts `split`. Raises WorkFailed for weights that leave the
    training rows nothing to learn from."""
    plain = RowWeights(column, of_class)
    if plain.is_even:
        return plain
    counts, sums = np.zeros(UNUSED + 1), np.zeros(UNUSED + 1)
    of_column = 0.0
    for rows, chunk in table.pieces([] if column is None else [column]):
        parts = split[rows]
        counts += np.bincount(parts, minlength=UNUSED + 1)
        sums += np.bincount(parts, plain.raw(rows, chunk, targets), UNUSED + 1)
        if column is not None:
            of_column += float(chunk.floats(column)[parts == TRAIN].sum())
    if column is not None and counts[TRAIN] and not of_column:
        raise WorkFailed("weights_invalid", f"{column!r} is 0 in every training row: no row has any weight")
    means = sums / np.maximum(counts, 1)
    return RowWeights(column, of_class, dict(enumerate(means.tolist())))


def class_weights(
    asked: str | Mapping[str, float], counts: npt.NDArray[np.int64], labels: tuple[Label, ...], decimal: str = ""
) -> Floats:
    """(n_classes,) what a row of each class counts, of which `counts` (n_classes,) train. "balanced": the less the more
    of them train, n/(k·count), as scikit-learn has it; given by name (a number in any spelling), a class that is
    not named counts 1. Raises WorkFailed."""
    if isinstance(asked, str):
        balanced: Floats = counts.sum() / (len(labels) * counts)
        return balanced
    for why in wrong_names(asked, labels, decimal).values():
        raise WorkFailed("class_weights_invalid", f"class_weights: {why}")
    weights = np.ones(len(labels))
    for name, weight in asked.items():
        weights[find_class(name, labels, decimal)] = weight
    return weights


def mean_one(weights: Floats, mean: float) -> npt.NDArray[np.float32]:
    """Scaled to a mean of 1, so that losses and safe learning rates keep their meaning; as they are where all are 0."""
    return (weights / (mean or 1.0)).astype(np.float32)
