"""How many different values there are, in bounded memory: exactly while they are few, from the k least hashes beyond.

Bar-Yossef et al. 2002: when the k-th least of uniform hashes in [0, 1) is u, there are about (k - 1)/u different
values; the standard error of that is 1/√(k - 2) of it.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from service.domain.arrays import Hashes

AT_ONCE_BYTES = 2**19  # of words, whose hashing takes some forty times as much
EVERY = np.uint64(2**64 - 1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)


class Distinct:
    """The least hashes seen so far. `bound` is one that later hashes must not exceed to matter."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._least: Hashes = np.empty(0, dtype=np.uint64)
        self.bound = EVERY

    def add(self, hashes: Hashes) -> None:
        both = np.sort(np.concatenate([self._least, hashes]))  # np.unique takes five times as long
        self._least = both[np.flatnonzero(np.diff(both, prepend=both[:1] + np.uint64(1)))][: self._most]
        if len(self._least) == self._most:
            self.bound = self._least[-1]

    @property
    def count(self) -> int:
        """The estimate; exact (but for equal hashes of different values) while fewer than `most` were seen."""
        if len(self._least) < self._most:
            return len(self._least)
        return round((self._most - 1) / (float(self.bound) / 2**64))

    @property
    def standard_error(self) -> float:
        """Standard error of the estimate, as a share of it."""
        return 0.0 if len(self._least) < self._most else float((self._most - 2) ** -0.5)


def least(hashes: Hashes, bound: np.uint64, most: int) -> Hashes:
    """The hashes of a group that may matter."""
    within = hashes[hashes <= bound]
    return np.partition(within, most)[:most] if len(within) > most else within


def hashes_of_numbers(values: npt.NDArray[Any]) -> Hashes:
    """(n,) uint64 of (n,) float64 or int64; 0.0 and -0.0 are one value."""
    values = values + 0.0 if values.dtype == np.float64 else values
    return _mixed(values.view(np.uint64) * _SPREAD)


def hashes_of_words(words: pa.Array) -> Hashes:
    """(n,) uint64 of strings: each byte times an odd number that its place decides, summed (Carter & Wegman 1979)."""
    if not len(words):
        return np.empty(0, dtype=np.uint64)
    words = words.cast(pa.large_binary())
    _, offset_buffer, data_buffer = words.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[words.offset : words.offset + len(words) + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer else np.empty(0, dtype=np.uint8)
    cuts = np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], AT_ONCE_BYTES))
    ends = np.unique(np.concatenate([cuts, [0, len(words)]]))
    pieces = [_sums(offsets[start : end + 1], data) for start, end in itertools.pairwise(ends.tolist())]
    return _mixed(_mixed(np.concatenate(pieces)) * _SPREAD)


def _sums(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> Hashes:
    lengths = np.diff(offsets)
    sums = lengths.astype(np.uint64) * _SPREAD
    full = np.flatnonzero(lengths)
    if len(full):
        starts = offsets[full] - offsets[0]
        places = np.arange(offsets[-1] - offsets[0], dtype=np.uint64) - np.repeat(starts, lengths[full]).view(np.uint64)
        places += np.uint64(1)
        factors = _mixed(places * _SPREAD) | np.uint64(1)
        factors *= data[offsets[0] : offsets[-1]].astype(np.uint64) + np.uint64(1)
        sums[full] += np.add.reduceat(factors, starts)
    return sums


def _mixed(hashes: Hashes) -> Hashes:
    """Bits spread over the whole word, in place where it can be."""
    hashes ^= hashes >> np.uint64(32)
    hashes *= _MIX
    hashes ^= hashes >> np.uint64(29)
    return hashes
