"""The bodies of /invocations, described, and examples of them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.predictions.bodies import BY_COLUMN, HOUSES, NAMES, RECORDS, TABLE
from service.api.schemas.answer import Answer, says

CELL: dict[str, Any] = {"type": ["number", "string", "boolean", "null"]}
_ROW: dict[str, Any] = {"type": "array", "items": CELL}
_RECORD: dict[str, Any] = {"type": "object", "additionalProperties": CELL}
_SAGEMAKER: dict[str, Any] = {
    "type": "object",
    "required": ["features"],
    "properties": {"features": _ROW},
    "description": "a row in the form of SageMaker's Linear Learner, features in order; answered with scores",
}
_FORMS: dict[str, Any] = {
    "dataframe_split": {
        "type": "object",
        "required": ["data"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": _ROW},
            "index": {"type": "array", "items": {}},
        },
        "description": "MLflow's; without columns, the features in order",
    },
    "dataframe_records": {
        "type": "array",
        "items": _RECORD,
        "description": "MLflow's: objects that map features to values",
    },
    "inputs": {
        "anyOf": [
            {"type": "object", "additionalProperties": _ROW},
            {"type": "array", "items": {"anyOf": [_ROW, _RECORD]}},
        ],
        "description": "MLflow's: a list per feature, or rows",
    },
    "instances": {
        "type": "array",
        "items": {"anyOf": [_ROW, _RECORD, _SAGEMAKER]},
        "description": "rows as lists or objects (MLflow, TensorFlow Serving), or in the form of SageMaker's Linear "
        "Learner",
    },
}
BODIES: dict[str, Any] = {
    "Invocation": {
        "type": "object",
        "description": f"exactly one of {', '.join(_FORMS)}; other fields and params are ignored, as in MLflow",
        "properties": {**_FORMS, "params": {"type": "object", "additionalProperties": {}}},
        "minProperties": 1,
    }
}
EXAMPLES: dict[str, Any] = {
    "MLflow, dataframe_split": {"value": {"dataframe_split": {"columns": NAMES, "data": HOUSES}}},
    "MLflow, dataframe_records": {"value": {"dataframe_records": RECORDS}},
    "MLflow, inputs": {"value": {"inputs": BY_COLUMN}},
    "MLflow or TensorFlow Serving, instances": {"value": {"instances": HOUSES}},
    "SageMaker, instances": {"value": {"instances": [{"features": row} for row in HOUSES]}},
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Invocation"},
            "examples": EXAMPLES,
        },
        "text/csv": {
            "schema": {
                "type": "string",
                "description": "comma-separated; a first line that names every feature is a header, otherwise cells "
                "are the features in order; text/csv; header=present or header=absent overrides this",
            },
            "examples": {
                "SageMaker": {"value": "4,82,true,Nice\n2,35,false,Lille\n"},
                "MLflow": {"value": TABLE},
            },
        },
        "application/jsonlines": {
            "schema": {"type": "string", "description": "one row per line; answered with scores"},
            "example": '{"features": [4, 82, true, "Nice"]}\n{"features": [2, 35, false, "Lille"]}\n',
        },
    },
}


class Invoked(Answer):
    predictions = fields.List(
        fields.Raw(
            metadata={
                "anyOf": [
                    {"type": ["number", "string", "boolean", "null"]},
                    {"type": "object", "additionalProperties": True},
                ]
            }
        ),
        required=True,
        metadata=says(
            "MLflow's form: numbers, objects by target, or labels. For SageMaker's rows {score}, and predicted_label "
            "for classes: score is the second class's probability, or a list of all with more than two classes"
        ),
    )
