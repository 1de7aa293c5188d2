"""The documents of the Open Inference Protocol v2, as marshmallow schemas, and examples of them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.foreign.tensors import DATATYPES
from service.api.predictions.bodies import BY_COLUMN
from service.api.schemas.answer import Answer, one_of, says

PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}


class ServerMetadata(Answer):
    name = fields.String(required=True)
    version = fields.String(required=True)
    extensions = fields.List(fields.String(), required=True)


class ServerLive(Answer):
    live = fields.Boolean(required=True)


class ServerReady(Answer):
    ready = fields.Boolean(required=True)


class ModelReady(Answer):
    name = fields.String(required=True)
    ready = fields.Boolean(required=True)


class TensorMetadata(Answer):
    name = fields.String(required=True)
    datatype = fields.String(required=True, validate=one_of(DATATYPES))
    shape = fields.List(fields.Integer(), required=True, metadata=says("-1: any number of rows"))


class ModelMetadata(Answer):
    name = fields.String(required=True)
    versions = fields.List(fields.String(), required=True)
    platform = fields.String(required=True)
    inputs = fields.List(fields.Nested(TensorMetadata), required=True, metadata=says("one per feature, in order"))
    outputs = fields.List(fields.Nested(TensorMetadata), required=True)


class OutputTensor(Answer):
    name = fields.String(required=True)
    datatype = fields.String(required=True, validate=one_of(DATATYPES))
    shape = fields.List(fields.Integer(), required=True)
    parameters = fields.Dict(metadata=says("binary_data_size, for a binary output"))
    data = fields.List(fields.Raw(metadata={"type": ["number", "string", "boolean", "null"]}))


class InferenceAnswer(Answer):
    """$inference_response."""

    model_name = fields.String(required=True)
    model_version = fields.String(required=True)
    id = fields.String(metadata=says("the request's"))
    outputs = fields.List(fields.Nested(OutputTensor), required=True)


_TENSOR: dict[str, Any] = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2},
        "datatype": {"type": "string", "enum": list(DATATYPES)},
        "parameters": PARAMETERS,
        "data": {
            "type": "array",
            "items": {},
            "description": "in row order, flat or nested; null marks a missing cell",
        },
    },
}
_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "parameters": PARAMETERS,
        "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/InputTensor"}, "minItems": 1},
        "outputs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "parameters": PARAMETERS},
            },
        },
    },
}
BODIES = {"InputTensor": _TENSOR, "InferenceRequest": _REQUEST}
_DATATYPES = {"rooms": "FP64", "area": "FP64", "garden": "BOOL", "city": "BYTES"}
REQUEST_EXAMPLE: dict[str, Any] = {
    "id": "42",
    "inputs": [
        {"name": name, "datatype": _DATATYPES[name], "shape": [len(cells)], "data": cells}
        for name, cells in BY_COLUMN.items()
    ],
}
