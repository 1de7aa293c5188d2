"""Categories without an input of their own: which there are, and how that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.domain.cells.kinds import Kind
from service.domain.model.feature import Feature
from service.domain.model.transform import FittedTransform
from service.domain.report.warned import Warned
from workers.training.data.fill import Sorted, training_rows

MOST_TOLD = 10  # features


@dataclass(frozen=True, slots=True)
class Merged:
    """The categories of a feature that share `other`: the rows that each has in training, the most frequent first."""

    feature: Feature
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    def warned(self) -> Warned:
        """What becomes of them."""
        name, many = self.feature.name, len(self.counts)
        which = f"feature {name!r}: {many:,} categories ({self.rows:,} training rows) have no input of their own"
        if self.feature.statistics is not None:
            told = ", ".join(repr(input) for input in self.feature.encoded_names if " effect on " in input)
            detail = f"{which}; the effect of each on the target, shrunk and cross-fitted, is the input {told}"
        else:
            detail = (
                f"{which} and share {name + '=other'!r}: their rows are too few to tell them apart, or differ by no "
                "more than chance; group the values, or add rows of each"
            )
        return Warned("categories_merged", detail, "/features")


def merged_warnings(merged: Sequence[Merged]) -> list[Warned]:
    """A warning for each feature, of the first ones."""
    told = [one.warned() for one in merged[:MOST_TOLD]]
    if (more := len(merged) - MOST_TOLD) > 0:
        told[-1] = replace(told[-1], detail=f"{told[-1].detail} (and {more:,} more like this)")
    return told


def merged_categories(rows: Sorted, kinds: dict[str, Kind], transform: FittedTransform) -> list[Merged]:
    """Those of each feature that has some, by a pass over the columns of these features."""
    sharing = [feature for feature in transform.features if feature.other]
    if not sharing:
        return []
    counts = {feature.name: Counter[str]() for feature in sharing}
    for chunk in training_rows(rows, {feature.name: kinds[feature.name] for feature in sharing}):
        for name, counter in counts.items():
            cells = chunk.categories(name)
            present = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.values))
            counter.update({word: int(n) for word, n in zip(cells.values, present, strict=True) if n})
    found = []
    for feature in sharing:
        kept = frozenset(feature.categories)
        others = {word: n for word, n in counts[feature.name].items() if word not in kept}
        found.append(Merged(feature, dict(sorted(others.items(), key=lambda item: (-item[1], item[0])))))
    return found
