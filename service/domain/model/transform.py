"""FittedTransform: the only way in for rows. Typed columns become the float32 matrix that a network reads.

Everything here was decided on training rows by `workers.training.data.fit`; this side only applies it. A feature
becomes one or more encoded columns: a number or a boolean itself, a categorical one column for each kept category
(and `other`, with the statistics of categories that share it), a datetime its parts; a feature that had gaps in
training adds `… is missing`. Then every encoded column is centred and scaled.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.columns import Columns
from service.domain.model.encoder import Encoder
from service.domain.model.feature import Feature, TargetStatistics
from service.domain.plain import plain

HELD_NUMBERS = 500  # numpy's own bound, NPY_BEGIN_THREADS_THRESHOLDED


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
        with np.errstate(over="ignore"):  # beyond float32's 3.4e38 is infinity
            encoded -= self.centre
            encoded /= self.scale
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
            "features": [_feature_json(feature) for feature in self.features],
            "kept": self.kept.tolist(),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            **({} if self.mean is None else {"mean": self.mean.tolist()}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FittedTransform:
        return cls(
            features=tuple(map(_feature_of, data["features"])),
            kept=np.asarray(data["kept"], dtype=np.int64),
            centre=np.asarray(data["centre"], dtype=np.float64),
            scale=np.asarray(data["scale"], dtype=np.float64),
            mean=np.asarray(data["mean"], dtype=np.float64) if "mean" in data else None,
        )


def _feature_json(feature: Feature) -> dict[str, Any]:
    """A feature without statistics says nothing of them, as before there were any."""
    told = plain(feature)
    return told if feature.statistics is not None else {key: told[key] for key in told if key != "statistics"}


def _feature_of(data: Mapping[str, Any]) -> Feature:
    found = data.get("statistics")
    statistics = None if found is None else TargetStatistics.from_json(found)
    return Feature(**{**data, "categories": tuple(data["categories"]), "statistics": statistics})
