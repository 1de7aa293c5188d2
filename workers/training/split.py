"""Which rows train, which validate, which test: decided by (seed, row index) alone, for classes within each class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Hashes, Integers
from service.domain.spec.training import split_counts
from workers.kernels.permute import permute

TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, 3
Parts = npt.NDArray[np.uint8]
ClassNumbers = npt.NDArray[np.signedinteger[Any]]
AT_A_TIME = 2**18  # rows
MOST_BITS = 20  # of a group and its hashes, that are counted: 8 MiB of counts


def split_rows(
    seed: int, usable: npt.NDArray[np.bool_], validation: float, test: float, classes: ClassNumbers | None = None
) -> Parts:
    """(n_rows,) uint8: TRAIN, VALIDATION, TEST, or UNUSED where a row is not usable.

    Rows are ordered by a hash of (seed, index); the first ones validate, the next ones test. With `classes`
    (n_rows,) this is done within each class, so that every part has its share of each.
    """
    counts = np.bincount(_groups(classes, usable), minlength=1)
    ranks = np.zeros((2, len(counts)), dtype=np.int64)  # of the first row that does not validate, nor test
    for group, count in enumerate(counts.tolist()):
        n_train, n_validation, _ = split_counts(count, validation, test)
        if n_train > 0:  # else too few of this class to share: they all train
            ranks[:, group] = n_validation, count - n_train
    before = _hashes_at(seed, usable, classes, ranks)
    parts = np.full(len(usable), UNUSED, dtype=np.uint8)
    for rows, hashes, groups in _hashed(seed, usable, classes):
        found = np.where(hashes < before[0, groups], VALIDATION, np.where(hashes < before[1, groups], TEST, TRAIN))
        parts[rows] = found
    return parts


def joined(parts: Parts) -> Parts:
    """(n_rows,) the split of a refit: validation rows train as well, and test rows are in no part."""
    return np.array([TRAIN, TRAIN, UNUSED, UNUSED], dtype=np.uint8)[parts]


def _hashes_at(seed: int, usable: npt.NDArray[np.bool_], classes: ClassNumbers | None, ranks: Integers) -> Hashes:
    """The hashes at some ranks (r, g) among those of each group, from 0 on; 0 for rank 0. By their first bits: rows are
    counted, and only those whose bits are the sought ones' are sorted."""
    groups = ranks.shape[1]
    bits = max(1, min(MOST_BITS - groups.bit_length(), len(usable).bit_length()))
    shift = np.uint64(64 - bits)

    def bins() -> Iterator[tuple[Hashes, npt.NDArray[np.int64]]]:
        for _, hashes, of_row in _hashed(seed, usable, classes):
            yield hashes, (of_row << bits) + (hashes >> shift).astype(np.int64)

    counts = np.zeros(groups << bits, dtype=np.int64)
    for _, bin_of in bins():
        counts += np.bincount(bin_of, minlength=len(counts))
    behind = np.cumsum(counts.reshape(groups, -1), axis=1)
    places = [(at, group) for at, group in zip(*np.nonzero(ranks), strict=True)]
    sought = {place: int(np.searchsorted(behind[place[1]], ranks[place], "right")) for place in places}
    wanted = np.zeros(len(counts), dtype=np.bool_)
    for (_, group), bin_ in sought.items():
        wanted[(group << bits) + bin_] = True
    near = [(bin_of[there], hashes[there]) for hashes, bin_of in bins() if (there := wanted[bin_of]).any()]
    found = np.zeros(ranks.shape, dtype=np.uint64)
    if not near:
        return found
    bin_of, hashes = (np.concatenate(each) for each in zip(*near, strict=True))
    order = np.lexsort((hashes, bin_of))
    bin_of, hashes = bin_of[order], hashes[order]
    for place, bin_ in sought.items():
        whole = (place[1] << bits) + bin_
        earlier = behind[place[1], bin_] - counts[whole]
        found[place] = hashes[np.searchsorted(bin_of, whole) + ranks[place] - earlier]
    return found


def _groups(classes: ClassNumbers | None, usable: npt.NDArray[np.bool_]) -> ClassNumbers:
    """The group of each usable row: its class, or one for all."""
    return np.zeros(int(usable.sum()), dtype=np.int8) if classes is None else classes[usable]


def _hashed(
    seed: int, usable: npt.NDArray[np.bool_], classes: ClassNumbers | None
) -> Iterator[tuple[npt.NDArray[np.int64], Hashes, npt.NDArray[np.int64]]]:
    """Usable rows, their hashes and groups, some at a time."""
    for start in range(0, len(usable), AT_A_TIME):
        piece = slice(start, start + AT_A_TIME)
        rows = np.flatnonzero(usable[piece]) + start
        groups = _groups(None if classes is None else classes[piece], usable[piece])
        yield rows, row_hash(seed, rows), groups.astype(np.int64)


def row_hash(seed: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea & Flood 2014) of the row's index, keyed by the seed: a bijection, so without ties."""
    with np.errstate(over="ignore"):
        key = mix(np.asarray([seed], dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15))
        return mix(rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key)


def mix(z: Hashes) -> Hashes:
    """The output of SplitMix64 for the states z."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def split_sha256(parts: Parts) -> str:
    """A hash that says whether two runs had the same split."""
    return hashlib.sha256(parts.data).hexdigest()


def epoch_order(seed: int, epoch: int, n_rows: int) -> npt.NDArray[np.int64]:
    """The order of the training rows in an epoch: a permutation that depends on (seed, epoch) only."""
    order = np.empty(n_rows, dtype=np.int64)
    permute(row_hash(seed, np.asarray([epoch]))[0], order)
    return order
