"""What a report says of the features: which of them matter, and how predictions follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.model.predictor import Label

Curve = Sequence[float] | Mapping[str, Sequence[float]]
"""Predictions at each of some values: numbers; for classes such a list for each."""


@dataclass(frozen=True, slots=True)
class Importance:
    """Permutation importance of a feature."""

    feature: str
    value: Annotated[float, "how much the error grows when the values are shuffled among the rows"]
    low: Annotated[float | None, "of an interval that covers the choice of rows and of shuffles; null for a single row"]
    high: float | None


@dataclass(frozen=True, slots=True)
class ImportanceOn:
    """What importance was measured on."""

    part: Annotated[str, "the rows: of validation, else of test"]
    metric: Annotated[str, "rmse, in the target's units, or log_loss, in nats"]
    rows: int
    repeats: Annotated[int, "shuffles of each feature"]
    confidence: Annotated[float, "of the intervals"]


@dataclass(frozen=True, slots=True)
class PartialDependence:
    """The mean prediction over rows, with one feature set to the same value in all of them."""

    feature: str
    kind: str
    values: Annotated[Sequence[Label], "what the feature is set to in all rows"]
    predictions: Annotated[
        Curve, "the mean prediction at each value; for classes such a list for each (of two: the second)"
    ]
