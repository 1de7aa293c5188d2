"""Which rows train, which validate, which test: decided by (seed, row index) alone, for classes within each class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from service.domain.resolve import split_counts
from workers.training.engines.fused.permute import permute

TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, 3
Parts = npt.NDArray[np.uint8]


def split_rows(
    seed: int,
    usable: npt.NDArray[np.bool_],
    validation: float,
    test: float,
    classes: npt.NDArray[np.int64] | None = None,
) -> Parts:
    """(n_rows,) uint8: TRAIN, VALIDATION, TEST, or UNUSED where a row is not usable.

    Rows are ordered by a hash of (seed, index); the first ones validate, the next ones test. With `classes`
    (n_rows,) this is done within each class, so that every part has its share of each.
    """
    parts = np.full(len(usable), UNUSED, dtype=np.uint8)
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(row_hash(seed, rows), kind="stable")]
    groups: Iterable[npt.NDArray[np.int64]]
    if classes is None:
        groups = [rows]
    else:
        of_class = classes[rows]
        groups = [rows[of_class == label] for label in np.unique(of_class)]
    for group in groups:
        n_train, n_validation, _ = split_counts(len(group), validation, test)
        if n_train < 1:  # too few of this class to share: they all train
            parts[group] = TRAIN
            continue
        parts[group[:n_validation]] = VALIDATION
        parts[group[n_validation : len(group) - n_train]] = TEST
        parts[group[len(group) - n_train :]] = TRAIN
    return parts


def row_hash(seed: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea & Flood 2014) of the row's index, keyed by the seed: a bijection, so without ties."""
    with np.errstate(over="ignore"):
        key = _mix(np.asarray([seed], dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15))
        return _mix(rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key)


def _mix(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def split_sha256(parts: Parts) -> str:
    """A hash that says whether two runs had the same split."""
    return hashlib.sha256(parts.tobytes()).hexdigest()


def epoch_order(seed: int, epoch: int, n_rows: int) -> npt.NDArray[np.int64]:
    """The order of the training rows in an epoch: a permutation that depends on (seed, epoch) only."""
    order = np.empty(n_rows, dtype=np.int64)
    permute(row_hash(seed, np.asarray([epoch]))[0], order)
    return order
