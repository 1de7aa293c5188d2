"""/ping and /invocations: what SageMaker's and MLflow's clients speak.

Which model: the path `/models/{ref}/invocations`, else the header `X-Adaline-Model`, else SageMaker's
`X-Amzn-SageMaker-Target-Model`, else the only model there is. How rows and answers are told apart is said in
`invocation_rows` and `invocation_csv`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from importlib.metadata import version as installed
from typing import Any

from flask import Response, request
from werkzeug.exceptions import NotAcceptable

from service.api.admission.admit import owner
from service.api.context import context
from service.api.foreign import invocation_schemas as schemas
from service.api.foreign.errors import ForeignBlueprint, InvocationError
from service.api.foreign.invocation_answers import as_csv, as_mlflow, as_score_lines, as_scores
from service.api.foreign.invocation_csv import csv_cells
from service.api.foreign.invocation_rows import InvocationCells, json_cells, json_lines_cells
from service.api.foreign.predicting import body_of, predicted
from service.api.http.documents import as_object, check_size, is_json, parse
from service.domain.cells.columns import from_json, from_text
from service.domain.model.predictor import Predictor
from service.errors import MediaTypeUnsupported, ModelNotFound, ParameterInvalid
from service.store import models

blueprint = ForeignBlueprint(
    "invocations", __name__, description="For clients of SageMaker and MLflow", error_schema=InvocationError
)

MODEL_HEADERS = ("X-Adaline-Model", "X-Amzn-SageMaker-Target-Model")
JSON, LINES, CSV, TEXT = "application/json", "application/jsonlines", "text/csv", "text/plain"
LINES_TYPES = (LINES, "application/x-jsonlines", "application/jsonl", "application/x-ndjson")
TAKEN = (JSON, LINES, CSV)
REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
HEADERS = [
    {"in": "header", "name": name, "schema": {"type": "string"}, "description": what}
    for name, what in zip(
        MODEL_HEADERS,
        (
            "the model: name, name@alias or name:version; required if the server has several",
            "the same, as SageMaker's multi-model endpoints send it",
        ),
        strict=True,
    )
]


def _alive() -> Response:
    return Response("\n", mimetype=TEXT)


@blueprint.route("/ping")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type=TEXT)
def ping() -> Any:
    """Check that the server is alive (SageMaker, MLflow)"""
    return _alive()


@blueprint.route("/health")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type=TEXT)
def health() -> Any:
    """Check that the server is alive (MLflow)"""
    return _alive()


@blueprint.route("/version")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type=TEXT)
def server_version() -> Any:
    """Get the version of Adaline"""
    return Response(installed("adaline"), mimetype=TEXT)


def _operation(view: Callable[..., Any]) -> Callable[..., Any]:
    for add in (
        blueprint.fails(*REFUSED),
        blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=CSV),
        blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=LINES),
        blueprint.answers(HTTPStatus.OK, schemas.Invoked),
    ):
        view = add(view)
    return view


@blueprint.route("/invocations", methods=["POST"])
@_operation
@blueprint.described(requestBody=schemas.BODY, parameters=HEADERS)
def invoke() -> Any:
    """Predict in the form of SageMaker and MLflow, with the model named in a header, or the only one"""
    return _invoke(_reference())


@blueprint.route("/models/<ref:ref>/invocations", methods=["POST"])
@_operation
@blueprint.described(requestBody=schemas.BODY)
def invoke_model(ref: str) -> Any:
    """Predict in the form of SageMaker and MLflow, with the model in the path"""
    return _invoke(ref)


def _reference() -> str:
    named = {header: request.headers[header] for header in MODEL_HEADERS if request.headers.get(header)}
    if len(set(named.values())) > 1:
        raise ParameterInvalid.at(
            f"/{MODEL_HEADERS[0]}", f"{' and '.join(named)} name different models; send only one of them"
        )
    if named:
        return next(iter(named.values()))
    with context().deps.database.read() as session:
        names = [row.name for row in models.listing(session, owner(), 2, None).data]
    if not names:
        raise ModelNotFound("there is no model yet; train one")
    if len(names) > 1:
        raise ParameterInvalid.at(
            f"/{MODEL_HEADERS[0]}",
            f"there are several models: name one in the header {MODEL_HEADERS[0]} or in the path, "
            f"/models/{names[0]}/invocations",
        )
    return names[0]


def _invoke(ref: str) -> Response:
    media_type = LINES if request.mimetype in LINES_TYPES else request.mimetype
    if media_type not in TAKEN and not is_json(media_type):
        said = f"Content-Type {media_type!r} is not supported" if media_type else "Content-Type is missing"
        raise MediaTypeUnsupported(f"{said}; send {', '.join(TAKEN)}")
    data = body_of(request)
    model = context().models.find(owner(), ref)
    cells, columns = _read(data, media_type, model.predictor)
    write, answered = _form(media_type, cells.scored)
    values = predicted(model.predictor, columns, cells.wrong)
    return Response(write(model.predictor, values), mimetype=answered)


def _read(data: bytes, media_type: str, predictor: Predictor) -> tuple[InvocationCells, Any]:
    kinds = predictor.feature_kinds
    features = list(kinds)
    if media_type == CSV:
        if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise MediaTypeUnsupported("send the CSV in UTF-8")
        cells = csv_cells(data, features, request.mimetype_params.get("header"))
        return cells, cells.typed(kinds, partial(from_text, style=predictor.text_style))
    check_size(data, context().deps.settings)
    cells = json_lines_cells(data, features) if media_type == LINES else json_cells(as_object(parse(data)), features)
    return cells, cells.typed(kinds, partial(from_json, style=predictor.text_style))


def _form(media_type: str, scored: bool) -> tuple[Callable[[Predictor, Any], bytes], str]:
    """How to answer: as Accept asks, else as the body came. Raises NotAcceptable."""
    asked = request.accept_mimetypes
    default = LINES if media_type == LINES else JSON
    accepted = asked.best_match((default, *(kind for kind in TAKEN if kind != default))) if asked else default
    if accepted is None:
        raise NotAcceptable(f"predictions are available as {', '.join(TAKEN)}; accept one of them")
    writers = {JSON: as_scores if scored else as_mlflow, LINES: as_score_lines, CSV: as_csv}
    return writers[accepted], accepted
