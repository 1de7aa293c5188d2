"""The order of the training rows in an epoch: a function of (seed, epoch) and of the table's size alone.

A table whose inputs fit into a processor's cache is shuffled as a whole. A larger one is dealt out. Blocks of rows that
lie one after the other are drawn by chance: BLOCKS of them make a window, which a disk reads in ascending order and
which memory holds. Of a window, small groups of neighbours are drawn by chance: GROUPS of them make a hand, which the
cache holds, and whose rows are shuffled. Rows of more than half a group have no groups: a window of them is shuffled as
a whole. So a step takes as long on ten million rows as on a hundred thousand, and the order is the same wherever the
table is.

The words, from the table down to a step; engines and kernels use the same:

    table   ========================================  all training rows
    block     ==   ==      ==  ==          ==   ==    neighbours, drawn by chance: 64 KiB
    window  [ == == == == == == ]                     BLOCKS blocks: what memory holds
    group     . . . . . . . . . .                     neighbours in a window, drawn by chance: 512 bytes
    hand    [ ..... ]                                 GROUPS groups: dealt into the cache, their rows shuffled there
    tile    [ .. ]                                    rows of a hand that the kernels lay out and compute at once
    batch   [ .... ]                                  rows of one step: some tiles, or a part of one

What one call of the kernel is given is a piece of the epoch: a window, or all rows of a table that is shuffled as a
whole; in it the rows of one hand are a stretch.

What that does to the statistics: each row comes once in an epoch, and may come at any time. Rows that lie side by side
come in the same hand. Where rows are in no order that makes no difference. In a table that is sorted by its target, a
window is a sample of BLOCKS places, and a hand one of GROUPS: the mean target of a window deviates from the table's by
about σ/√BLOCKS, 3 % of a standard deviation, and a hand's from the window's by 4 %, others in every epoch, where a
shuffle as a whole has less than a tenth of that. The smaller the blocks, the more of them are in a window, and the more
often a disk seeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Integers
from workers.kernels.deal import GROUPS
from workers.kernels.permute import permute
from workers.training.split import epoch_order, mix, row_hash

WHOLE_BYTES = 4 * 2**20  # inputs that are shuffled as a whole: what a processor's caches hold
WINDOW_BYTES = 64 * 2**20  # of inputs
BLOCKS = 1024  # in a window: 64 KiB each
GROUP_BYTES = 512  # GROUPS of them are a quarter of a megabyte, which leaves the cache room for the next

AS_THEY_LIE: Integers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Window:
    """Some `n_rows` of the table: blocks of `block_rows` (the last may be shorter) from `starts` on, ascending.

    `groups` is the order of the groups of `group_rows` among them, the last of which may be shorter and stays the last;
    each GROUPS of them are shuffled by a number from `key` and their first row's place. Without groups the rows come as
    they lie.
    """

    starts: Integers
    block_rows: int
    n_rows: int
    group_rows: int
    groups: Integers
    key: int

    def __len__(self) -> int:
        return self.n_rows

    @property
    def shift(self) -> int:
        """A block has two to this power groups."""
        return (self.block_rows // self.group_rows).bit_length() - 1

    @property
    def blocks(self) -> Iterator[tuple[int, int]]:
        """Where they start in the table, and end."""
        left = self.n_rows
        for start in self.starts.tolist():
            yield start, start + min(self.block_rows, left)
            left -= self.block_rows

    def places(self) -> Integers:
        """(n_rows,): the order of the rows among those of the blocks, as these follow one another."""
        if not len(self.groups):
            return np.arange(self.n_rows)
        dealt = (self.groups[:, None] * self.group_rows + np.arange(self.group_rows)).reshape(-1)[: self.n_rows]
        span = hand_rows(self.group_rows, self.n_rows)
        for first in range(0, self.n_rows, span):
            hand = dealt[first : first + span]
            order = np.empty(len(hand), dtype=np.int64)
            permute(mix(np.asarray([self.key + first], dtype=np.uint64))[0], order)
            dealt[first : first + span] = hand[order]
        return dealt

    def rows(self) -> Integers:
        """(n_rows,): where the rows are in the table, in their order."""
        places = self.places()
        return self.starts[places // self.block_rows] + places % self.block_rows


@dataclass(frozen=True, slots=True)
class Windows:
    """All rows of a table, window by window. `block_rows`, which are 1, 2, 4, … groups of `group_rows`, make
    a block; an `epoch` of None
    takes rows as they lie."""

    n_rows: int
    block_rows: int
    group_rows: int
    seed: int
    epoch: int | None

    def __len__(self) -> int:
        return self.n_rows

    def __iter__(self) -> Iterator[Window]:
        starts = np.arange(0, self.n_rows, self.block_rows)
        order = np.arange(len(starts)) if self.epoch is None else epoch_order(self.seed, self.epoch, len(starts))
        for first in range(0, len(starts), BLOCKS):
            drawn = np.sort(starts[order[first : first + BLOCKS]])
            count = int(np.minimum(drawn + self.block_rows, self.n_rows).sum() - drawn.sum())
            if self.epoch is None:
                yield Window(drawn, self.block_rows, count, 1, AS_THEY_LIE, 0)
                continue
            hashed = row_hash(self.seed, np.asarray([self.epoch]))
            key = int(row_hash(int(hashed[0]), np.asarray([first]))[0]) >> 1  # so that a place can be added to it
            groups = np.arange(-(-count // self.group_rows))
            permute(np.uint64(key), groups[:-1])
            yield Window(drawn, self.block_rows, count, self.group_rows, groups, key)


Order = Integers | Windows
"""Rows one after the other, or windows of them."""


def in_order(seed: int, epoch: int, shape: tuple[int, ...]) -> Order:
    """The order of an epoch over a table (n, m) of float32."""
    if not is_large(shape):
        return epoch_order(seed, epoch, shape[0])
    return Windows(shape[0], block_rows(shape), group_rows(shape), seed, epoch)


def as_they_lie(shape: tuple[int, ...]) -> Windows:
    """All rows of a table (n, m), for a batch of all of them, whose order makes no difference."""
    return Windows(shape[0], block_rows(shape), group_rows(shape), 0, None)


def is_large(shape: tuple[int, ...]) -> bool:
    """Whether a table (n, m) of float32 is dealt out."""
    return shape[0] * shape[1] * 4 > WHOLE_BYTES


def block_rows(shape: tuple[int, ...]) -> int:
    """Rows of a block: 1, 2, 4, … groups. A window's are whole tiles of the fused engine, as BLOCKS is."""
    group = group_rows(shape)
    groups = max(WINDOW_BYTES // (BLOCKS * group * shape[1] * 4), 1)
    return group << (groups.bit_length() - 1)


def group_rows(shape: tuple[int, ...]) -> int:
    """Rows of a group."""
    return max(GROUP_BYTES // (shape[1] * 4), 1)


def hand_rows(group: int, n_rows: int) -> int:
    """Rows of a hand of groups of so many rows, in a window of `n_rows`."""
    return n_rows if group == 1 else GROUPS * group


def places_of(order: Order) -> Integers:
    """(n,): an order as the places of its rows."""
    return order if isinstance(order, np.ndarray) else np.concatenate([window.rows() for window in order])
