"""How large a network may be here, and about how large a spec's network would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.domain.spec import TrainingSpec
from service.domain.table import Column
from service.domain.transform import DATETIME_PARTS
from service.errors import FieldError, SpecInvalid


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows (see service.settings)."""

    max_parameters: int
    max_classes: int
    max_categories: int


def check_size(spec: TrainingSpec, features: Sequence[Column], targets: Sequence[Column], limits: Limits) -> None:
    """Raises SpecInvalid for a network that this installation does not allow."""
    inputs = n_inputs(features, limits)
    outputs = targets[0].distinct if spec.task == "multiclass" else len(targets)
    sizes = (inputs, *(spec.network.hidden or ()), outputs)
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    if parameters > limits.max_parameters:
        pointer = "/network/hidden" if spec.network.hidden else "/features"
        detail = (
            f"the network would have about {parameters:,} weights; at most {limits.max_parameters:,} are "
            "allowed here: take smaller or fewer layers"
        )
        raise SpecInvalid(detail, [FieldError(pointer, detail)])


def n_inputs(features: Sequence[Column], limits: Limits) -> int:
    """About how many columns these features are once encoded."""
    return sum(_width(column, limits) for column in features)


def _width(column: Column, limits: Limits) -> int:
    if column.kind == "categorical":
        return min(column.distinct, limits.max_categories) + 1
    return len(DATETIME_PARTS) if column.kind == "datetime" else 1
