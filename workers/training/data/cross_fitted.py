"""Statistics of the target as training rows read them: each from the rows of other folds, so that none reads itself.

Which fold a row is in is a function of (seed, row). Rows that a model is judged by, or that it answers for, read the
statistics of all training rows, which are the transform's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Categories, Columns
from service.domain.model.transform import FittedTransform
from workers.training.split import mix, row_hash

FOLDS = 5
KEY = np.uint64(0xD1B54A32D192ED03)  # apart from what splits: rows of a part are in all folds


def folds_of(seed: int, rows: Integers) -> Integers:
    """(n,) the fold of each row of a table."""
    return (mix(row_hash(seed, rows) ^ KEY) % np.uint64(FOLDS)).astype(np.int64)


def codes_of(cells: Categories, numbers: Mapping[str, int]) -> Integers:
    """(n,) the number of each cell's category; -1 for one that has none, and for a gap."""
    return np.array([*(numbers.get(word, -1) for word in cells.values), -1], np.int64)[cells.codes]


@dataclass(frozen=True, slots=True)
class FoldedStatistics:
    """Of one feature: the statistics (FOLDS, m, k) that the rows of a fold read of each category, by `numbers`, and the
    inputs `to` (k,) that hold them."""

    name: str
    numbers: Mapping[str, int]
    values: Floats
    to: Integers


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """The transform of training rows, where features have statistics; without any it is that of all rows."""

    seed: int = 0
    statistics: tuple[FoldedStatistics, ...] = ()

    def encode(
        self, transform: FittedTransform, columns: Columns, rows: Integers, trains: npt.NDArray[np.bool_] | None = None
    ) -> Floats:
        """(n, n_outputs) float64 before scaling, of these rows (n,) of the table; `trains` (n,) says which of them are
        training rows (None: all). Raises CellInvalid."""
        encoded = transform.encode(columns)
        if not self.statistics:
            return encoded
        folds = folds_of(self.seed, rows)
        for one in self.statistics:
            codes = codes_of(columns.categories(one.name), one.numbers)
            told = np.flatnonzero(codes >= 0 if trains is None else (codes >= 0) & trains)
            encoded[np.ix_(told, one.to)] = one.values[folds[told], codes[told]]
        return encoded
