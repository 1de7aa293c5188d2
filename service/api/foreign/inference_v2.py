"""/v2: the Open Inference Protocol v2, as KServe, Triton, MLServer and their clients speak it.

A model's name in a path may be any reference without a version: `name` or `name@alias`; versions have their own path.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version as installed
from typing import Any

from flask import Response, request

from service.api.admission.admit import owner
from service.api.context import context
from service.api.foreign import inference_schemas as schemas
from service.api.foreign.errors import ForeignBlueprint, InferenceError
from service.api.foreign.features import columns_of, datatype_of, wrong
from service.api.foreign.outputs import answer_bytes, names_of, tensors_of, wanted
from service.api.foreign.predicting import body_of, predicted
from service.api.foreign.tensors import HEADER_LENGTH, read_tensors, split
from service.api.operations import OK, parts_that_answer
from service.errors import InputInvalid, MediaTypeUnsupported, VersionNotFound
from service.store import models
from service.usecases.predict import LoadedModel

blueprint = ForeignBlueprint(
    "inference", __name__, url_prefix="/v2", description="Open Inference Protocol v2", error_schema=InferenceError
)

NAME = "adaline"
JSON, BINARY = "application/json", "application/octet-stream"
MODEL = "/models/<ref:name>"
VERSION = MODEL + "/versions/<version>"
NOT_FOUND = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
REFUSED = (*NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
BODY = {
    "required": True,
    "description": "JSON; or, with Triton's binary tensor extension, JSON of the length given in the header "
    f"{HEADER_LENGTH}, followed by the data of the tensors, each of its binary_data_size",
    "content": {
        JSON: {"schema": {"$ref": "#/components/schemas/InferenceRequest"}, "example": schemas.REQUEST_EXAMPLE},
        BINARY: {"schema": {"type": "string", "format": "binary"}},
    },
}
LENGTH_PARAMETER = {
    "in": "header",
    "name": HEADER_LENGTH,
    "schema": {"type": "integer", "minimum": 0},
    "description": "length of the JSON at the start of the body, in bytes, when binary tensors follow",
}
LENGTH_OF_ANSWER = {HEADER_LENGTH: {"schema": {"type": "integer"}, "description": "length of the JSON, in bytes"}}
INFERS: dict[str, Any] = {"requestBody": BODY, "parameters": [LENGTH_PARAMETER]}


@blueprint.route("")
@blueprint.answers(HTTPStatus.OK, schemas.ServerMetadata)
def v2_server() -> Any:
    """Get the server's name and extensions"""
    return {"name": NAME, "version": installed(NAME), "extensions": ["binary_tensor_data"]}


@blueprint.route("/health/live")
@blueprint.answers(HTTPStatus.OK, schemas.ServerLive)
def v2_live() -> Any:
    """Check that the server is alive"""
    return {"live": True}


@blueprint.route("/health/ready")
@blueprint.answers(HTTPStatus.OK, schemas.ServerReady)
@blueprint.also_answers(HTTPStatus.SERVICE_UNAVAILABLE, schemas.ServerReady)
def v2_ready() -> Any:
    """Check whether the server is ready"""
    ready = all(word == OK for word in parts_that_answer().values())
    return {"ready": ready}, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE


@blueprint.route(MODEL)
@blueprint.answers(HTTPStatus.OK, schemas.ModelMetadata)
@blueprint.fails(*NOT_FOUND)
def v2_model(name: str) -> Any:
    """Describe a model: one tensor per feature and per output

    A model whose features are all numeric also accepts a single tensor [rows, features] of any name. The metadata lists
    one tensor per feature, the form that names each input and works for every model.
    """
    return _metadata(_find(name, None))


@blueprint.route(VERSION)
@blueprint.answers(HTTPStatus.OK, schemas.ModelMetadata)
@blueprint.fails(*NOT_FOUND)
def v2_version(name: str, version: str) -> Any:
    """Describe a version of a model"""
    return _metadata(_find(name, version))


