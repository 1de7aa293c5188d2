"""Predictions answered before Flask: the same bytes as Flask's, and everything unusual handed on as it came."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import jsonschema
import numpy as np
import orjson
import pytest
import yaml
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from service.api.context import of
from service.api.openapi import text
from service.api.predictions.answers import Asked, as_json
from service.api.predictions.codec_json import rows_of
from service.api.predictions.direct import Direct
from service.api.predictions.front import Front
from service.api.predictions.stream import predicted
from service.api.schemas.predictions import Predictions
from service.domain.access.owners import DEFAULT_OWNER
from service.domain.cells.written import TextStyle
from service.domain.model.feature import Feature
from service.domain.model.network import ACTIVATIONS, Network
from service.domain.model.outputs import plan
from service.domain.model.predictor import PIECE_ROWS, Predictor, TargetScale
from service.domain.model.slots import Wanted
from service.domain.model.transform import FittedTransform
from service.errors import AdalineError
from service.usecases.predict import LoadedModel
from service.wiring import Deps
from tests import samples

PATH = "/v1/models/houses/predict"
ROW = {"size": 2, "colour": "red", "sold": False}


@pytest.fixture
def handed_on(app: Flask, deps: Deps) -> list[dict[str, Any]]:
    """What the front hands on to Flask."""
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")
    models = of(app).models
    models._followed = True
    for name in ("houses", "animals"):
        models.find(DEFAULT_OWNER, name)
    seen: list[dict[str, Any]] = []
    flask = app.wsgi_app

    def watch(environ: dict[str, Any], start: Any) -> Any:
        seen.append(environ)
        return flask(environ, start)

    app.wsgi_app = watch  # type: ignore[method-assign]
    return seen


class Sent:
    """An answer of the front, by WSGI itself."""

    def __init__(self, app: Flask, body: bytes, path: str = PATH, **environ: str) -> None:
        front = Front(app, of(app).models, of(app).keys, of(app).rates)
        told: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            told.update(status=status, headers=dict(headers))

        pieces = front(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": path,
                "SCRIPT_NAME": "",
                "QUERY_STRING": "",
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(body),
                "wsgi.errors": io.StringIO(),
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                **environ,
            },
            start,
        )
        self.body = b"".join(pieces)
        self.status, self.headers = told["status"], told["headers"]


def test_an_ordinary_prediction_never_reaches_flask(app: Flask, handed_on: list[dict[str, Any]]) -> None:
    sent = Sent(app, orjson.dumps({"records": [ROW]}))
    assert (sent.status, json.loads(sent.body)) == (
        "200 OK",
        {"model": {"name": "houses", "version": 1}, "predictions": [15.0]},
    )
    assert handed_on == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("houses", {"records": [ROW, {"size": None, "colour": None, "sold": True}, {**ROW, "extra": [1, {"a": 2}]}]}),
        ("houses", {"instances": [[4.5, "blue", None], [1, "never seen", True]]}),
        ("animals", {"records": [{"weight": 4.25}, {"weight": 6}]}),
    ],
)
def test_the_front_answers_as_flask_does_and_as_it_is_documented(
    app: Flask, handed_on: list[dict[str, Any]], name: str, body: Any
) -> None:
    path = f"/v1/models/{name}/predict"
    sent = Sent(app, orjson.dumps(body), path, HTTP_X_REQUEST_ID="mine")
    assert handed_on == []
    flask = app.test_client().post(path, json=body, headers={"X-Request-Id": "mine"})
    assert (sent.status, sent.body, sent.headers) == (flask.status, flask.data, dict(flask.headers))
    assert Predictions().validate(json.loads(sent.body)) == {}
    document = yaml.safe_load(text())
    documented = document["paths"]["/v1/models/{ref}/predict"]["post"]["responses"]["200"]["content"]
    schema = {**documented["application/json"]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(sent.body))


ORDINARY = orjson.dumps({"records": [ROW]})


@pytest.mark.parametrize(
    ("body", "environ", "status"),
    [
        (ORDINARY, {"QUERY_STRING": "flags=true"}, 200),
        (ORDINARY, {"QUERY_STRING": "flag=true"}, 422),
        (ORDINARY, {"HTTP_ACCEPT": "text/csv"}, 200),
        (ORDINARY, {"HTTP_ACCEPT": "image/png"}, 406),
        (ORDINARY, {"CONTENT_TYPE": "text/plain"}, 415),
        (ORDINARY, {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
        (ORDINARY, {"CONTENT_LENGTH": str(len(ORDINARY) + 1)}, 400),
        (ORDINARY, {"PATH_INFO": "/v1/models/nobody/predict"}, 404),
        (ORDINARY, {"REQUEST_METHOD": "GET"}, 405),
        (b'{"records": [{"size": 2, "colour": "red"}]}', {}, 422),
        (b'{"records": [{"size": true, "colour": "red", "sold": false}]}', {}, 422),
        (b'{"records": [], "instances": []}', {}, 422),
        (b'{"records": []}', {}, 422),
        (b'{"instances": [[2, "red", false, 3]]}', {}, 422),
        (b'{"records": [{"size": NaN, "colour": "red", "sold": false}]}', {}, 400),
        (b'{"records": [{"size": 1e999, "colour": "red", "sold": false}]}', {}, 400),
        (b'{"records": [{"size": 2, "colour": "\\ud800", "sold": false}]}', {}, 400),
        (b'{"records": [{"size": 2, "colour": "r\xe9d", "sold": false}]}', {}, 400),
        (b'{"records": [], "unknown": 1}', {}, 422),
        (b"", {}, 400),
        (b"[1, 2]", {}, 422),
        (b"\xef\xbb\xbf" + ORDINARY, {}, 200),
        (ORDINARY + b" x", {}, 400),
        (b'{"columns": {"size": [2], "colour": ["red"], "sold": [false]}}', {}, 200),
    ],
)
def test_what_is_unusual_or_wrong_is_answered_by_flask_with_the_whole_body(
    app: Flask, handed_on: list[dict[str, Any]], body: bytes, environ: dict[str, str], status: int
) -> None:
    sent = Sent(app, body, **environ)
    assert len(handed_on) == 1
    assert int(sent.status[:3]) == status


def test_more_rows_than_a_piece_are_answered_by_flask(app: Flask, handed_on: list[dict[str, Any]]) -> None:
    sent = Sent(app, orjson.dumps({"instances": [[1, "red", False]] * (PIECE_ROWS + 1)}))
    assert (len(handed_on), len(json.loads(sent.body)["predictions"])) == (1, PIECE_ROWS + 1)


def test_a_model_whose_names_cannot_be_compiled_is_answered_by_flask(app: Flask, deps: Deps) -> None:
    transform = FittedTransform((Feature('a"b', "numeric"),), np.arange(1), np.zeros(1), np.ones(1))
    odd = Predictor("regression", "y", transform, Network((1, 1)), np.array([2, 0], dtype=np.float32))
    samples.publish(deps, odd, "odd")
    of(app).models._followed = True
    of(app).models.find(DEFAULT_OWNER, "odd")
    sent = Sent(app, orjson.dumps({"records": [{'a"b': 4}]}), "/v1/models/odd/predict")
    assert json.loads(sent.body)["predictions"] == [8.0]


KINDS = {"numeric": 0.5, "boolean": 1.0, "datetime": 86_400.0, "categorical": None}


@st.composite
def predictors(draw: st.DrawFn) -> Predictor:
    some = draw(st.sampled_from((sorted(KINDS), ["boolean", "numeric"])))
    kinds = draw(st.lists(st.sampled_from(some), min_size=1, max_size=5))
    indicator = draw(st.booleans())
    features = tuple(
        Feature(f"{kind} {number}", kind, categories=("a", "b é"), other=draw(st.booleans()), fill_category="b é")
        if kind == "categorical"
        else Feature(f"{kind} {number}", kind, fill=draw(st.sampled_from((KINDS[kind], None))), indicator=indicator)  # type: ignore[arg-type]
        for number, kind in enumerate(kinds)
    )
    width = sum(len(feature.encoded_names) for feature in features)
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    outputs = draw(st.sampled_from((1, 1, 2, 3)))
    hidden = draw(st.sampled_from(((), (3,), (4, 3))))
    network = Network((width, *hidden, outputs), draw(st.sampled_from(sorted(ACTIVATIONS))))
    targets: Any = "y" if outputs == 1 else tuple(f"y{number}" for number in range(outputs))
    classes: tuple[str, ...] = ()
    if draw(st.booleans()):
        classes, targets = ("no", "yes") if outputs == 1 else tuple(f"c{n}" for n in range(outputs)), "y"
    return Predictor(
        task="regression",
        target=targets,
        transform=FittedTransform(features, np.arange(width), generator.normal(size=width), np.ones(width) * 3),
        network=network,
        parameters=generator.normal(size=network.n_parameters).astype(np.float32),
        target_scales=tuple(TargetScale(generator.normal(), 2.0) for _ in range(1 if classes else outputs)),
        classes=classes,
        text_style=data_style(draw, features),
    )


def data_style(draw: st.DrawFn, features: tuple[Feature, ...]) -> TextStyle:
    """How a file might have been written that such a model was trained on."""
    words = draw(st.sampled_from((("", "NA"), ("", "-"), ("", "-999", "0.5", "a"), ("", "true", "no"))))
    dates = {feature.name: draw(st.sampled_from(("dmy", "mdy"))) for feature in features if feature.kind == "datetime"}
    return TextStyle(missing=words, decimal=draw(st.sampled_from(("", ",", "."))), dates=dates)


CELLS: dict[str, st.SearchStrategy[Any]] = {
    "numeric": st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.sampled_from(("3.5", "1.234,5", True, "x", -999, -999.0, 0.5)),
    "boolean": st.none() | st.booleans() | st.sampled_from((0, 1, "yes", "maybe")),
    "datetime": st.none()
    | st.sampled_from(("2024-02-29", "2024-01-31T12:30:00Z", "03/04/2024", "25.12.2023", "NA", "never", 7)),
    "categorical": st.none() | st.sampled_from(("a", "b é", " a", "NA", "", "other", 3, True)) | st.text(max_size=3),
}


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")  # of numbers beyond what floats hold
@settings(max_examples=250, deadline=None)
@given(st.data())
def test_whatever_it_answers_flask_answers_in_the_same_bytes(data: st.DataObject) -> None:
    predictor = data.draw(predictors())
    kinds = predictor.feature_kinds
    rows = [{name: data.draw(CELLS[kind]) for name, kind in kinds.items()} for _ in range(data.draw(st.integers(1, 4)))]
    rows *= data.draw(st.sampled_from((1, 1, 130)))  # more numbers than are scaled at once
    form: Any = {"records": rows} if data.draw(st.booleans()) else {"instances": [list(row.values()) for row in rows]}
    body = json.dumps(form, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "replace")
    answer = Direct(LoadedModel(DEFAULT_OWNER, "m", "m", 7, predictor, ("", ""))).answer(body)
    ordinary = ordinarily(predictor, body)
    if answer is not None:
        assert answer == (ordinary, len(rows))
    elif can_be_said(ordinary) and all(is_clean(value, kinds[name]) for row in rows for name, value in row.items()):
        assert ordinary is None, "a clean body took the ordinary way, and was answered there"


def can_be_said(answer: bytes | None) -> bool:
    """Whether every value of an answer is one that JSON has."""
    return answer is None or b"null" not in answer


def is_clean(value: Any, kind: str) -> bool:
    if value is None:
        return True
    if kind == "numeric":
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and (isinstance(value, float) or abs(value) < 2**63)
        )
    return isinstance(value, bool) if kind == "boolean" else isinstance(value, str)


def ordinarily(predictor: Predictor, body: bytes) -> bytes | None:
    """The answer by the pieces of the ordinary way; None for an error."""
    kinds = predictor.feature_kinds
    try:
        rows = rows_of(orjson.loads(body), list(kinds))
        made = plan(predictor, Wanted())
        pieces = predicted(made, rows.parts(kinds, predictor.text_style), rows.place, "fail", 0)
        return b"".join(as_json(Asked(LoadedModel(DEFAULT_OWNER, "m", "m", 7, predictor, ("", "")), made), pieces))
    except (AdalineError, orjson.JSONDecodeError):
        return None
