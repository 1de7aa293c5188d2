"""Scalers: how encoded columns are centred and scaled."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class Scaler:
    """`leaves`: columns stay as they are. `standardises`: to mean 0 and standard deviation 1, which sums of squares and
    products tell. `by_quartiles`: values must be kept to be fitted. `clip`: scaled values are bent smoothly towards
    plus and minus this number, so that they are no multiple of the column's own any more; None: they are not."""

    name: str
    summary: str
    leaves: bool = False
    standardises: bool = False
    by_quartiles: bool = False
    clip: float | None = None


SCALERS = vocabulary(
    Scaler("standard", "zero mean, unit variance", standardises=True),
    Scaler("minmax", "range 0 to 1"),
    Scaler("robust", "zero median, unit interquartile range", by_quartiles=True),
    Scaler(
        "robust_clip",
        "robust (half the range where the quartiles coincide), then smoothly clipped to within ±3: x/√(1 + (x/3)²)",
        by_quartiles=True,
        clip=3.0,
    ),
    Scaler("none", "unscaled", leaves=True),
)
