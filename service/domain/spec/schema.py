"""The body of `POST /v1/jobs`: reads a TrainingSpec; says of each mistake what mends it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.spec.auto import PATIENCE
from service.domain.spec.fields import Matches, OneOrSeveral, OneOrWords, flatten
from service.domain.spec.metadata import Metadata
from service.domain.spec.parts import (
    EarlyStoppingSchema,
    NetworkSchema,
    OptimizerSchema,
    SpecPart,
    SplitSchema,
    between,
    dataset_field,
    one_of,
)
from service.domain.spec.training import MODEL_NAME, EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.scalers import SCALERS
from service.domain.vocabulary.schedules import SCHEDULES
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import AUTO, listed
from service.errors import FieldError, SpecInvalid

DEVICES = ("auto", "cpu", "gpu")
ENGINES = ("auto", "fused", "autograd")
PROMOTE = ("newest", "if_better", "never")
PRECISIONS = ("float32", "tf32", "bf16")
MAX_TARGETS = 100
REQUIRED: dict[str, Any] = {"required": "is required; only dataset, model and target are"}


def read_spec(data: Mapping[str, Any]) -> TrainingSpec:
    """A client's spec. Raises SpecInvalid that points at every field that is wrong."""
    spec: TrainingSpec = load(TrainingSpecSchema, data)
    return spec


_instance = functools.cache(lambda schema: schema())  # making one takes longer than reading a spec with it


def load(schema: type[SpecPart], data: Mapping[str, Any]) -> Any:
    """The spec that a schema makes. Raises SpecInvalid that points at every field that is wrong."""
    try:
        return _instance(schema).load(data)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]  # marshmallow leaves it untyped
        errors = flatten(messages)
        raise SpecInvalid(_summary(errors), errors) from None


def _summary(errors: list[FieldError]) -> str:
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0].pointer or 'the spec'}: {errors[0].detail}{more}"


