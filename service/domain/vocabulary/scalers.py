"""Scalers: how encoded columns are centred and scaled."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Scaler:
    """`leaves`: columns stay as they are. `standardises`: to mean 0 and standard deviation 1, which sums of squares and
    products tell. `by_quartiles`: values must be kept to be fitted."""

    name: str
    summary: str
    leaves: bool = False
    standardises: bool = False
    by_quartiles: bool = False


SCALERS = vocabulary(
    Scaler("standard", "zero mean, unit variance", standardises=True),
    Scaler("minmax", "range 0 to 1"),
    Scaler("robust", "zero median, unit interquartile range", by_quartiles=True),
    Scaler("none", "unscaled", leaves=True),
)
