"""What a report says of a classifier on held-out rows: class by class, its curves, and whether probabilities hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As
from service.domain.model.predictor import Label
from service.domain.report.temperature import TemperatureScaling


@dataclass(frozen=True, slots=True)
class ReportedClass:
    """The scores of one class; None where there is nothing to divide by."""

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
    """Curves of a class against the rest, at most 200 points each; the areas are those of all points."""

    label: Annotated[Label, As("class")]
    roc_auc: float
    average_precision: float
    share: Annotated[float, "share of rows that belong to the class"]
    roc: Roc
    precision_recall: PrecisionRecall


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows whose probabilities are alike."""

    predicted: Annotated[float, "mean probability"]
    observed: Annotated[float, "observed share of positives"]
    low: Annotated[float, "of the 95 % score interval of the share"]
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well predicted probabilities match observed shares."""

    of: Annotated[str, "whose probabilities: the second of two classes, else the predicted class"]
    bins: Sequence[ReliabilityBin]
    expected_error: Annotated[float, "mean distance between predicted and observed, weighted by rows"]
    brier: float


@dataclass(frozen=True, slots=True)
class JudgedClasses:
    """What is said of a classifier on the rows of a part."""

    part: str
    rows: int
    per_class: Sequence[ReportedClass]
    curves: Sequence[Curves]
    calibration: Reliability
    temperature: Annotated[
        TemperatureScaling | None,
        "for a network with validation rows, whose figures here are with it: each row's by a temperature fitted on "
        "others",
    ] = None
