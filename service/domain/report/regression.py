"""What a report says of a regression on held-out rows: its residuals and its prediction intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class WorstRow:
    row: Annotated[int, "its place in the dataset, from 0, as `/rows?offset=` counts"]
    truth: float
    prediction: float
    residual: float


@dataclass(frozen=True, slots=True)
class Points:
    truth: Sequence[float]
    prediction: Sequence[float]


@dataclass(frozen=True, slots=True)
class Residuals:
    """Truth less prediction, in the target's units."""

    part: str
    rows: int
    mean: float
    standard_deviation: float | None
    skew: float | None
    quantiles: Mapping[str, float]
    worst: Sequence[WorstRow]
    points: Annotated[Points, "at most 400 rows, to draw"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Split-conformal: prediction ± half_width."""

    level: Annotated[float, "the share of new rows whose truth is within"]
    half_width: Annotated[float | None, "in the target's units; null: too few rows for the level"]
    coverage: Annotated[float | None, "the share that was within, on rows that were not calibrated on"]
    rows: Annotated[int, "that the coverage was measured on"]
    measured_on: str
    calibrated_on: str
    calibration_rows: int
    reason: Annotated[str | None, "why there is no half-width"]
