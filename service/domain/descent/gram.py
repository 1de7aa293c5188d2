"""The Gram matrix of a table's numeric columns, as ingest stores it: curvature, correlations and the exact linear
optimum of any target and features, without the rows.

A missing cell counts as its column's mean, which is what training does by default: it adds nothing to the products.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from service.domain.arrays import Floats
from service.domain.descent.curvature import Curvature, curvature
from service.domain.descent.forecast import Slope, slope_of


@dataclass(frozen=True, slots=True)
class Gram:
    """Products of m columns of a table with `rows` rows: present cells and their means (m,), and `centred` (m, m),
    the sums of products of what two columns are beyond their means; all float64.

    Where cells are missing, `correlations` (m, m) are those over the rows in which both columns are present, and
    `pairs` (m, m) says how many rows that are; None where nothing is missing.
    """

    names: tuple[str, ...]
    rows: int
    counts: Floats
    means: Floats
    centred: Floats
    correlations: Floats | None = None
    pairs: Floats | None = None

    def curvature(self, features: Sequence[str], bias: bool = True, scaled: bool = True) -> Curvature | None:
        """Curvature of a linear neuron on these columns; constant ones are left out, as in training. Raises KeyError.

        `scaled`: with each column at mean 0 and standard deviation 1, else as they are.
        """
        at = self._varying(features)
        if not scaled:
            return self._placed(at, np.zeros(len(at)), np.ones(len(at)), bias)
        return self._placed(at, self.means[at], np.sqrt(self.centred[at, at] / max(self.rows, 1)), bias)

    def curvature_placed(self, places: Mapping[str, tuple[float, float]], bias: bool = True) -> Curvature | None:
        """Curvature with each of these columns less its centre and divided by its scale. Raises KeyError."""
        at = self._varying(list(places))
        centres, scales = (np.array([places[self.names[place]][part] for place in at]) for part in (0, 1))
        return self._placed(at, centres, scales, bias)

    def varying(self, features: Sequence[str]) -> list[str]:
        """The columns that are not constant. Raises KeyError."""
        return [self.names[place] for place in self._varying(features)]

    def slope(
        self, places: Mapping[str, tuple[float, float]], targets: Sequence[str], scaled_targets: bool, bias: bool
    ) -> Slope | None:
        """How descent from weights of zero goes on these columns, each less its centre and divided by its scale, and on
        these targets, at mean 0 and deviation 1 or as they are. Raises KeyError."""
        at, goals = self._varying(list(places)), [self._place(name) for name in targets]
        centres, scales = (np.array([places[self.names[place]][part] for place in at]) for part in (0, 1))
        n = max(self.rows, 1)
        goal_means = np.zeros(len(goals)) if scaled_targets else self.means[goals]
        goal_scales = np.sqrt(self.centred[goals, goals] / n) if scaled_targets else np.ones(len(goals))
        if not (len(at) and goal_scales.all()):
            return None
        means = (self.means[at] - centres) / scales
        moments = self.centred[np.ix_(at, goals)] / scales[:, None] + self.rows * np.outer(means, goal_means)
        if bias:
            moments = np.vstack([moments, self.rows * goal_means])
        return slope_of(self._hessian(at, centres, scales, bias), -2 / n * moments / goal_scales)

    def _placed(self, at: list[int], centres: Floats, scales: Floats, bias: bool) -> Curvature | None:
        return curvature(self._hessian(at, centres, scales, bias)) if len(at) or bias else None

    def _hessian(self, at: list[int], centres: Floats, scales: Floats, bias: bool) -> Floats:
        means = (self.means[at] - centres) / scales
        products = self.centred[np.ix_(at, at)] / np.outer(scales, scales) + self.rows * np.outer(means, means)
        if bias:
            edge = self.rows * means[:, None]
            products = np.block([[products, edge], [edge.T, np.array([[float(self.rows)]])]])
        hessian: Floats = 2 / max(self.rows, 1) * products
        return hessian

    def correlations_with(self, name: str) -> list[dict[str, Any]]:
        """Pearson's r of each other column with this one, over the rows in which both are present, the strongest
        first; None where one of them does not vary there. Raises KeyError."""
        at = self._place(name)
        if self.correlations is None or self.pairs is None:
            spread = np.sqrt(self.centred.diagonal())
            scale = spread * spread[at]
            found = self.centred[at] / np.where(scale > 0, scale, np.nan)
            pairs = np.full(len(self.names), self.rows)
        else:
            found, pairs = self.correlations[at], self.pairs[at]
        rows = [
            {
                "column": other,
                "correlation": float(np.clip(found[place], -1, 1)) if np.isfinite(found[place]) else None,
                "rows": int(pairs[place]),
            }
            for place, other in enumerate(self.names)
            if place != at
        ]
        return sorted(rows, key=lambda row: -abs(row["correlation"] or 0))

    def optimum(self, target: str, features: Sequence[str]) -> dict[str, Any] | None:
        """The least squares fit of the target by these columns with an intercept: the best that a linear neuron can do
        on these rows. Directions without information get the least coefficients (minimum norm).

        None where target cells are missing: training leaves such rows out, and the matrix has them. Raises KeyError.
        """
        goal = self._place(target)
        if self.counts[goal] < self.rows:
            return None
        at = self._varying(features)
        spread = np.sqrt(self.centred[at, at])
        values, vectors = np.linalg.eigh(self.centred[np.ix_(at, at)] / np.outer(spread, spread))
        kept = values > len(at) * np.finfo(np.float64).eps * max(values[-1], 0) if len(at) else np.zeros(0, bool)
        directions = vectors[:, kept]
        along = directions.T @ (self.centred[at, goal] / spread)
        scaled = directions @ (along / values[kept])
        total = float(self.centred[goal, goal])
        left = max(total - float(along @ (along / values[kept])), 0.0)
        weights = dict.fromkeys(features, 0.0) | {
            self.names[place]: float(weight) for place, weight in zip(at, scaled / spread, strict=True)
        }
        intercept = float(self.means[goal] - sum(self.means[self._place(name)] * to for name, to in weights.items()))
        return {
            "target": target,
            "rows": self.rows,
            "rank": int(kept.sum()),
            "mse": left / self.rows,
            "r2": 1 - left / total if total else None,
            "intercept": intercept,
            "coefficients": [{"feature": name, "value": value} for name, value in weights.items()],
        }

    def to_bytes(self) -> bytes:
        arrays = {"counts": self.counts, "means": self.means, "centred": self.centred}
        if self.correlations is not None and self.pairs is not None:
            arrays |= {"correlations": self.correlations, "pairs": self.pairs}
        head = np.frombuffer(json.dumps([self.rows, *self.names]).encode(), dtype=np.uint8)
        return save({name: np.ascontiguousarray(array) for name, array in {**arrays, "head": head}.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Gram:
        arrays = load(data)
        rows, *names = json.loads(arrays.pop("head").tobytes())
        return cls(tuple(names), rows, **arrays)

    def _place(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None

    def _varying(self, names: Sequence[str]) -> list[int]:
        """The places of those that are not constant to rounding."""
        places = [self._place(name) for name in names]
        least = (4 * np.finfo(np.float64).eps * self.means) ** 2 * self.rows
        return [place for place in places if self.centred[place, place] > least[place]]
