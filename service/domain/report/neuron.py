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
    """A coefficient of the exact optimum, in the user's units; `Weight` has the learnt one beside it."""

    feature: str
    label: OfClass
    value: float
    standard_error: float | None
    low: Annotated[float | None, "of the 95 % confidence interval"]
    high: float | None


@dataclass(frozen=True, slots=True)
class SeparatedClasses:
    """Classes that a linear boundary separates perfectly."""

    complete: Annotated[bool, "every class from every other: the loss can be driven to 0"]
    classes: Annotated[Sequence[Label], "the classes that are separated from all others"]
    pairs: Annotated[Sequence[Sequence[Label]], "the first 20 separated pairs"]
    detail: Annotated[str, "the same in words"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The exact optimum of a linear neuron's loss on the training rows, and how far what was learnt is from it."""

    method: str
    optimum_loss: Annotated[float, "in the target's units, like the other losses"]
    loss: Annotated[float, "of the trained weights, including penalties"]
    gap: Annotated[float, "loss - optimum_loss"]
    gradient_norm: Annotated[float, "of the scaled problem, at the trained weights"]
    weight_distance: Annotated[float | None, "distance between the learnt and the optimal scaled weights"]
    prediction_distance: Annotated[
        float | None, "root mean square difference of the predictions, in the target's units"
    ]
    rank: Annotated[int, "rank of the design matrix"]
    collinear: Annotated[Sequence[Sequence[str]], "groups of collinear columns: many optima make the same predictions"]
    condition_number: Annotated[
        float,
        "of the scaled design matrix Z: its largest singular value over its smallest. The condition number of the "
        "squared error's Hessian, 2/n ZᵀZ, is the square: `curvature.scaled.condition_number`",
    ]
    digits: Annotated[int | None, "significant decimal digits of the coefficients after rounding errors"]
    coefficients: Annotated[
        Sequence[Coefficient], "empty where classes are separated, and where the scaler clips the columns"
    ]
    residual_standard_deviation: float | None = None
    separation: Annotated[
        SeparatedClasses | None, "classes that a linear boundary separates perfectly: the optimum is at infinity"
    ] = None
    epochs_to_millionth: Annotated[
        int | None,
        "upper bound on the epochs that full-batch descent needs, at the learning rate with the best worst case, to "
        "come within a millionth of the optimal loss",
    ] = None
    note: Annotated[str | None, "what was computed from fewer rows, or left out"] = None


@dataclass(frozen=True, slots=True)
class Weight:
    """A coefficient of score = intercept + Σ coefficient · feature, in the user's units; for classes of the log-odds:
    of the second of two, of more each against the mean of all."""

    feature: str
    label: OfClass
    learnt: Annotated[float, "what predicts"]
    optimum: Annotated[float | None, "of the exact optimum on the same rows; null if there is none"]
    difference: Annotated[float | None, "learnt - optimum"]
    standard_error: Annotated[float | None, "standard error of the optimum's coefficient"]
    low: Annotated[float | None, "of the optimum's 95 % confidence interval"]
    high: float | None
    step: Annotated[float | None, "what the scaler divides the feature by; for standard, its standard deviation"]

    @property
    def name(self) -> str:
        """The feature, with its class where it is of one."""
        return self.feature if self.label is None else f"{self.label}: {self.feature}"


@dataclass(frozen=True, slots=True)
class WeightCourse:
    """One weight after each of the epochs that were kept."""

    name: Annotated[str, "for a linear neuron the feature; for a network the connection, as `hidden 1.2 ← area`"]
    optimum: Annotated[float | None, "of the exact optimum"]
    step: Annotated[float | None, "in the order of `weights`"]
    values: Annotated[Sequence[float], "the value after each of the epochs"]


@dataclass(frozen=True, slots=True)
class WeightsByEpoch:
    """The course of the weights, of networks with at most 20 of them."""

    units: str
    epochs: Annotated[Sequence[int], "0 is the start; every epoch up to 127, every second one up to 255, and so on"]
    weights: Sequence[WeightCourse]
