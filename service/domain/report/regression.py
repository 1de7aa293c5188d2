"""What a report says of a regression on held-out rows: its residuals and its prediction intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class WorstRow:
    row: Annotated[int, "its position in the dataset, from 0, as in `/rows?offset=`"]
    truth: float
    prediction: float
    residual: float


@dataclass(frozen=True, slots=True)
class Points:
    truth: Sequence[float]
    prediction: Sequence[float]


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals: truth - prediction, in the target's units."""

    part: str
    rows: int
    mean: float
    standard_deviation: float | None
    skew: float | None
    quantiles: Mapping[str, float]
    worst: Sequence[WorstRow]
    points: Annotated[Points, "at most 400 rows, for plotting"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A split-conformal interval: prediction ± half_width."""

    level: Annotated[float, "the share of new rows whose true value the interval contains"]
    half_width: Annotated[float | None, "in the target's units; null if there are too few rows for the level"]
    coverage: Annotated[float | None, "the share of rows within it, measured on rows not used for calibration"]
    rows: Annotated[int, "number of rows that the coverage was measured on"]
    measured_on: str
    calibrated_on: str
    calibration_rows: int
    reason: Annotated[str | None, "why there is no half-width"]
