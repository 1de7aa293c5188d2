"""Fields of a TrainingSpec that say how cells become the numbers that a network reads and predicts."""

from __future__ import annotations

import marshmallow as ma

from service.domain.spec.fields import JsonBoolean, JsonInteger, OneOrWords
from service.domain.spec.parts import SpecPart, between, one_of
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.scalers import SCALERS
from service.domain.vocabulary.words import AUTO, listed

MAX_BINS = 64
OPEN = "auto: by the effort, where a network's hidden layers are null"


class InputFields(SpecPart):
    """Of the body of `POST /v1/jobs`."""

    scaler = ma.fields.String(
        load_default="standard", validate=one_of(tuple(SCALERS)), metadata={"description": listed(SCALERS)}
    )
    numeric_bins = OneOrWords(
        JsonInteger(validate=between(0, MAX_BINS)),
        words=(AUTO,),
        load_default=AUTO,
        metadata={
            "description": "inputs that each numeric column gets beside its own, for networks: piecewise-linear "
            "encoding by that many quantile bins of the training rows, fewer where quantiles coincide; 0: none. Each "
            "tells how much of its bin lies below the value, from -1 (none) to 1 (all). The linear neuron that a "
            f"network is compared with has none. {OPEN}; otherwise 0"
        },
    )
    scaling_layer = OneOrWords(
        JsonBoolean(),
        words=(AUTO,),
        load_default=AUTO,
        metadata={
            "description": "for networks: each input is multiplied by a factor that is learned with the weights, at "
            "six times their learning rate, so that inputs of little use fade; the published weights contain it. "
            f"{OPEN}; otherwise false"
        },
    )
    scale_target = OneOrWords(
        JsonBoolean(),
        words=("auto",),
        load_default="auto",
        metadata={"description": "standardise a regression target during training; auto: yes"},
    )
    clip_predictions = JsonBoolean(
        load_default=False,
        metadata={
            "description": "for regression: keep predictions, not their intervals, in the training target's range"
        },
    )
    missing = ma.fields.String(
        load_default="mean",
        validate=one_of(tuple(MISSING)),
        metadata={
            "description": "what replaces a missing value of a feature; a category: always the most frequent. "
            + listed(MISSING)
        },
    )
