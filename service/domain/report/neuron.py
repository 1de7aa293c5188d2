"""What a report says of a linear neuron: its exact optimum, what was learnt beside it, and how it came there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.described import As
from service.domain.model.predictor import Label

OfClass = Annotated[str | None, As("class", omits_none=True)]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """Of the optimum, in the user's units; for what was learnt beside it see `Weight`."""

    feature: str
    label: OfClass
    value: float
    standard_error: float | None
    low: Annotated[float | None, "of the 95 % interval"]
    high: float | None


@dataclass(frozen=True, slots=True)
class SeparatedClasses:
    """Classes that a linear boundary separates without a mistake."""

    complete: Annotated[bool, "every class from every other: the loss can be driven to 0"]
    classes: Annotated[Sequence[Label], "those that are separated from all others"]
    pairs: Annotated[Sequence[Sequence[Label]], "the first 20 pairs that are separated"]
    detail: Annotated[str, "the same as a sentence"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The exact optimum of a linear neuron's loss on the training rows, and how far what was learnt is from it."""

    method: str
    optimum_loss: Annotated[float, "in the target's units, as the other losses"]
    loss: Annotated[float, "of what was learnt, with its penalties"]
    gap: Annotated[float, "loss less optimum_loss"]
    gradient_norm: Annotated[float, "of the scaled problem, at what was learnt"]
    weight_distance: Annotated[float | None, "between the scaled weights"]
    prediction_distance: Annotated[float | None, "root mean square over the rows, in the target's units"]
    rank: Annotated[int, "how many directions of the design the rows tell apart"]
    collinear: Annotated[Sequence[Sequence[str]], "columns that determine each other: many optima predict alike"]
    condition_number: Annotated[
        float,
        "of the scaled design Z itself, its greatest singular value over its least; that of the squared error, "
        "2/n ZᵀZ, is its square: `curvature.scaled.condition_number`",
    ]
    digits: Annotated[int | None, "decimal digits of the coefficients that rounding leaves"]
    coefficients: Sequence[Coefficient]
    residual_standard_deviation: float | None = None
    separation: Annotated[
        SeparatedClasses | None, "classes that a linear boundary separates: the optimum is at infinity"
    ] = None
    epochs_to_millionth: Annotated[
        int | None,
        "a bound: full-batch descent at the rate with the best worst case takes no more of them to come within a "
        "millionth of the optimal loss",
    ] = None
    note: Annotated[str | None, "what is not from all rows, or left out"] = None


@dataclass(frozen=True, slots=True)
class Weight:
    """A coefficient of score = intercept + Σ coefficient · feature, in the user's units; for classes of the log-odds:
    of the second of two, of more each against the mean of all."""

    feature: str
    label: OfClass
    learnt: Annotated[float, "what predicts"]
    optimum: Annotated[float | None, "the exact optimum's, on the same rows; null where there is none"]
    difference: Annotated[float | None, "learnt less optimum"]
    standard_error: Annotated[float | None, "of the optimum's"]
    low: Annotated[float | None, "of the optimum's 95 % interval"]
    high: float | None
    step: Annotated[float | None, "what the scaler divides the feature by: with standard its standard deviation"]

    @property
    def name(self) -> str:
        """The feature, with its class where it is of one."""
        return self.feature if self.label is None else f"{self.label}: {self.feature}"


@dataclass(frozen=True, slots=True)
class WeightCourse:
    """One weight after each of the epochs that were kept."""

    name: Annotated[str, "of a linear neuron the feature, else from where to where: `hidden 1.2 ← area`"]
    optimum: Annotated[float | None, "the exact optimum's"]
    step: Annotated[float | None, "as in `weights`"]
    values: Annotated[Sequence[float], "after each of the epochs"]


@dataclass(frozen=True, slots=True)
class WeightsByEpoch:
    """Of networks of at most 20 weights."""

    units: str
    epochs: Annotated[Sequence[int], "0 is the start; every epoch up to 127, every second up to 255, and so on"]
    weights: Sequence[WeightCourse]
