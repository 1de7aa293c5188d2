"""The split by a column: the rows with its greatest values test, those before them validate, the others train.

The values between the parts are found by counting, digit by digit, so that no more of the column than a chunk is in
memory, whatever its values are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Hashes, Integers
from service.domain.resolving.row_order import LEAST_TRAINING
from service.domain.spec.training import split_counts
from service.errors import WorkFailed
from workers.training.split import TEST, TRAIN, UNUSED, VALIDATION, Parts

DIGIT_BITS = 16  # of a value's 64, that are counted in one pass
SIGN = np.uint64(1 << 63)

ColumnPieces = Callable[[], Iterator[tuple[slice, Floats]]]


@dataclass(slots=True)
class _Cut:
    """Where a part begins: at the rows whose key is `key`, of which the first `before` in the table are still in the
    part before it."""

    key: np.uint64
    before: int
    seen: int = field(default=0)  # rows with this key, so far

    def is_later(self, keys: Hashes) -> npt.NDArray[np.bool_]:
        """(n,) bool: which of the next rows are in the part, or in a later one."""
        found = keys > self.key
        equal = np.flatnonzero(keys == self.key)
        found[equal[max(self.before - self.seen, 0) :]] = True
        self.seen += len(equal)
        return found


def split_latest(pieces: ColumnPieces, usable: npt.NDArray[np.bool_], validation: float, test: float) -> Parts:
    """(n_rows,) uint8: TRAIN, VALIDATION, TEST, or UNUSED where a row is not usable. `pieces` gives the values of the
    column, NaN for a missing one, a chunk at a time.

    Equal values are in one part wherever that leaves each part rows: the part that a value's share is nearer to takes
    them all; else those further down the table are the later ones. Rows without a value train. Raises WorkFailed where
    fewer than `LEAST_TRAINING` rows with a value are left to train on.
    """

    def keys() -> Iterator[Hashes]:
        for rows, values in pieces():
            yield _keys(values[usable[rows] & ~np.isnan(values)])

    count = sum(map(len, keys()))
    parts = np.where(usable, np.uint8(TRAIN), np.uint8(UNUSED))
    n_train, n_validation, n_test = split_counts(count, validation, test)
    if n_train < LEAST_TRAINING:
        raise WorkFailed(
            "too_few_rows",
            f"only {count} of the rows that can be used have a value to order them by, and {max(n_train, 0)} of those "
            'would train: use smaller shares, or leave "order_by" null',
        )
    starts = [(VALIDATION, n_train)] if n_validation else []
    starts += [(TEST, n_train + n_validation)] if n_test else []
    cuts, low = [], LEAST_TRAINING
    for number, (part, start) in enumerate(starts):
        high = count - (len(starts) - number)
        low, cut = _cut(keys, min(max(start, low), high), low, high)
        cuts.append((part, cut))
        low += 1
    for rows, values in pieces():
        timed = np.flatnonzero(usable[rows] & ~np.isnan(values))
        of_piece, found = parts[rows], _keys(values[timed])
        for part, cut in cuts:
            of_piece[timed[cut.is_later(found)]] = part
    return parts


def _cut(keys: Callable[[], Iterator[Hashes]], start: int, low: int, high: int) -> tuple[int, _Cut]:
    """The cut nearest to `start`, of all places between different keys from `low` to `high`, and that place: how many
    rows are before it."""
    key, below, equal = _at(keys, start)
    between = [place for place in (below, below + equal) if low <= place <= high]
    place = min(between, key=lambda one: abs(one - start), default=start)
    return place, _Cut(key, place - below)


def _at(keys: Callable[[], Iterator[Hashes]], rank: int) -> tuple[np.uint64, int, int]:
    """The key of a rank from 0 on, how many are below it, and how many equal it."""
    key, below, equal = 0, 0, 0
    for shift in range(64 - DIGIT_BITS, -1, -DIGIT_BITS):
        counts: Integers = np.zeros(1 << DIGIT_BITS, dtype=np.int64)
        for some in keys():
            rest = some >> np.uint64(shift)
            near = rest if shift == 64 - DIGIT_BITS else rest[rest >> np.uint64(DIGIT_BITS) == key]
            digits = (near & np.uint64((1 << DIGIT_BITS) - 1)).astype(np.int64)
            counts += np.bincount(digits, minlength=len(counts))
        behind = np.cumsum(counts)
        digit = int(np.searchsorted(behind, rank - below, "right"))
        equal = int(counts[digit])
        below += int(behind[digit]) - equal
        key = (key << DIGIT_BITS) + digit
    return np.uint64(key), below, equal


def _keys(values: Floats) -> Hashes:
    """(n,) uint64 in the order of the values: their bits, with those of negative ones turned round."""
    bits = (values + 0.0).view(np.uint64)  # of -0.0, which equals 0.0, those of 0.0
    return np.where(bits & SIGN, ~bits, bits | SIGN)
