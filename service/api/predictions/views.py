"""Predict: rows in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.exceptions import NotAcceptable

from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.http.bodies import read
from service.api.http.documents import as_object, is_json, parse_rows, rows_limit
from service.api.http.problems import MEDIA_TYPE as PROBLEM
from service.api.parameters import PredictAnyQuery, PredictQuery
from service.api.predictions.answers import ANSWERS, Asked
from service.api.predictions.bodies import documented
from service.api.predictions.breaking import broken_off
from service.api.predictions.codec_json import rows_of
from service.api.predictions.codecs import ALSO, ARROW, CSV, JSON, NDJSON
from service.api.predictions.spooled import streamed
from service.api.predictions.stream import predicted
from service.api.predictions.tables import TABLES, opened
from service.api.predictions.wanted import wanted
from service.api.schemas.predictions import Predictions
from service.api.uploads.options import wrong
from service.domain.model.outputs import plan
from service.errors import InputInvalid, MediaTypeUnsupported, ModelNotFound, ParameterInvalid
from service.usecases.predict import LoadedModel

blueprint = Blueprint("predictions", __name__, url_prefix="/v1", description="Predictions for rows in the request")


def _operation(view: Callable[..., Any]) -> Callable[..., Any]:
    """What both ways to predict have in common in the document."""
    for add in (
        blueprint.fails(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.NOT_ACCEPTABLE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
        blueprint.also_answers(HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=ARROW),
        blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=NDJSON),
        blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=CSV),
        blueprint.answers(HTTPStatus.OK, Predictions),
    ):
        view = add(view)
    return view


@blueprint.route("/models/<ref:ref>/predict", methods=["POST"])
@blueprint.query(PredictQuery)
@_operation
@blueprint.described(requestBody=documented("PredictionRows"))
def predict_with_model(query: dict[str, Any], ref: str) -> Any:
    """Predict with a model: `name` (its default alias, else its newest version), `name@alias` or `name:version`"""
    media_type = _media_type()
    if media_type != JSON:
        return _of_table(_find(ref), media_type, query)
    settings = context().deps.settings
    data = read(request, rows_limit(settings))
    model = _find(ref)
    return _of_document(model, as_object(parse_rows(data, settings)), query)


@blueprint.route("/predict", methods=["POST"])
@blueprint.query(PredictAnyQuery)
@_operation
@blueprint.described(requestBody=documented("PredictionRowsWithModel", model="house-price"))
def predict(query: dict[str, Any]) -> Any:
    """Predict with the model named in the body, or in the query for a table"""
    media_type = _media_type()
    if media_type != JSON:
        if "model" not in query:
            raise ParameterInvalid.at(
                "/model", "model: name the model in the query string: /v1/predict?model=house-price"
            )
        return _of_table(_find(query["model"]), media_type, query)
    settings = context().deps.settings
    data = read(request, rows_limit(settings))
    if "model" in query:
        raise ParameterInvalid.at("/model", 'model: a JSON body names the model itself: {"model": "house-price", …}')
    body = as_object(parse_rows(data, settings))
    ref = body.get("model")
    if not isinstance(ref, str):
        raise InputInvalid.at("/model", 'name the model: "name", "name@alias" or "name:version"')
    return _of_document(_find(ref), body, query, ("model",))


def _media_type() -> str:
    """The media type of the body, by its usual name. Raises MediaTypeUnsupported."""
    said = request.mimetype
    if is_json(said):
        return JSON
    media_type = ALSO.get(said, said)
    if media_type not in TABLES:
        what = f"Content-Type {said!r} is not supported" if said else "Content-Type is missing"
        raise MediaTypeUnsupported(f"{what}; send {JSON}, {', '.join(TABLES[:-1])} or {TABLES[-1]}")
    return media_type


def _find(ref: str) -> LoadedModel:
    if "\0" in ref:
        raise ModelNotFound("model names contain no NUL character")
    return context().models.find(owner(), ref)


def _accepted() -> tuple[str, str]:
    """What to answer in, and by which name. Raises NotAcceptable.

    Who accepts a problem alone has generated its client from a document that lists problems first; it is given JSON.
    """
    accepted = request.accept_mimetypes
    name = accepted.best_match([*ANSWERS, *ALSO]) if accepted else JSON
    if name is None and accepted[PROBLEM] > 0:
        name = JSON
    media_type = ALSO.get(name, name) if name else ""
    if name is None or media_type not in ANSWERS:
        raise NotAcceptable(f"predictions are available as {', '.join(ANSWERS)}; accept one of them")
    return media_type, name


def _of_document(model: LoadedModel, body: dict[str, Any], query: dict[str, Any], beside: tuple[str, ...] = ()) -> Any:
    """The answer for a JSON document, whole: what is wrong in its last row still has a status of its own."""
    if query["echo"]:
        raise wrong("echo", "is for tables only, not for a JSON document")
    rows = rows_of(body, list(model.predictor.feature_kinds), beside)
    media_type, name = _accepted()
    parts = rows.parts(model.predictor.feature_kinds, model.predictor.text_style)
    most_rows = context().deps.settings.max_prediction_rows
    asked = Asked(model, plan(model.predictor, wanted(query)), query["on_error"] == "null")
    pieces = predicted(asked.plan, parts, rows.place, query["on_error"], most_rows)
    return Response(b"".join(ANSWERS[media_type](asked, pieces)), mimetype=name)


def _of_table(model: LoadedModel, media_type: str, query: dict[str, Any]) -> Any:
    """The answer for a table, made while that arrives."""
    answer_type, name = _accepted()
    if query["echo"] and answer_type == JSON:
        raise wrong("echo", f"a JSON answer cannot repeat columns; accept {CSV}, {NDJSON} or {ARROW}")
    made = plan(model.predictor, wanted(query))
    settings = context().deps.settings
    table = opened(request, media_type, model.predictor, query, settings)
    asked = Asked(model, made, query["on_error"] == "null", table.names if query["echo"] else None)

    def pieces() -> Generator[bytes]:
        outputs = predicted(made, table.parts, table.place, query["on_error"], settings.max_prediction_rows)
        try:
            yield from ANSWERS[answer_type](asked, outputs)
        finally:
            table.close()

    return streamed(pieces(), partial(broken_off, answer_type), name, request)
