"""How good predictions are on the rows of a split, by the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As


@dataclass(frozen=True, slots=True)
class NumberMetrics:
    """Of a regression, in the target's units; of several targets the means over them. None: beyond float64, or not
    defined."""

    mse: float | None
    rmse: float | None
    mae: float | None
    r2: Annotated[float | None, "null where the truth does not vary"]
    by_target: Annotated[Mapping[str, NumberMetrics] | None, As(omits_none=True), "of several targets, each"] = None


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """Of a classifier. Two classes: f1 and roc_auc are of the second; more: means over the classes."""

    accuracy: float
    log_loss: Annotated[float, "in nats"]
    roc_auc: Annotated[float | None, "of several classes each against the rest; null where a class has no row"]
    f1: float
    confusion: Annotated[Sequence[Sequence[int]], "rows: truth, columns: prediction, in the order of the classes"]


@dataclass(frozen=True, slots=True)
class NoMetrics:
    """Of a split without rows: an empty object."""


Metrics = NumberMetrics | ClassMetrics | NoMetrics
