"""What a report says of a classifier on held-out rows: class by class, its curves, and whether probabilities hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As
from service.domain.model.predictor import Label


@dataclass(frozen=True, slots=True)
class ReportedClass:
    """Of one class; None where there is nothing to divide by."""

    label: Annotated[Label, As("class")]
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Roc:
    false_positive_rate: Sequence[float]
    true_positive_rate: Sequence[float]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    recall: Sequence[float]
    precision: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curves:
    """Of a class against the rest, at most 200 points each; the areas are those of all points."""

    label: Annotated[Label, As("class")]
    roc_auc: float
    average_precision: float
    share: Annotated[float, "of the rows that are of the class"]
    roc: Roc
    precision_recall: PrecisionRecall


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows whose probabilities are alike."""

    predicted: Annotated[float, "mean probability"]
    observed: Annotated[float, "the share that came true"]
    low: Annotated[float, "of the 95 % score interval of the share"]
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether probabilities mean what they say."""

    of: Annotated[str, "whose probabilities: of the second of two classes, else of the predicted one"]
    bins: Sequence[ReliabilityBin]
    expected_error: Annotated[float, "mean distance between predicted and observed, by rows"]
    brier: float


@dataclass(frozen=True, slots=True)
class JudgedClasses:
    """Of a classifier on the rows of a part."""

    part: str
    rows: int
    per_class: Sequence[ReportedClass]
    curves: Sequence[Curves]
    calibration: Reliability
