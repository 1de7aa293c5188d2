"""A sample of rows that is asked again and again with one feature changed.

A change of a few inputs changes the first layer's sums by a product of few columns. The sums are computed once; then a
changed feature costs its own columns and the layers above, however wide the table is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform

CACHED = 2**14  # numbers of the first layer
# epochs draw from keys below
IMPORTANCE, DEPENDENCE, FOLDS, POINTS, TEMPERATURE = (2**63 + purpose for purpose in range(5))


def draws(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers that depend on the spec's seed and on what they are for."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64)))


def choose(generator: np.random.Generator, rows: int, most: int) -> Integers:
    """All rows, or `most` of them by chance, in their order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(generator.choice(rows, most, replace=False, shuffle=False))


def inputs_of_features(transform: FittedTransform) -> list[Integers]:
    """For each feature of the user's table the network's inputs that it becomes; none for one that is constant."""
    stops = np.cumsum([len(feature.encoded_names) for feature in transform.features])
    owner = np.searchsorted(stops, transform.kept, side="right")
    return [np.flatnonzero(owner == number) for number in range(len(transform.features))]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows (n, m) float32, and their sums (n, h) in the first layer."""

    predictor: Predictor
    inputs: npt.NDArray[np.float32]
    sums: Floats

    @classmethod
    def of(cls, predictor: Predictor, inputs: npt.NDArray[np.float32]) -> Sample:
        return cls(predictor, inputs, predictor.layers.first_sums(inputs))

    def share(self, positions: Integers, inputs: npt.NDArray[np.float32] | None = None) -> Floats:
        """(n, h): what some inputs, these rows' own or others', add to the first layer's sums."""
        weights = self.predictor.network.tensors(self.predictor.parameters)["layers.0.weight"][:, positions]
        values = self.inputs[:, positions] if inputs is None else inputs
        return values.astype(np.float64) @ weights.T.astype(np.float64)

    def unchanged(self) -> Floats:
        """Scores as from `Predictor.scores`: (n,) or (n, classes)."""
        return self.predictor.meaning(self.predictor.layers.onward(self.sums))

    def scores(self, own: Floats, others: Floats) -> Floats:
        """Scores as from `Predictor.scores`, (g, n) or (g, n, classes), with the share `own` (n, h) replaced by each of
        `others` (g, n, h) or (g, 1, h)."""
        changed = (self.sums - own) + others
        flat = changed.reshape(-1, changed.shape[-1])
        scores = self.predictor.meaning(self.predictor.layers.onward(flat))
        return scores.reshape(*changed.shape[:2], *scores.shape[1:])

    def together(self) -> int:
        """How many changes are best made at once: few rows cost less than calling for them, and many leave the
        processor's cache."""
        return max(1, CACHED // self.sums.size)


def strongest(sample: Sample, inputs: Sequence[Integers], most: int) -> list[int]:
    """The features that move the first layer's sums most: cheap to know, where importance is not."""
    moved = {number: float(sample.share(used).var(axis=0).sum()) for number, used in enumerate(inputs) if len(used)}
    return sorted(moved, key=lambda number: -moved[number])[:most]
