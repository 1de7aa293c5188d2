"""FittedTransform: the only way in for rows. Typed columns become the float32 matrix that a network reads.

Everything here was decided on training rows by `workers.training.fit`; this side only applies it. A feature
becomes one or more encoded columns: a number or a boolean itself, a categorical one column for each kept category
(and `other`), a datetime its parts; a feature that had gaps in training adds `… is missing`. Then every
encoded column is centred and scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.columns import Categories, CellInvalid, Codes, Columns, Floats, Kind, Values, missing
from service.domain.plain import plain

SECONDS_PER_DAY = 86_400.0
CIRCLE_DECIMALS = 12
"""Of a point on a circle: sin π is 0, and two hours that mirror each other are one height. Else a column of rounding
errors would vary, and be scaled up to be learnt from."""
DATETIME_PARTS = ("days", "month sin", "month cos", "weekday sin", "weekday cos", "hour sin", "hour cos")


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
        gaps = missing(values)
        if gaps.any() and not self._fills:
            raise CellInvalid(
                int(np.flatnonzero(gaps)[0]),
                self.name,
                f"feature {self.name!r} is missing, and this model fills no gaps: give a value, or train with "
                '"missing": "mean", "median" or "most_frequent"',
            )
        if isinstance(values, Categories):
            encoded = self._one_hot(values)
        else:
            numbers = np.where(gaps, 0.0 if self.fill is None else self.fill, values)
            encoded = datetime_parts(numbers) if self.kind == "datetime" else numbers[:, None]
        return np.hstack([encoded, gaps[:, None]]) if self.indicator else encoded

    @property
    def _fills(self) -> bool:
        return self.fill is not None or self.fill_category is not None

    def _one_hot(self, values: Categories) -> Floats:
        width = len(self.categories) + int(self.other)
        positions = self._positions(values)
        encoded = np.zeros((len(values), width))
        rows = np.flatnonzero(positions < width)
        encoded[rows, positions[rows]] = 1.0
        return encoded

    def _positions(self, values: Categories) -> npt.NDArray[np.int64]:
        """The encoded column of each cell; past the last one where a category was never seen and has no 'other'."""
        known = {category: position for position, category in enumerate(self.categories)}
        table = [known.get(value, len(self.categories)) for value in values.values]
        fill = (
            len(self.categories) if self.fill_category is None else known.get(self.fill_category, len(self.categories))
        )
        codes: Codes = values.codes
        return np.asarray([*table, fill], dtype=np.int64)[codes]

    def unfamiliar(self, values: Values) -> npt.NDArray[np.bool_]:
        """(n_rows,) bool: cells unlike any in training: a category not kept, a number outside the range seen."""
        gaps = missing(values)
        if isinstance(values, Categories):
            return (self._positions(values) >= len(self.categories)) & ~gaps
        if self.low is None or self.high is None:
            return np.zeros(len(values), dtype=np.bool_)
        return ((values < self.low) | (values > self.high)) & ~gaps


@dataclass(frozen=True, slots=True)
class FittedTransform:
    """Features and, for each encoded column that varies in training, its place, centre and scale.

    `kept` (n_outputs,) are the positions of the encoded columns that the network reads: one that is constant
    over the training rows tells nothing and is left out. Output = (encoded[:, kept] - centre) / scale.
    """

    features: tuple[Feature, ...]
    kept: npt.NDArray[np.int64]
    centre: Floats
    scale: Floats

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
        parts = [feature.encode(columns[feature.name]) for feature in self.features]
        encoded = np.hstack(parts)
        return encoded if len(self.kept) == encoded.shape[1] else encoded[:, self.kept]

    def apply(self, columns: Columns) -> npt.NDArray[np.float32]:
        """(n_rows, n_outputs) float32, what the network reads. Raises CellInvalid."""
        return ((self.encode(columns) - self.centre) / self.scale).astype(np.float32)

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
        )


def datetime_parts(seconds: Floats) -> Floats:
    """(n_rows, 7) float64: days since 1970, then the month, weekday and hour as points on a circle."""
    days = np.floor(seconds / SECONDS_PER_DAY)
    dates = days.astype("datetime64[D]")
    month = (dates.astype("datetime64[M]").astype(np.int64) % 12).astype(np.float64)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    hour = (seconds - days * SECONDS_PER_DAY) / 3600
    turns = [2 * np.pi * part / period for part, period in ((month, 12), (weekday, 7), (hour, 24))]
    circles = [np.round(wave(turn), CIRCLE_DECIMALS) for turn in turns for wave in (np.sin, np.cos)]
    return np.stack([seconds / SECONDS_PER_DAY, *circles], axis=1)
