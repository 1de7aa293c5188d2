"""The body of `POST /v1/jobs` with `"kind": "descent-comparison"`: reads a ComparisonSpec, TrainingSpec's sibling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from service.domain.jobs.comparison import ComparisonSpec
from service.domain.spec.beside import AsksOfJob
from service.domain.spec.fields import JsonInteger, JsonNumber, OneOrWords
from service.domain.spec.loading import load
from service.domain.spec.parts import NetworkSchema, between, dataset_field, one_of
from service.domain.spec.schema import TrainingSpecSchema
from service.domain.spec.training import NetworkSpec
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.words import AUTO

MOST_EPOCHS = 10_000
REQUIRED: dict[str, Any] = {"required": "is required (only kind, dataset and target are)"}
OF_TRAINING = TrainingSpecSchema().fields  # a field means the same here as in a TrainingSpec


def read_comparison(data: Mapping[str, Any]) -> ComparisonSpec:
    """A client's spec. Raises SpecInvalid that points at every field that is wrong."""
    spec: ComparisonSpec = load(ComparisonSpecSchema, data)
    return spec


class ComparisonSpecSchema(AsksOfJob):
    """The body of `POST /v1/jobs` that asks for a comparison of the descents."""

    makes = ComparisonSpec
    kind = ma.fields.String(required=True, validate=one_of(("descent-comparison",)))
    dataset = dataset_field(REQUIRED)
    target = ma.fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=ma.validate.Length(1, 1000),
        metadata={"description": "the column to predict"},
    )
    features = OF_TRAINING["features"]
    exclude = OF_TRAINING["exclude"]  # type: ignore[assignment]  # a field, taken off the class by marshmallow
    task = OF_TRAINING["task"]
    network = ma.fields.Nested(NetworkSchema, load_default=NetworkSpec, metadata={"description": "without dropout"})
    missing = OF_TRAINING["missing"]
    loss = ma.fields.String(
        load_default=AUTO,
        validate=one_of((AUTO, *(loss.name for loss in LOSSES.values() if not loss.takes_quantile))),
    )
    learning_rate = OneOrWords(
        JsonNumber(validate=between(0, 1e6, above=True)),
        words=("auto",),
        load_default="auto",
        metadata={"description": "learning rate of all descents; auto: a safe one for each, from the curvature"},
    )
    batch_size = OneOrWords(
        JsonInteger(validate=between(2, 10_000_000)),
        words=("auto",),
        load_default="auto",
        metadata={"description": "batch size of mini-batch descent; auto: 32, or less for a small table"},
    )
    epochs = JsonInteger(
        load_default=50,
        validate=between(1, MOST_EPOCHS),
        metadata={"description": "most epochs of each descent; fewer if they would take too long"},
    )
    tolerance = JsonNumber(
        load_default=0.01,
        validate=between(1e-5, 1, below=True),
        metadata={
            "description": "a descent reaches the goal when this share is left of the gap between the loss of always "
            "predicting the mean (or equal probabilities) and the lowest possible loss"
        },
    )
    seed = OF_TRAINING["seed"]
    metadata = OF_TRAINING["metadata"]

    @ma.validates_schema
    def _descends_on_one_loss(self, data: dict[str, Any], **_: Any) -> None:
        if data["network"].kind == AUTO:
            raise ma.ValidationError(
                {"network": {"kind": ['descents are compared on one network: use "kind": "linear" or "mlp"']}}
            )
        if data["network"].dropout:
            raise ma.ValidationError(
                {"network": {"dropout": ["dropout changes the network at each step; set it to 0 to compare descents"]}}
            )
