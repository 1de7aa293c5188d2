"""Words of one column: what a group of rows says of them, and what all groups say together.

Counts are exact while the different words are few. Beyond, the k + 1-th largest count is taken off all of them and
what is left is kept (Misra & Gries 1982, merged as in Agarwal et al. 2012): a count is then too small by at most
`missed`, which is at most n/(k + 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.domain.arrays import Hashes
from workers.ingest.profiling.distinct import Distinct, hashes_of_words, least
from workers.ingest.profiling.numbers import Sizes


@dataclass(frozen=True, slots=True)
class WordGroup:
    """What one group of rows says. `letters` is the sum of the cells' lengths; `missed` is 0 where counts are exact."""

    count: int
    letters: int
    hashes: Hashes
    counts: dict[str, int]
    missed: int


def word_group(cells: pa.DictionaryArray, bound: np.uint64, sizes: Sizes) -> WordGroup:
    """Figures of the cells (n,) of a group, null where they are missing."""
    places = cells.indices.drop_null().to_numpy()
    counts = np.bincount(places, minlength=len(cells.dictionary))
    used = np.flatnonzero(counts)
    words, counts = cells.dictionary.take(pa.array(used)), counts[used]
    letters = int(counts @ pc.utf8_length(words).to_numpy())
    hashes = least(hashes_of_words(words), bound, sizes.hashes)
    missed = 0
    if len(counts) > sizes.words:
        missed = int(np.partition(counts, -sizes.words - 1)[-sizes.words - 1])
        kept = np.flatnonzero(counts > missed)
        words, counts = words.take(pa.array(kept)), counts[kept] - missed
    return WordGroup(len(places), letters, hashes, dict(zip(words.to_pylist(), counts.tolist(), strict=True)), missed)


class WordColumn:
    """All groups of a column together."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self.count = 0
        self.distinct = Distinct(sizes.hashes)
        self.counts: dict[str, int] = {}
        self.missed = 0
        self.letters = 0

    def add(self, group: WordGroup) -> None:
        self.count += group.count
        self.letters += group.letters
        self.distinct.add(group.hashes)
        self.missed += group.missed
        for word, count in group.counts.items():
            self.counts[word] = self.counts.get(word, 0) + count
        if len(self.counts) > self._sizes.words:
            most = sorted(self.counts.values(), reverse=True)[self._sizes.words]
            self.missed += most
            self.counts = {word: count - most for word, count in self.counts.items() if count > most}

    @property
    def is_exact(self) -> bool:
        return not self.missed

    @property
    def n_distinct(self) -> int:
        return len(self.counts) if self.is_exact else min(self.distinct.count, self.count)

    @property
    def mean_length(self) -> float:
        """Letters in a cell that is not missing, on average."""
        return self.letters / self.count if self.count else 0.0

    def top(self, most: int) -> list[tuple[str, int]]:
        """The most frequent words, by their counts and then by themselves."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:most]

    def rarest(self) -> tuple[str, int]:
        return min(self.counts.items(), key=lambda item: (item[1], item[0]))
