"""What a model answers for rows."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.models import ModelVersion


class ClassPrediction(Answer):
    label = fields.Raw(required=True, metadata=says("as written in the table", type=["string", "number", "boolean"]))
    probabilities = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


PAIR = {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2}
ADDED = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}


class Predictions(Answer):
    model = fields.Nested(ModelVersion, required=True)
    predictions = fields.List(
        fields.Raw(
            metadata={
                "oneOf": [
                    {"type": ["number", "null"]},
                    {"$ref": "#/components/schemas/ClassPrediction"},
                    {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
                ]
            },
        ),
        required=True,
        metadata=says("numbers for regression, by target if there are several; a label and probabilities for classes"),
    )
    flags = fields.List(
        fields.List(fields.String()),
        metadata=says("with ?flags=true: each row's features whose value is unlike any seen in training"),
    )
    intervals = fields.List(
        fields.Raw(metadata={"anyOf": [PAIR, {"type": "object", "additionalProperties": PAIR}]}),
        metadata=says("with ?intervals=: [low, high] for each row, by target if there are several"),
    )
    contributions = fields.List(
        fields.Raw(metadata={"anyOf": [ADDED, {"type": "object", "additionalProperties": ADDED}]}),
        metadata=says(
            "with ?contributions=true: what the intercept and each feature add, for each row; by target if there are "
            "several, by class if there are more than two"
        ),
    )
