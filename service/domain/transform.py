"""FittedTransform: the only way in for rows. Typed columns become the float32 matrix that a network reads.

Everything here was decided on training rows by `workers.training.fit`; this side only applies it. A feature
becomes one or more encoded columns: a number or a boolean itself, a categorical one column for each kept category
(and `other`), a datetime its parts; a feature that had gaps in training adds `… is missing`. Then every
encoded column is centred and scaled.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.columns import Categories, Columns, Floats, Kind, Values, missing
from service.domain.encoder import DATETIME_PARTS, Encoder
from service.domain.plain import plain

HELD_NUMBERS = 500  # numpy's own bound, NPY_BEGIN_THREADS_THRESHOLDED


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the user's table and how its cells become numbers.

    `fill` replaces a missing number (None: a missing cell is an error). `categories` are the kept ones, by
    frequency; `fill_category` replaces a missing one; `other` says whether rarer categories have a column, which one
    that was never seen then shares: without it, that is all zeros.
    `low` and `high` are the range seen in training, for flags.
    """

    name: str
    kind: Kind
    fill: float | None = None
    indicator: bool = False
    categories: tuple[str, ...] = ()
    other: bool = False
    fill_category: str | None = None
    low: float | None = None
    high: float | None = None

    @property
    def encoded_names(self) -> list[str]:
        if self.kind == "categorical":
            names = [f"{self.name}={category}" for category in self.categories]
            names += [f"{self.name}=other"] if self.other else []
        elif self.kind == "datetime":
            names = [f"{self.name} {part}" for part in DATETIME_PARTS]
        else:
            names = [self.name]
        return [*names, f"{self.name} is missing"] if self.indicator else names

    def encode(self, values: Values) -> Floats:
        """(n_rows, len(encoded_names)) float64. Raises CellInvalid for a missing cell that nothing fills."""
        return _alone(self).encode(Columns({self.name: values}, len(values)))

    @property
    def fills(self) -> bool:
        """Whether a missing cell has a value that replaces it."""
        return self.fill is not None or self.fill_category is not None

    def unfamiliar(self, values: Values) -> npt.NDArray[np.bool_]:
        """(n_rows,) bool: cells unlike any in training: a category not kept, a number outside the range seen."""
        gaps = missing(values)
        if isinstance(values, Categories):
            kept = frozenset(self.categories)
            unseen = np.array([*(value not in kept for value in values.values), False], dtype=np.bool_)
            return unseen[values.codes] & ~gaps
        if self.low is None or self.high is None:
            return np.zeros(len(values), dtype=np.bool_)
        return ((values < self.low) | (values > self.high)) & ~gaps


@dataclass(frozen=True)
class FittedTransform:
    """Features and, for each encoded column that varies in training, its place, centre and scale.

    `kept` (n_outputs,) are the positions of the encoded columns that the network reads: one that is constant
    over the training rows tells nothing and is left out. Output = (encoded[:, kept] - centre) / scale.
    `mean` (n_outputs,) are the encoded columns of the average training row, before scaling; older models have none.
    """

    features: tuple[Feature, ...]
    kept: npt.NDArray[np.int64]
    centre: Floats
    scale: Floats
    mean: Floats | None = None

    @functools.cached_property
    def encoder(self) -> Encoder:
        """The features compiled, once for each transform."""
        return Encoder(self.features, self.kept)

    @property
    def n_outputs(self) -> int:
        return len(self.kept)

    @property
    def encoded_names(self) -> list[str]:
        """The names of the network's inputs."""
        names = [name for feature in self.features for name in feature.encoded_names]
        return [names[position] for position in self.kept]

    def encode(self, columns: Columns) -> Floats:
        """(n_rows, n_outputs) float64: the kept columns before scaling."""
        return self.encoder.encode(columns)

    def apply(self, columns: Columns) -> npt.NDArray[np.float32]:
        """(n_rows, n_outputs) float32, what the network reads. Raises CellInvalid."""
        return self.scaled(self.encode(columns))

    def scaled(self, encoded: Floats) -> npt.NDArray[np.float32]:
        """Encoded rows (n_rows, n_outputs) as the network reads them; `encoded` is used up."""
        encoded -= self.centre
        encoded /= self.scale
        with np.errstate(over="ignore"):  # beyond float32's 3.4e38 is infinity
            return encoded.astype(np.float32)

    def scaled_in_blocks(self, encoded: Floats) -> Floats:
        """The numbers of `scaled` in float64, for a few rows; `encoded` is left as it is.

        Over more than HELD_NUMBERS numpy lets go of the interpreter's lock, and with many threads each such moment
        wakes another one that waits for it: that costs more than the arithmetic.
        """
        inputs = np.empty(encoded.shape)
        rows = max(1, HELD_NUMBERS // max(1, self.n_outputs))
        with np.errstate(over="ignore"):
            for start in range(0, len(encoded), rows):
                block = (encoded[start : start + rows] - self.centre) / self.scale
                inputs[start : start + rows] = block.astype(np.float32)
        return inputs

    def unfamiliar(self, columns: Columns) -> list[list[str]]:
        """For each row the names of the features whose value is unlike any in training."""
        flags: list[list[str]] = [[] for _ in range(columns.n_rows)]
        for feature in self.features:
            for row in np.flatnonzero(feature.unfamiliar(columns[feature.name])):
                flags[row].append(feature.name)
        return flags

    def to_json(self) -> dict[str, Any]:
        return {
            "features": [plain(feature) for feature in self.features],
            "kept": self.kept.tolist(),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            **({} if self.mean is None else {"mean": self.mean.tolist()}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FittedTransform:
        return cls(
            features=tuple(
                Feature(**{**feature, "categories": tuple(feature["categories"])}) for feature in data["features"]
            ),
            kept=np.asarray(data["kept"], dtype=np.int64),
            centre=np.asarray(data["centre"], dtype=np.float64),
            scale=np.asarray(data["scale"], dtype=np.float64),
            mean=np.asarray(data["mean"], dtype=np.float64) if "mean" in data else None,
        )


@functools.lru_cache(maxsize=1000)
def _alone(feature: Feature) -> Encoder:
    return Encoder((feature,), np.arange(len(feature.encoded_names)))
