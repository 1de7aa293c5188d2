"""Predict: rows in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import numpy as np
from flask import Response, request
from werkzeug.exceptions import NotAcceptable

from service.api import schemas
from service.api.answers import Predicted, as_arrow, as_csv, as_json
from service.api.blueprints import Blueprint
from service.api.bodies import read
from service.api.codec_arrow import parquet_rows, stream_rows
from service.api.codec_csv import CsvRows
from service.api.codec_json import rows_of
from service.api.codecs import ARROW, CSV, JSON, PARQUET, Rows, refused
from service.api.context import context
from service.api.documents import as_object, body_limit, is_json, parse
from service.api.parameters import PredictAnyQuery, PredictQuery
from service.api.prediction_bodies import documented
from service.api.problems import MEDIA_TYPE as PROBLEM
from service.domain.columns import CellInvalid
from service.errors import InputInvalid, MediaTypeUnsupported, ModelNotFound, ParameterInvalid, RowsInvalid
from service.usecases.predict import LoadedModel

blueprint = Blueprint("predictions", __name__, url_prefix="/v1", description="Rows in, answers out")

CELLS = 4_000_000  # values of the widest layer that are held at once
ANSWERS: dict[str, Callable[[Predicted], Iterator[bytes]]] = {JSON: as_json, CSV: as_csv, ARROW: as_arrow}


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
        blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=CSV),
        blueprint.answers(HTTPStatus.OK, schemas.Predictions),
    ):
        view = add(view)
    return view


@blueprint.route("/models/<ref>/predict", methods=["POST"])
@blueprint.query(PredictQuery)
@_operation
@blueprint.described(requestBody=documented("PredictionRows"))
def predict_with_model(query: dict[str, Any], ref: str) -> Any:
    """Predict with a model: `name` (its default alias, else its newest version), `name@alias` or `name:version`"""
    data = _body()
    model = _find(ref)
    if is_json(request.mimetype):
        rows: Rows = rows_of(as_object(parse(data)), list(model.predictor.feature_kinds))
    else:
        rows = _table(data, model, query.get("delimiter"))
    return _answer(model, rows, query["flags"])


@blueprint.route("/predict", methods=["POST"])
@blueprint.query(PredictAnyQuery)
@_operation
@blueprint.described(requestBody=documented("PredictionRowsWithModel", model="house-price"))
def predict(query: dict[str, Any]) -> Any:
    """Predict with the model that the body names; a table's body leaves that to the query"""
    data = _body()
    if is_json(request.mimetype):
        if "model" in query:
            raise ParameterInvalid.at("/model", 'model: a JSON body names it itself: {"model": "house-price", …}')
        body = as_object(parse(data))
        ref = body.get("model")
        if not isinstance(ref, str):
            raise InputInvalid.at("/model", 'name the model: "name", "name@alias" or "name:version"')
        model = _find(ref)
        rows: Rows = rows_of(body, list(model.predictor.feature_kinds), ("model",))
    else:
        if "model" not in query:
            raise ParameterInvalid.at("/model", "model: name the model in the query: /v1/predict?model=house-price")
        model = _find(query["model"])
        rows = _table(data, model, query.get("delimiter"))
    return _answer(model, rows, query["flags"])


def _body() -> bytes:
    if not is_json(request.mimetype) and request.mimetype not in (CSV, ARROW, PARQUET):
        said = (
            f"Content-Type {request.mimetype!r} is not understood" if request.mimetype else "there is no Content-Type"
        )
        raise MediaTypeUnsupported(f"{said}; send {JSON}, {CSV}, {ARROW} or {PARQUET}")
    return read(request, body_limit(context().deps.settings))


def _find(ref: str) -> LoadedModel:
    if "\0" in ref:
        raise ModelNotFound("no model has a NUL in its name")
    return context().models.find(ref)


def _table(data: bytes, model: LoadedModel, delimiter: str | None) -> Rows:
    features = list(model.predictor.feature_kinds)
    if request.mimetype == CSV:
        return CsvRows(data, features, "\t" if delimiter == "tab" else delimiter, model.predictor.text_style)
    return stream_rows(data, features) if request.mimetype == ARROW else parquet_rows(data, features)


def _answer(model: LoadedModel, rows: Rows, flagged: bool) -> Response:
    accepted = request.accept_mimetypes
    media_type = accepted.best_match([*ANSWERS, PROBLEM]) if accepted else JSON
    if media_type == PROBLEM:  # who accepts problems alone means the errors, beside any answer
        media_type = JSON
    if media_type is None:
        raise NotAcceptable(f"predictions come as {', '.join(ANSWERS)}; accept one of them")
    predicted = _predict(model, rows, flagged)
    pieces = ANSWERS[media_type](predicted)
    # a short answer has its length said, a long one is written as it goes
    body = b"".join(pieces) if len(predicted.values) <= CELLS // 1000 else pieces
    return Response(body, mimetype=media_type)


def _predict(model: LoadedModel, rows: Rows, flagged: bool) -> Predicted:
    """Raises RowsInvalid for a cell that cannot be used, for no rows and for too many."""
    predictor = model.predictor
    most = context().deps.settings.max_prediction_rows
    size = max(1, min(16_384, CELLS // max(predictor.network.sizes)))
    values = []
    flags: list[list[str]] = []
    n_rows = 0
    for columns in rows.pieces(predictor.feature_kinds, size):
        n_rows_before, n_rows = n_rows, n_rows + columns.n_rows
        if n_rows > most:
            raise RowsInvalid(f"the body has more than {most:,} rows (ADALINE_MAX_PREDICTION_ROWS); send it in parts")
        try:
            values.append(predictor.predict(columns))
        except CellInvalid as error:
            raise refused([rows.wrong(n_rows_before + error.row, error.column, error.detail)]) from None
        if flagged:
            flags += predictor.transform.unfamiliar(columns)
    if not n_rows:
        raise RowsInvalid("there are no rows to predict; send at least one")
    return Predicted(model, np.concatenate(values), flags if flagged else None)