class TrainingSpecSchema(SpecPart):
    """The body of `POST /v1/jobs`."""

    makes = TrainingSpec
    dataset = dataset_field(REQUIRED)
    model = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=Matches(
            MODEL_NAME,
            error="is no model name: use 1 to 100 of a-z, 0-9, '.', '_', '-', starting with a letter or digit",
        ),
        metadata={"description": "name under which the trained version is published", "example": "house-price"},
    )
    target = OneOrSeveral(
        ma.fields.String(validate=ma.validate.Length(1, 1000)),
        most=MAX_TARGETS,
        required=True,
        error_messages=REQUIRED,
        metadata={"description": "the column to predict; or a list of numeric columns, to predict all at once"},
    )
    features = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(min=1),
        metadata={
            "description": "columns to learn from; null: all but the target, text and constant columns. Of a "
            "categorical one the ten most frequent categories have an input each, and others with 5 training rows, up "
            "to a limit; rarer ones share the input 'other', and unseen ones with them"
        },
    )
    exclude = ma.fields.List(  # type: ignore[assignment]  # a field, taken off the class by marshmallow
        ma.fields.String(), load_default=tuple, metadata={"description": "columns to leave out"}
    )
    task = ma.fields.String(load_default=AUTO, validate=one_of((AUTO, *TASKS)), metadata={"description": listed(TASKS)})
    split = ma.fields.Nested(SplitSchema, load_default=Split)
    network = ma.fields.Nested(NetworkSchema, load_default=NetworkSpec)
    scaler = ma.fields.String(
        load_default="standard", validate=one_of(tuple(SCALERS)), metadata={"description": listed(SCALERS)}
    )
    scale_target = OneOrWords(
        ma.fields.Boolean(truthy={True}, falsy={False}),
        words=("auto",),
        load_default="auto",
        metadata={"description": "standardise a regression target while training; auto: yes"},
    )
    missing = ma.fields.String(
        load_default="mean",
        validate=one_of(tuple(MISSING)),
        metadata={
            "description": "what replaces a missing value of a feature; a category: always the most frequent. "
            + listed(MISSING)
        },
    )
    loss = ma.fields.String(
        load_default=AUTO, validate=one_of((AUTO, *LOSSES)), metadata={"description": listed(LOSSES)}
    )
    quantile = ma.fields.Float(
        load_default=0.5,
        validate=between(0, 1, above=True, below=True),
        metadata={"description": 'which quantile "loss": "quantile" predicts; 0.5 is the median'},
    )
    optimizer = ma.fields.Nested(OptimizerSchema, load_default=OptimizerSpec)
    schedule = ma.fields.String(
        load_default=AUTO,
        validate=one_of((AUTO, *SCHEDULES)),
        metadata={"description": f"how the learning rate changes over the epochs. {listed(SCHEDULES)}"},
    )
    warmup_epochs = ma.fields.Integer(
        strict=True,
        load_default=0,
        validate=between(0, 1_000_000),
        metadata={"description": "epochs in which the learning rate rises evenly, before the schedule begins"},
    )
    batch_size = OneOrWords(
        ma.fields.Integer(strict=True, validate=between(1, 10_000_000)),
        words=("auto", "full"),
        load_default="auto",
        metadata={"description": "rows in a step: full is batch descent, 1 stochastic, else mini-batch"},
    )
    epochs = OneOrWords(
        ma.fields.Integer(strict=True, validate=between(1, 1_000_000)),
        words=("auto",),
        load_default="auto",
        metadata={"description": "auto: as many as the curvature says, or the number of rows"},
    )
    early_stopping = OneOrWords(
        ma.fields.Nested(EarlyStoppingSchema),
        words=("auto",),
        load_default="auto",
        allow_none=True,
        metadata={
            "description": "null trains for all epochs; auto is null for a linear neuron with mse and without "
            f'validation rows, else {{"patience": {EarlyStopping().patience}, "min_delta": 0.0}}, with a patience of '
            f"{PATIENCE} where the schedule is plateau"
        },
    )
    class_weights = OneOrWords(
        ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Float(validate=between(0, 1e12, above=True))),
        words=("balanced",),
        load_default=None,
        allow_none=True,
        metadata={
            "description": 'what a row of a class counts: "balanced", or a weight for each class by the name that the '
            "table gives it; numbers, and words for true and false, in any spelling"
        },
    )
    weight_column = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "a numeric column that says what each row counts; it is no feature then"},
    )
    promote = ma.fields.String(
        load_default="newest",
        validate=one_of(PROMOTE),
        metadata={
            "description": "whether the model's bare name means this version from now on. newest: yes, unless there is "
            "an alias 'default'; never: no; if_better: if it is better than the version that it means now, by the main "
            "metric on this run's validation rows. What must not serve leaves the alias 'default' on what does. The "
            "first version always serves"
        },
    )
    seed = ma.fields.Integer(strict=True, load_default=0, validate=between(0, 2**53))
    device = ma.fields.String(load_default="auto", validate=one_of(DEVICES))
    engine = ma.fields.String(
        load_default="auto",
        validate=one_of(ENGINES),
        metadata={"description": "fused: a compiled kernel on one core; autograd: torch; auto: fused where it can"},
    )
    precision = ma.fields.String(
        load_default="float32",
        validate=one_of(PRECISIONS),
        metadata={
            "description": "what products are computed in while training: tf32 and bf16 are faster on a GPU, and hold "
            "3 and 2 digits; weights, sums and the model's answers stay float32"
        },
    )
    budget_seconds = ma.fields.Float(
        load_default=None,
        allow_none=True,
        validate=between(0, 1e9, above=True),
        metadata={"description": "training ends after the epoch in which this time is up; what was learnt is kept"},
    )
    metadata = Metadata(
        load_default=dict,
        metadata={
            "description": "yours: kept with the job and its version, at most 16 KiB as JSON; its strings, numbers and "
            "booleans filter lists: ?metadata.KEY=VALUE"
        },
    )
    kind = ma.fields.String(load_default="train", validate=one_of(("train",)))

    @ma.validates_schema
    def _rises_before_it_falls(self, data: dict[str, Any], **_: Any) -> None:
        if data["epochs"] != "auto" and data["warmup_epochs"] >= data["epochs"]:
            raise ma.ValidationError("must be fewer than epochs", "warmup_epochs")
