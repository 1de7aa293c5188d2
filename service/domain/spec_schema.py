"""The body of `POST /v1/jobs`: reads a TrainingSpec; says of each mistake what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.fields import Matches, OneOrWords, flatten
from service.domain.network import ACTIVATIONS
from service.domain.spec import MODEL_NAME, EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.errors import FieldError, SpecInvalid

TASKS = ("auto", "regression", "binary", "multiclass")
NETWORK_KINDS = ("linear", "mlp")
SCALERS = ("standard", "minmax", "robust", "none")
MISSING = ("mean", "median", "most_frequent", "drop", "error")
LOSSES = ("auto", "mse", "mae", "huber", "cross_entropy")
OPTIMIZERS = ("auto", "sgd", "adam", "adamw", "rmsprop", "lbfgs")
SCHEDULES = ("auto", "constant", "cosine", "step", "plateau")
DEVICES = ("auto", "cpu", "gpu")
ENGINES = ("auto", "fused", "autograd")
MAX_LAYER = 16_384
REQUIRED: dict[str, Any] = {"required": "is required; only dataset, model and target are"}
MAX_LAYERS = 32

# Understood, not built yet: refused by name, never ignored.
NOT_AVAILABLE: dict[str, tuple[str, ...]] = {
    "/optimizer/kind": ("rmsprop", "lbfgs"),
    "/schedule": ("plateau",),
    "/engine": ("fused",),
}
NOT_AVAILABLE_FIELDS = ("class_weights", "weight_column", "budget_seconds")


def read_spec(data: Mapping[str, Any]) -> TrainingSpec:
    """A client's spec. Raises SpecInvalid that points at every field that is wrong."""
    try:
        spec: TrainingSpec = TrainingSpecSchema().load(data)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        errors = flatten(messages)
        raise SpecInvalid(_summary(errors), errors) from None
    return spec


def _summary(errors: list[FieldError]) -> str:
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0].pointer or 'the spec'}: {errors[0].detail}{more}"


def _one_of(words: tuple[str, ...]) -> ma.validate.OneOf:
    return ma.validate.OneOf(words, error="{input} is not a choice here; use one of: {choices}")


def _between(least: float, most: float, *, below: bool = False, above: bool = False) -> ma.validate.Range:
    return ma.validate.Range(
        least,
        most,
        min_inclusive=not above,
        max_inclusive=not below,
        error="{input} is out of range: "
        + ("above" if above else "from")
        + " {min} "
        + ("to below" if below else "to")
        + " {max}",
    )


class _Part(ma.Schema):
    """A nested schema that loads into its dataclass."""

    makes: type[Any]
    error_messages = {"unknown": "is not a field of the spec; remove it or check its spelling"}  # noqa: RUF012

    @ma.post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.makes(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})


class SplitSchema(_Part):
    makes = Split
    validation = ma.fields.Float(
        load_default=0.2,
        validate=_between(0, 1, below=True),
        metadata={"description": "share of the rows for validation; 0 for none"},
    )
    test = ma.fields.Float(
        load_default=0.0,
        validate=_between(0, 1, below=True),
        metadata={"description": "share of the rows kept for a last judgement; 0 for none"},
    )

    @ma.validates_schema
    def _leaves_training_rows(self, data: dict[str, Any], **_: Any) -> None:
        if data["validation"] + data["test"] >= 1:
            raise ma.ValidationError("validation and test together must leave rows to train on: keep them below 1")


class NetworkSchema(_Part):
    makes = NetworkSpec
    kind = ma.fields.String(load_default="linear", validate=_one_of(NETWORK_KINDS))
    hidden = ma.fields.List(
        ma.fields.Integer(strict=True, validate=_between(1, MAX_LAYER)),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, MAX_LAYERS),
        metadata={"description": "sizes of the hidden layers of an mlp; default [16]"},
    )
    activation = ma.fields.String(load_default="relu", validate=_one_of(tuple(ACTIVATIONS)))
    bias = ma.fields.Boolean(load_default=True, truthy={True}, falsy={False})
    dropout = ma.fields.Float(load_default=0.0, validate=_between(0, 1, below=True))

    @ma.validates_schema
    def _linear_has_no_hidden_layer(self, data: dict[str, Any], **_: Any) -> None:
        if data["kind"] == "linear":
            if data["hidden"]:
                raise ma.ValidationError('a linear neuron has no hidden layers: use "kind": "mlp"', "hidden")
            if data["dropout"]:
                raise ma.ValidationError(
                    'a linear neuron has no hidden layers to drop from: use "kind": "mlp"', "dropout"
                )


