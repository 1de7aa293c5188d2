"""How good predictions are on the rows of a split, by the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As


@dataclass(frozen=True, slots=True)
class NumberMetrics:
    """Metrics of a regression, in the target's units; for several targets the means over them. None: beyond float64, or
    not defined."""

    mse: float | None
    rmse: float | None
    mae: float | None
    r2: Annotated[float | None, "null if the true values do not vary"]
    by_target: Annotated[
        Mapping[str, NumberMetrics] | None, As(omits_none=True), "for several targets, those of each"
    ] = None


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """Metrics of a classifier. Two classes: f1 and roc_auc are of the second; more: means over the classes."""

    accuracy: float
    log_loss: Annotated[float, "in nats"]
    roc_auc: Annotated[float | None, "for several classes, each against the rest; null if a class has no rows"]
    f1: float
    confusion: Annotated[Sequence[Sequence[int]], "rows: truth, columns: prediction, in the order of the classes"]


@dataclass(frozen=True, slots=True)
class NoMetrics:
    """Metrics of a split without rows: an empty object."""


Metrics = NumberMetrics | ClassMetrics | NoMetrics
