"""Fields of a spec that say what a network reads of the columns."""

from __future__ import annotations

import marshmallow as ma

from service.domain.spec.parts import between

MAX_BINS = 64


def features_field() -> ma.fields.List[str]:
    """The columns to learn from."""
    return ma.fields.List(
        ma.fields.String(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(min=1),
        metadata={
            "description": "columns to learn from; null: all but the target, text and constant columns. The ten most "
            "frequent categories of a categorical column get an input each, and so do others with at least 5 training "
            "rows, up to a limit; rarer and unseen ones share the input 'other'. Where the rarer ones differ by more "
            "than chance, their effect on the target (shrunk, and for each training row estimated from other rows) is "
            "an input too"
        },
    )


def numeric_bins_field() -> ma.fields.Integer:
    """How many inputs a number gets beside its own."""
    return ma.fields.Integer(
        strict=True,
        load_default=0,
        validate=between(0, MAX_BINS),
        metadata={
            "description": "inputs that each numeric column gets beside its own, for networks: piecewise-linear "
            "encoding by that many quantile bins of the training rows, fewer where quantiles coincide; 0: none. Each "
            "tells how much of its bin lies below the value, from -1 (none) to 1 (all). The linear neuron that a "
            "network is compared with has none"
        },
    )