@blueprint.route(MODEL + "/ready")
@blueprint.answers(HTTPStatus.OK, schemas.ModelReady)
@blueprint.fails(*NOT_FOUND)
def v2_model_ready(name: str) -> Any:
    """Check that a model is ready (loaded)"""
    return {"name": _find(name, None).called, "ready": True}


@blueprint.route(VERSION + "/ready")
@blueprint.answers(HTTPStatus.OK, schemas.ModelReady)
@blueprint.fails(*NOT_FOUND)
def v2_version_ready(name: str, version: str) -> Any:
    """Check that a version is ready (loaded)"""
    return {"name": _find(name, version).called, "ready": True}


@blueprint.route(MODEL + "/infer", methods=["POST"])
@blueprint.fails(*REFUSED)
@blueprint.also_answers(
    HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=BINARY, headers=LENGTH_OF_ANSWER
)
@blueprint.answers(HTTPStatus.OK, schemas.InferenceAnswer)
@blueprint.described(**INFERS)
def v2_infer(name: str) -> Any:
    """Predict with a model: one tensor [rows] or [rows, 1] per feature, or a single numeric one [rows, features]"""
    return _infer(name, None)


@blueprint.route(VERSION + "/infer", methods=["POST"])
@blueprint.fails(*REFUSED)
@blueprint.also_answers(
    HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=BINARY, headers=LENGTH_OF_ANSWER
)
@blueprint.answers(HTTPStatus.OK, schemas.InferenceAnswer)
@blueprint.described(**INFERS)
def v2_infer_version(name: str, version: str) -> Any:
    """Predict with a version of a model"""
    return _infer(name, version)


def _find(name: str, version: str | None) -> LoadedModel:
    if version is not None and ("@" in name or ":" in name):
        raise VersionNotFound(
            f"{name!r} already names a version; leave out /versions/{version}, or the version in {name!r}"
        )
    return context().models.find(owner(), name if version is None else f"{name}:{version}")


def _metadata(model: LoadedModel) -> dict[str, Any]:
    with context().deps.database.read() as session:
        versions = models.version_numbers(session, model.owner, model.name)
    kinds, outputs = model.predictor.feature_kinds, names_of(model.predictor)
    return {
        "name": model.called,
        "versions": [str(number) for number in versions],
        "platform": NAME,
        "inputs": [{"name": name, "datatype": datatype_of(kind), "shape": [-1]} for name, kind in kinds.items()],
        "outputs": [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in outputs.items()],
    }


def _infer(name: str, version: str | None) -> Response:
    if request.mimetype not in ("", JSON, BINARY):  # tritonclient says nothing
        raise MediaTypeUnsupported(
            f"{request.mimetype} is not supported here; send {JSON}, or {BINARY} with tensors in it"
        )
    data = body_of(request, may_be_binary=HEADER_LENGTH in request.headers)
    model = _find(name, version)
    body, behind = split(data, request.headers.get(HEADER_LENGTH), context().deps.settings)
    id, parameters = body.get("id"), body.get("parameters", {})
    if id is not None and not isinstance(id, str):
        raise InputInvalid.at("/id", "must be a string")
    if not isinstance(parameters, dict):
        raise InputInvalid.at("/parameters", "must be an object")
    chosen = wanted(body.get("outputs"), parameters, list(names_of(model.predictor)))
    columns, tensors = columns_of(read_tensors(body.get("inputs"), behind), model.predictor)
    values = predicted(model.predictor, columns, lambda error: wrong(tensors[error.column], error))
    outputs, data_behind = tensors_of(model.predictor, values, chosen)
    answer = {"model_name": model.called, "model_version": str(model.version), "outputs": outputs}
    content, length = answer_bytes(answer if id is None else {**answer, "id": id}, data_behind)
    if not any(output.binary for output in chosen):
        return Response(content, mimetype=JSON)
    return Response(content, mimetype=BINARY, headers={HEADER_LENGTH: str(length)})
