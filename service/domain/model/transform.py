"""FittedTransform: the only way in for rows. Typed columns become the float32 matrix that a network reads.

Everything here was decided on training rows by `workers.training.data.fit`; this side only applies it. A feature
becomes one or more encoded columns: a number or a boolean itself (a number perhaps with a column for each of its bins),
a categorical one column for each kept category (and `other`, with the statistics of categories that share it), a
datetime its parts; a feature that had gaps in training adds `… is missing`. Then every encoded column is centred and
scaled, and by some scalers smoothly clipped.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Columns
from service.domain.model.encoder import Encoder
from service.domain.model.feature import Feature, TargetStatistics
from service.domain.plain import plain

HELD_NUMBERS = 500  # numpy's own bound, NPY_BEGIN_THREADS_THRESHOLDED
FAR = 1e100  # scaled values beyond it are clipped as it is, to the last bit; their own squares are not in float64
TOLD_APART = 1e-4  # of the clip: float32 has three digits of the distance from it that is left there


@dataclass(frozen=True)
class FittedTransform:
    """Features and, for each encoded column that varies in training, its place, centre and scale.

    `kept` (n_outputs,) are the positions of the encoded columns that the network reads: one that is constant
    over the training rows tells nothing and is left out. Output = (encoded[:, kept] - centre) / scale; with a `clip`
    c of that x / sqrt(1 + (x / c)²), which is about x near 0 and never beyond ±c (Holzmüller et al. 2024, appendix C);
    of bins, which end at -1 and 1, x itself.
    `mean` (n_outputs,) are the encoded columns of the average training row, before scaling; older models have none.
    """

    features: tuple[Feature, ...]
    kept: npt.NDArray[np.int64]
    centre: Floats
    scale: Floats
    mean: Floats | None = None
    clip: float | None = None

    @functools.cached_property
    def encoder(self) -> Encoder:
        """The features compiled, once for each transform."""
        return Encoder(self.features, self.kept)

    @property
    def n_outputs(self) -> int:
        return len(self.kept)

    @functools.cached_property
    def is_bin(self) -> npt.NDArray[np.bool_]:
        """(n_outputs,) which of the inputs are bins of a number."""
        marks = [0 < at <= one.n_bins for one in self.features for at in range(len(one.encoded_names))]
        return np.array(marks, np.bool_)[self.kept]

    @functools.cached_property
    def clipped(self) -> Integers | None:
        """Which inputs are clipped, where that is not all."""
        return np.flatnonzero(~self.is_bin) if self.is_bin.any() else None

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
            return self.placed(encoded).astype(np.float32)

    def placed(self, encoded: Floats) -> Floats:
        """The numbers of `scaled` before they are rounded, in the place of `encoded` (n_rows, n_outputs)."""
        return place(encoded, self.centre, self.scale, self.clip, self.clipped)

    def scaled_in_blocks(self, encoded: Floats) -> Floats:
        """The numbers of `scaled` in float64, for a few rows; `encoded` is left as it is.

        Over more than HELD_NUMBERS numpy lets go of the interpreter's lock, and with many threads each such moment
        wakes another one that waits for it: that costs more than the arithmetic.
        """
        inputs = np.empty(encoded.shape)
        rows = max(1, HELD_NUMBERS // max(1, self.n_outputs))
        with np.errstate(over="ignore"):
            for start in range(0, len(encoded), rows):
                block = self.placed(encoded[start : start + rows].copy())
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
            **({} if self.clip is None else {"clip": self.clip}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FittedTransform:
        return cls(
            features=tuple(map(_feature_of, data["features"])),
            kept=np.asarray(data["kept"], dtype=np.int64),
            centre=np.asarray(data["centre"], dtype=np.float64),
            scale=np.asarray(data["scale"], dtype=np.float64),
            mean=np.asarray(data["mean"], dtype=np.float64) if "mean" in data else None,
            clip=data.get("clip"),
        )


def place(
    encoded: Floats, centre: Floats, scale: Floats, clip: float | None, clipped: Integers | None = None
) -> Floats:
    """Columns (n_rows, n) centred, scaled and clipped (only those that are `clipped`, if not all), in their own place;
    `centre` and `scale` (n,)."""
    encoded -= centre
    encoded /= scale
    if clip is not None:
        bent = encoded if clipped is None else encoded[:, clipped]
        np.clip(bent, -FAR, FAR, out=bent)
        bent /= np.sqrt(1 + (bent / clip) ** 2)
        if clipped is not None:
            encoded[:, clipped] = bent
    return encoded


def displaced(
    inputs: npt.NDArray[np.float32], centre: Floats, scale: Floats, clip: float | None, clipped: Integers | None = None
) -> Floats:
    """The way back from what `place` gave, as float32: columns (n_rows, n) before scaling. NaN for a value so
    near to the clip that float32 no longer tells it from others."""
    found = inputs.astype(np.float64)
    if clip is not None:
        shares = (found if clipped is None else found[:, clipped]) / clip
        shares[np.abs(shares) > 1 - TOLD_APART] = np.nan
        found[:, slice(None) if clipped is None else clipped] = clip * shares / np.sqrt(1 - shares**2)
    return found * scale + centre


def _feature_json(feature: Feature) -> dict[str, Any]:
    """A feature without statistics or bins says nothing of them, as before there were any."""
    told = plain(feature)
    return {key: value for key, value in told.items() if key not in ("statistics", "edges") or value}


def _feature_of(data: Mapping[str, Any]) -> Feature:
    found = data.get("statistics")
    statistics = None if found is None else TargetStatistics.from_json(found)
    tuples = {name: tuple(data.get(name, ())) for name in ("categories", "edges")}
    return Feature(**{**data, **tuples, "statistics": statistics})
