"""The parts of a TrainingSpec as they are read: split, network, optimizer, early stopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.spec.fields import JsonBoolean, JsonInteger, JsonNumber, Matches, OneOrWords
from service.domain.spec.shapes import example, teach
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split
from service.domain.vocabulary.activations import ACTIVATIONS
from service.domain.vocabulary.optimizers import BETA_1, BETA_2, OPTIMIZERS
from service.domain.vocabulary.words import AUTO, listed, unless_auto

NETWORK_KINDS = {
    "linear": "a linear neuron",
    "mlp": "a network with hidden layers",
    AUTO: "both are trained, one after the other, and the one with the lower loss on the validation rows is published; "
    "as good as each other: the linear neuron. What the spec says besides is said of both, of hidden layers and "
    "dropout of the network alone",
}
MAX_LAYER = 16_384
MAX_LAYERS = 32
DATASET_ID = Matches("[A-Za-z0-9_]{1,64}", error="is not the id of a dataset; GET /v1/datasets lists them")


def one_of(words: tuple[str, ...]) -> ma.validate.OneOf:
    """One of these words."""
    return ma.validate.OneOf(words, error="{input} is not one of: {choices}")


def between(least: float, most: float, *, below: bool = False, above: bool = False) -> ma.validate.Range:
    """A number within these bounds; `below` and `above` leave the bound itself out."""
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


def dataset_field(required: dict[str, Any]) -> ma.fields.String:
    """The dataset that a spec is about; `required` is what is said where it is missing."""
    return ma.fields.String(
        required=True,
        error_messages=required,
        validate=DATASET_ID,
        metadata={"description": "id of a dataset", "example": "ds_01k4q2v7x8m3n5p6r9s0t1w2y3"},
    )


class SpecPart(ma.Schema):
    """A nested schema that loads into its dataclass."""

    makes: type[Any]
    beside: frozenset[str] = frozenset()
    """Fields that are no part of what is made: they are asked of the job (`service.domain.spec.beside`)."""
    error_messages = {"unknown": "is not a field of the spec; remove it or check its spelling"}  # noqa: RUF012

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        teach(field_obj)

    @ma.post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        kept = {key: value for key, value in data.items() if key not in self.beside}
        return self.makes(**{key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()})


class SplitSchema(SpecPart):
    makes = Split
    error_messages = example(validation="0.2", test="0.1")
    validation = JsonNumber(
        load_default=0.2,
        validate=between(0, 1, below=True),
        metadata={"description": "share of the rows used for validation; 0: none (required with a validation_dataset)"},
    )
    test = JsonNumber(
        load_default=0.0,
        validate=between(0, 1, below=True),
        metadata={"description": "share of the rows used for the final test; 0: none"},
    )
    validation_dataset = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=DATASET_ID,
        metadata={"description": "id of another dataset with the same columns, used for validation instead"},
    )
    order_by = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "a datetime or numeric column: the rows with the latest (greatest) values test, those "
            "before them validate, and the earlier ones train, as do rows without a value; equal values stay together "
            "where possible. null: rows are drawn by chance, for classes within each class"
        },
    )

    @ma.pre_load
    def _another_dataset_needs_no_share(self, data: Any, **_: Any) -> Any:
        if isinstance(data, Mapping) and data.get("validation_dataset") is not None and "validation" not in data:
            return {**data, "validation": 0.0}
        return data

    @ma.validates_schema
    def _validates_once(self, data: dict[str, Any], **_: Any) -> None:
        if data["validation_dataset"] is not None and data["validation"]:
            raise ma.ValidationError(
                'validation_dataset is given: use "validation": 0, or leave validation_dataset out',
                "validation_dataset",
            )

    @ma.validates_schema
    def _leaves_training_rows(self, data: dict[str, Any], **_: Any) -> None:
        if data["validation"] + data["test"] >= 1:
            raise ma.ValidationError("validation and test must leave rows to train on: keep their sum below 1")


class NetworkSchema(SpecPart):
    makes = NetworkSpec
    error_messages = example(kind='"mlp"', hidden="[16]")
    kind = ma.fields.String(
        load_default="linear",
        validate=one_of(tuple(NETWORK_KINDS)),
        metadata={"description": "; ".join(f"{name}: {summary}" for name, summary in NETWORK_KINDS.items())},
    )
    hidden = ma.fields.List(
        JsonInteger(validate=between(1, MAX_LAYER)),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, MAX_LAYERS),
        metadata={"description": "sizes of the network's hidden layers; null: by the effort and the number of rows"},
    )
    activation = ma.fields.String(
        load_default=AUTO,
        validate=one_of((AUTO, *ACTIVATIONS)),
        metadata={"description": f"auto: by the effort; {listed(ACTIVATIONS)}"},
    )
    bias = JsonBoolean(load_default=True)
    dropout = JsonNumber(load_default=0.0, validate=between(0, 1, below=True))

    @ma.validates_schema
    def _linear_has_no_hidden_layer(self, data: dict[str, Any], **_: Any) -> None:
        if data["kind"] == "linear":
            if data["hidden"]:
                raise ma.ValidationError('a linear neuron has no hidden layers: use "kind": "mlp"', "hidden")
            if data["dropout"]:
                raise ma.ValidationError(
                    'a linear neuron has no hidden layers for dropout: use "kind": "mlp"', "dropout"
                )


class OptimizerSchema(SpecPart):
    makes = OptimizerSpec
    error_messages = example(kind='"sgd"', learning_rate="0.05")
    kind = ma.fields.String(
        load_default=AUTO, validate=one_of((AUTO, *OPTIMIZERS)), metadata={"description": listed(OPTIMIZERS)}
    )
    learning_rate = OneOrWords(
        JsonNumber(validate=between(0, 1e6, above=True)),
        words=("auto",),
        load_default="auto",
        metadata={
            "description": "step size; auto: a safe one from the curvature of the data. For lbfgs, the length of the "
            "first trial step; auto: 1"
        },
    )
    momentum = OneOrWords(
        JsonNumber(validate=between(0, 1, below=True)),
        words=("auto",),
        load_default=0.0,
        metadata={"description": "momentum of sgd; auto: the fastest one for the curvature"},
    )
    nesterov = JsonBoolean(
        load_default=False,
        metadata={"description": "for sgd with momentum: evaluate the gradient one step ahead"},
    )
    beta1 = JsonNumber(
        load_default=BETA_1,
        validate=between(0, 1, below=True),
        metadata={"description": "for adam and adamw: decay rate of the running average of the gradient"},
    )
    beta2 = OneOrWords(
        JsonNumber(validate=between(0, 1, below=True)),
        words=(AUTO,),
        load_default=AUTO,
        metadata={
            "description": "for adam and adamw: decay rate of the running average of its square; lower follows "
            f"changes sooner. auto: by the effort for a network whose hidden layers are null, otherwise {BETA_2}"
        },
    )
    clip_norm = JsonNumber(
        load_default=None,
        allow_none=True,
        validate=between(0, 1e12, above=True),
        metadata={"description": "clip gradients to this norm"},
    )
    l1 = JsonNumber(load_default=0.0, validate=between(0, 1e6), metadata={"description": "adds l1·‖W‖₁ to the loss"})
    l2 = JsonNumber(
        load_default=0.0,
        validate=between(0, 1e6),
        metadata={"description": "adds l2/2·‖W‖² to the loss; for adamw, the decoupled weight decay"},
    )

    @ma.validates_schema
    def _momentum_is_for_sgd(self, data: dict[str, Any], **_: Any) -> None:
        optimizer = unless_auto(OPTIMIZERS, data["kind"])
        takes_momentum = optimizer is not None and optimizer.takes_momentum
        if data["momentum"] not in (0, "auto") and not takes_momentum:
            raise ma.ValidationError('momentum applies only to "kind": "sgd"', "momentum")
        if data["nesterov"] and (not takes_momentum or data["momentum"] == 0):
            raise ma.ValidationError('needs "kind": "sgd" with a momentum', "nesterov")

    @ma.validates_schema
    def _betas_are_for_adam(self, data: dict[str, Any], **_: Any) -> None:
        optimizer = unless_auto(OPTIMIZERS, data["kind"])
        if optimizer is not None and optimizer.takes_betas:
            return
        for name, usual in (("beta1", BETA_1), ("beta2", BETA_2)):
            if data[name] not in (usual, AUTO):
                raise ma.ValidationError('applies only to "kind": "adam" or "adamw"', name)


class EarlyStoppingSchema(SpecPart):
    makes = EarlyStopping
    error_messages = example(patience="10")
    patience = JsonInteger(load_default=10, validate=between(1, 1_000_000))
    min_delta = JsonNumber(load_default=0.0, validate=between(0, 1e12))
