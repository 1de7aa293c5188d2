"""A random order of the rows, ten times as fast as numpy's: for a linear neuron that costs as much as the steps."""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Integers
from workers.kernels.compiled import entry, kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_1, SHIFT_2, SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)
HALF_WORD, LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)


@kernel
def mixed(z: np.uint64) -> np.uint64:
    """The output of SplitMix64 for the state z (Steele, Lea & Flood 2014)."""
    z = (z ^ (z >> SHIFT_1)) * MIX_1
    z = (z ^ (z >> SHIFT_2)) * MIX_2
    return np.uint64(z ^ (z >> SHIFT_3))


@kernel
def shuffle(key: np.uint64, order: Integers, rows: int) -> None:
    """Put 0 … rows-1 in a random order into the first places of `order`.

    Durstenfeld's shuffle (1964), each place drawn from 32 bits by Lemire's method (2019): x·n/2³², where that favours
    none. The numbers are those of SplitMix64 from `key`.
    """
    for i in range(rows):
        order[i] = i
    for i in range(rows - 1, 0, -1):
        n = np.uint64(i + 1)
        key += GOLDEN
        product = (mixed(key) >> HALF_WORD) * n
        if (product & LOW_HALF) < n:
            least = ((LOW_HALF ^ n) + np.uint64(1)) % n  # 2³² mod n
            while (product & LOW_HALF) < least:
                key += GOLDEN
                product = (mixed(key) >> HALF_WORD) * n
        j = product >> HALF_WORD
        order[i], order[j] = order[j], order[i]


@entry
def permute(key: np.uint64, order: Integers) -> None:
    """Put 0 … n-1 in a random order into `order` (n < 2³²), every one of the n! with the same chance."""
    shuffle(key, order, len(order))