class OptimizerSchema(_Part):
    makes = OptimizerSpec
    kind = ma.fields.String(load_default="auto", validate=_one_of(OPTIMIZERS))
    learning_rate = OneOrWords(
        ma.fields.Float(validate=_between(0, 1e6, above=True)),
        words=("auto",),
        load_default="auto",
        metadata={"description": "step size; auto takes a safe one from the curvature of the data"},
    )
    momentum = OneOrWords(
        ma.fields.Float(validate=_between(0, 1, below=True)),
        words=("auto",),
        load_default=0.0,
        metadata={"description": "of sgd; auto takes the one that the curvature makes fastest (heavy ball)"},
    )
    l1 = ma.fields.Float(
        load_default=0.0, validate=_between(0, 1e6), metadata={"description": "adds l1·‖W‖₁ to the loss"}
    )
    l2 = ma.fields.Float(
        load_default=0.0,
        validate=_between(0, 1e6),
        metadata={"description": "adds l2/2·‖W‖² to the loss; with adamw it is the decoupled decay"},
    )

    @ma.validates_schema
    def _momentum_is_for_sgd(self, data: dict[str, Any], **_: Any) -> None:
        if data["momentum"] not in (0, "auto") and data["kind"] != "sgd":
            raise ma.ValidationError('momentum belongs to "kind": "sgd"; the others have their own', "momentum")


class EarlyStoppingSchema(_Part):
    makes = EarlyStopping
    patience = ma.fields.Integer(strict=True, load_default=10, validate=_between(1, 1_000_000))
    min_delta = ma.fields.Float(load_default=0.0, validate=_between(0, 1e12))


class TrainingSpecSchema(_Part):
    """The body of `POST /v1/jobs`."""

    makes = TrainingSpec
    dataset = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=Matches("[A-Za-z0-9_]{1,64}", error="is no id of a dataset; GET /v1/datasets lists those there are"),
        metadata={"description": "id of a dataset", "example": "ds_…"},
    )
    model = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=Matches(
            MODEL_NAME,
            error="is no model name: use 1 to 100 of a-z, 0-9, '.', '_', '-', starting with a letter or digit",
        ),
        metadata={"description": "name under which the trained version is published", "example": "house-price"},
    )
    target = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=ma.validate.Length(1, 1000),
        metadata={"description": "the column to predict"},
    )
    features = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(min=1),
        metadata={"description": "columns to learn from; null: all but the target, text and constant columns"},
    )
    exclude = ma.fields.List(  # type: ignore[assignment]  # a field, taken off the class by marshmallow
        ma.fields.String(), load_default=tuple, metadata={"description": "columns to leave out"}
    )
    task = ma.fields.String(load_default="auto", validate=_one_of(TASKS))
    split = ma.fields.Nested(SplitSchema, load_default=Split)
    network = ma.fields.Nested(NetworkSchema, load_default=NetworkSpec)
    scaler = ma.fields.String(load_default="standard", validate=_one_of(SCALERS))
    scale_target = OneOrWords(
        ma.fields.Boolean(truthy={True}, falsy={False}),
        words=("auto",),
        load_default="auto",
        metadata={"description": "standardise a regression target while training; auto: yes"},
    )
    missing = ma.fields.String(
        load_default="mean",
        validate=_one_of(MISSING),
        metadata={
            "description": "what a missing feature becomes; drop leaves such training rows out, error refuses them"
        },
    )
    loss = ma.fields.String(load_default="auto", validate=_one_of(LOSSES))
    optimizer = ma.fields.Nested(OptimizerSchema, load_default=OptimizerSpec)
    schedule = ma.fields.String(load_default="auto", validate=_one_of(SCHEDULES))
    batch_size = OneOrWords(
        ma.fields.Integer(strict=True, validate=_between(1, 10_000_000)),
        words=("auto", "full"),
        load_default="auto",
        metadata={"description": "rows in a step: full is batch descent, 1 stochastic, else mini-batch"},
    )
    epochs = ma.fields.Integer(strict=True, load_default=100, validate=_between(1, 1_000_000))
    early_stopping = OneOrWords(
        ma.fields.Nested(EarlyStoppingSchema),
        words=("auto",),
        load_default="auto",
        allow_none=True,
        metadata={
            "description": "null trains for all epochs; auto is null for a linear neuron with mse, else "
            '{"patience": 10, "min_delta": 0.0}'
        },
    )
    class_weights = ma.fields.Raw(load_default=None, allow_none=True)
    weight_column = ma.fields.String(load_default=None, allow_none=True)
    seed = ma.fields.Integer(strict=True, load_default=0, validate=_between(0, 2**53))
    device = ma.fields.String(load_default="auto", validate=_one_of(DEVICES))
    engine = ma.fields.String(load_default="auto", validate=_one_of(ENGINES))
    budget_seconds = ma.fields.Float(load_default=None, allow_none=True, validate=_between(0, 1e9, above=True))
    metadata = ma.fields.Dict(
        keys=ma.fields.String(), load_default=dict, metadata={"description": "yours: kept with the job, not read"}
    )

    @ma.validates_schema
    def _is_available(self, data: dict[str, Any], **_: Any) -> None:
        chosen = {"/optimizer/kind": data["optimizer"].kind, "/schedule": data["schedule"], "/engine": data["engine"]}
        for pointer, word in chosen.items():
            if word in NOT_AVAILABLE[pointer]:
                others = "another choice"
                message: Any = f"{word!r} is not available yet; use {others}"
                for name in reversed(pointer.split("/")[1:]):
                    message = {name: [message] if isinstance(message, str) else message}
                raise ma.ValidationError(message)
        for name in NOT_AVAILABLE_FIELDS:
            if data[name] is not None:
                raise ma.ValidationError("is not available yet; leave it null", name)
