"""Fit a FittedTransform on the training rows: two passes over them, a chunk at a time.

The first finds what replaces a missing cell and which categories are kept; the second, on columns encoded with
that, finds their centre and scale. The definitions are scikit-learn's (SimpleImputer, OneHotEncoder,
StandardScaler, MinMaxScaler, RobustScaler); that of robust scaling with a smooth clip is RealMLP's (Holzmüller et al.
2024, arXiv:2407.04491, appendix C). Encoded bins go from 0 to 1, and are put to -1 to 1 whatever the scaler is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from service.domain.arrays import Floats
from service.domain.cells.columns import Categories, Columns, Values, missing
from service.domain.cells.kinds import Kind
from service.domain.model.feature import Feature
from service.domain.model.magnitude import LOWER, unit_of
from service.domain.model.transform import FittedTransform
from service.domain.vocabulary.missing import MISSING, MissingPolicy
from service.domain.vocabulary.scalers import SCALERS
from service.errors import WorkFailed
from workers.training.data.edges import bin_edges
from workers.training.data.moments import MOST_KEPT, Kept, Moments, nonzero

SURELY_KEPT = 10  # the most frequent categories of a feature have a column each, however rare they are
BIN_MIDDLE = 0.5  # of a share of a bin, which goes from 0 to 1: from there it is half as far to both ends
RARE_ROWS = 5  # any other one with fewer training rows than this shares the column 'other'

Chunks = Callable[[], Iterator[Columns]]


def fit(
    chunks: Chunks,
    kinds: Mapping[str, Kind],
    missing_policy: str,
    scaler: str,
    most_categories: int,
    numeric_bins: int = 0,
) -> FittedTransform:
    """A transform for the features `kinds`, from training rows only. `chunks` gives them again at each call; a number
    gets at most `numeric_bins` inputs beside its own.

    Raises WorkFailed when a value is missing under a policy that refuses that, or when no encoded column varies.
    """
    policy = MISSING[missing_policy]
    keeps = policy.by_values or numeric_bins
    gatherers = {name: _Gatherer(Kept(MOST_KEPT // len(kinds)) if keeps else None) for name in kinds}
    for chunk in chunks():
        for name, gatherer in gatherers.items():
            gatherer.add(chunk[name])
    features = tuple(
        _feature(name, kinds[name], gatherer, policy, most_categories, numeric_bins)
        for name, gatherer in gatherers.items()
    )
    del gatherers  # what they kept, before the second pass keeps rows
    width = sum(len(feature.encoded_names) for feature in features)
    whole = FittedTransform(features, np.arange(width), np.zeros(width), np.ones(width))
    is_bin = whole.is_bin
    n_bins = int(np.count_nonzero(is_bin))
    moments = Moments(width - n_bins, Kept(MOST_KEPT) if SCALERS[scaler].by_quartiles else None)
    of_bins = Moments(n_bins)
    for chunk in chunks():
        encoded = whole.encode(chunk)
        if n_bins:
            of_bins.add(encoded.compress(is_bin, axis=1))
            encoded = encoded.compress(~is_bin, axis=1)  # row by row in memory as without bins: the same sums
        moments.add(encoded)
    if not (moments.high > moments.low).any():
        raise WorkFailed(
            "features_constant", "every feature is constant in the training rows: there is nothing to learn from"
        )
    _check_spans([name for name, of in zip(whole.encoded_names, is_bin, strict=True) if not of], moments)

    def joined(ours: Floats, of_bin: Floats | float) -> Floats:
        found = np.empty(width)
        found[~is_bin], found[is_bin] = ours, of_bin
        return found

    kept = np.flatnonzero(joined(moments.high, of_bins.high) > joined(moments.low, of_bins.low))
    centre, scale = (joined(ours, BIN_MIDDLE) for ours in SCALINGS[scaler](moments))
    mean = joined(moments.mean, of_bins.mean)
    return FittedTransform(features, kept, centre[kept], scale[kept], mean[kept], SCALERS[scaler].clip)


@dataclass(slots=True)
class _Gatherer:
    """What the first pass learns of one column."""

    kept: Kept | None
    count: int = 0
    gaps: int = 0
    total: float = 0.0
    lowered: bool = False  # the total is that of the numbers times `LOWER`: their own is not in float64
    low: float = np.inf
    high: float = -np.inf
    categories: Counter[str] = field(default_factory=Counter)

    def add(self, values: Values) -> None:
        gaps = missing(values)
        n_gaps = int(np.count_nonzero(gaps))
        self.gaps += n_gaps
        self.count += len(values) - n_gaps
        if isinstance(values, Categories):
            counts = np.bincount(values.codes[~gaps], minlength=len(values.values))
            self.categories.update({value: int(n) for value, n in zip(values.values, counts, strict=True) if n})
            return
        present = values[~gaps] if n_gaps else values
        if len(present):
            self._add_sum(present)
            self.low = min(self.low, float(present.min()))
            self.high = max(self.high, float(present.max()))
            if self.kept is not None:
                self.kept.add(present)

    def _add_sum(self, present: Floats) -> None:
        if not self.lowered:
            with np.errstate(over="ignore"):
                total = self.total + float(present.sum())
            if np.isfinite(total):
                self.total = total
                return
            self.total, self.lowered = self.total * LOWER, True
        self.total += float((present * LOWER).sum())

    def mean(self) -> float:
        return self.total / self.count / (LOWER if self.lowered else 1.0)

    def values(self) -> Floats:
        """The values that were kept. Raises ValueError where none were to be."""
        if self.kept is None:
            raise ValueError("no values were kept")
        return self.kept.rows()


def _median(seen: _Gatherer) -> float:
    values = seen.values()
    unit = unit_of(float(np.abs(values).max()))
    return float(np.median(values * unit) / unit)


def _most_frequent(seen: _Gatherer) -> float:
    distinct, counts = np.unique(seen.values(), return_counts=True)
    return float(distinct[np.argmax(counts)])


FILLS: Mapping[str, Callable[[_Gatherer], float]] = {
    "mean": _Gatherer.mean,
    "median": _median,
    "most_frequent": _most_frequent,
}
"""What replaces a missing number, of a column that has some."""


def _feature(
    name: str, kind: Kind, seen: _Gatherer, policy: MissingPolicy, most_categories: int, numeric_bins: int
) -> Feature:  # fmt: skip
    if policy.refuses and seen.gaps:
        raise WorkFailed(
            "missing_values",
            f'feature {name!r} is missing in {seen.gaps} training rows; use "missing": "mean", "median", '
            '"most_frequent" or "drop", or leave the feature out',
        )
    bare = Feature(name, kind, indicator=policy.fills and seen.gaps > 0)
    if bare.encoding != "categories":
        return replace(
            bare,
            fill=(FILLS[policy.name](seen) if seen.count else 0.0) if policy.fills else None,
            low=seen.low if seen.count else None,
            high=seen.high if seen.count else None,
            edges=bin_edges(seen.values(), seen.low, seen.high, numeric_bins)
            if numeric_bins and seen.count and bare.encoding == "number"
            else (),
        )
    ranked = sorted(seen.categories, key=lambda value: (-seen.categories[value], value))
    frequent = [value for value in ranked if seen.categories[value] >= RARE_ROWS]
    most = min(most_categories, max(len(frequent), SURELY_KEPT))
    return replace(
        bare,
        categories=tuple(ranked[:most]),
        other=len(ranked) > most,
        fill_category=(ranked[0] if ranked else "") if policy.fills else None,
    )


def _check_spans(names: Sequence[str], moments: Moments) -> None:
    """Raises WorkFailed where two values are further apart than the greatest number."""
    with np.errstate(over="ignore"):
        spans = moments.high - moments.low
    for place in np.flatnonzero(np.isinf(spans)).tolist():
        raise WorkFailed(
            "too_large",
            f"feature {names[place]!r} goes from {moments.low[place]:.6g} to {moments.high[place]:.6g}, "
            "a range that float64 cannot represent; if one of them stands for a missing value, declare it at upload "
            '("null_values"), or leave the feature out ("exclude")',
        )


def _robust(moments: Moments) -> tuple[Floats, Floats]:
    first, median, third = moments.quartiles()
    return median, nonzero(third - first)


def _robust_or_range(moments: Moments) -> tuple[Floats, Floats]:
    """A column most of whose values are the same, such as a category's, has half its range for a scale."""
    first, median, third = moments.quartiles()
    return median, nonzero(np.where(third > first, third - first, moments.high / 2 - moments.low / 2))


SCALINGS: Mapping[str, Callable[[Moments], tuple[Floats, Floats]]] = {
    "standard": lambda moments: (moments.mean, nonzero(moments.deviation)),
    "minmax": lambda moments: (moments.low, nonzero(moments.high - moments.low)),
    "robust": _robust,
    "robust_clip": _robust_or_range,
    "none": lambda moments: (np.zeros_like(moments.mean), np.ones_like(moments.mean)),
}
"""The centre and scale (width,) that each scaler gives the columns."""
