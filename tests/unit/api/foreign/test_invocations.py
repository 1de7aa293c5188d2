"""What SageMaker's and MLflow's clients send, answered as those servers answer.

Expected prices are 2 size + 10 [red] - 5 [sold] + 1; P(dog) is sigmoid(weight - 5); see `tests.samples`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.api.app import create_app
from service.wiring import Deps
from tests import samples

HOUSES = "/models/houses/invocations"
ANIMALS = "/models/animals/invocations"
ROWS = [[2, "red", False], [None, "blue", True], [4.5, None, None]]
PRICES = [15.0, 2.0, 10.0]
NAMES = ["size", "colour", "sold"]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
DOG = [1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))]


def send(client: FlaskClient, data: str, media_type: str, path: str = HOUSES, **headers: str) -> TestResponse:
    return client.post(path, data=data.encode(), headers={"Content-Type": media_type, **headers})


def test_probes_of_both_servers_are_answered(client: FlaskClient) -> None:
    assert client.get("/ping").status_code == 200
    assert client.get("/health").status_code == 200
    assert client.get("/version").text


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": NAMES, "data": ROWS}},
        {"dataframe_split": {"columns": NAMES[::-1], "data": [row[::-1] for row in ROWS], "index": [0, 1, 2]}},
        {"dataframe_split": {"data": ROWS}},
        {"dataframe_records": RECORDS},
        {"dataframe_records": [{**record, "extra": 1} for record in RECORDS], "params": {"a": 1}},
        {"inputs": {"size": [2, None, 4.5], "colour": ["red", "blue", None], "sold": [False, True, None], "more": 7}},
        {"inputs": ROWS},
        {"inputs": RECORDS},
        {"instances": ROWS},
        {"instances": RECORDS},
    ],
)
def test_bodies_of_mlflow_are_answered_as_mlflow_does(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post(HOUSES, json=body)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"predictions": PRICES}


def test_mlflow_is_answered_labels_and_objects_of_targets(client: FlaskClient) -> None:
    assert client.post(ANIMALS, json={"inputs": [[4], [7]]}).json == {"predictions": ["cat", "dog"]}
    answer = client.post("/models/boxes/invocations", json={"dataframe_records": [{"width": 2, "height": 5}]})
    assert answer.json == {"predictions": [{"total": 7.0, "area": 3.0}]}


@pytest.mark.parametrize("wrap", [lambda row: {"features": row}, lambda row: {"data": {"features": {"values": row}}}])
def test_rows_of_sagemaker_are_answered_with_scores(client: FlaskClient, wrap: Callable[[Any], Any]) -> None:
    answer = client.post(HOUSES, json={"instances": [wrap(row) for row in ROWS]})
    assert answer.json == {"predictions": [{"score": price} for price in PRICES]}
    lines = "".join(json.dumps(wrap(row)) + "\r\n" for row in ROWS)
    answer = send(client, lines, "application/jsonlines")
    assert answer.mimetype == "application/jsonlines"
    assert [json.loads(line) for line in answer.text.splitlines()] == [{"score": price} for price in PRICES]


def test_score_of_two_classes_is_the_probability_of_the_second(client: FlaskClient) -> None:
    answer = client.post(ANIMALS, json={"instances": [{"features": [4]}, {"features": [7]}]})
    scores = answer.json["predictions"]
    assert [one["score"] for one in scores] == pytest.approx(DOG)
    assert [one["predicted_label"] for one in scores] == ["cat", "dog"]


def test_score_of_several_targets_is_a_list_of_them(client: FlaskClient) -> None:
    answer = client.post("/models/boxes/invocations", json={"instances": [{"features": [2, 5]}]})
    assert answer.json == {"predictions": [{"score": [7.0, 3.0]}]}


def test_row_in_a_line_may_be_a_list_or_an_object(client: FlaskClient) -> None:
    for rows in (ROWS, RECORDS):
        answer = send(client, "\n".join(map(json.dumps, rows)), "application/x-ndjson")
        assert [json.loads(line)["score"] for line in answer.text.splitlines()] == PRICES


@pytest.mark.parametrize("media_type", ["text/csv", "text/csv; charset=utf-8", "text/csv;label_size=0"])
def test_csv_without_a_header_is_sagemakers(client: FlaskClient, media_type: str) -> None:
    answer = send(client, "2,red,false\n,blue,yes\n\n4.5,,\n", media_type)
    assert answer.json == {"predictions": [{"score": price} for price in PRICES]}


@pytest.mark.parametrize(
    "text",
    [
        "size,colour,sold\n2,red,false\n,blue,true\n4.5,,\n",
        '\ufeff,"sold","colour","size"\r\n0,no,red,2\r\n1,yes,blue,\r\n2,,,4.5',
    ],
)
def test_csv_with_a_header_is_mlflows(client: FlaskClient, text: str) -> None:
    assert send(client, text, "text/csv").json == {"predictions": PRICES}


def test_content_type_decides_what_the_first_line_is(client: FlaskClient) -> None:
    answer = send(client, "colour,size\nred,2\n", "text/csv; header=present")
    assert "feature 'sold' is missing" in answer.json["message"]
    answer = send(client, "size,colour,sold\n2,red,no\n", "text/csv; header=absent")
    assert "line 1, column 'size'" in answer.json["message"]
    assert send(client, "2,red,no\n", "text/csv; header=maybe").status_code == 400


def test_accept_chooses_the_form_of_the_answer(client: FlaskClient) -> None:
    text = "2,red,false\n,blue,true\n"
    assert send(client, text, "text/csv", Accept="text/csv").text == "15.0\n2.0\n"
    assert send(client, text, "text/csv", Accept="application/jsonlines").text == '{"score":15.0}\n{"score":2.0}\n'
    assert send(client, text, "text/csv", Accept="*/*").json["predictions"] == [{"score": 15.0}, {"score": 2.0}]
    assert send(client, "4\n7\n", "text/csv", ANIMALS, Accept="text/csv").text == "cat\ndog\n"
    answer = send(client, text, "text/csv", Accept="image/png")
    assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")


def test_header_names_the_model_where_there_are_several(client: FlaskClient) -> None:
    body = {"inputs": ROWS}
    for headers in ({"X-Adaline-Model": "houses:1"}, {"X-Amzn-SageMaker-Target-Model": "houses"}):
        assert client.post("/invocations", json=body, headers=headers).json == {"predictions": PRICES}
    several = client.post("/invocations", json=body)
    assert several.status_code == 400
    assert "X-Adaline-Model" in several.json["message"]
    both = {"X-Adaline-Model": "houses", "X-Amzn-SageMaker-Target-Model": "animals"}
    assert "name different models" in client.post("/invocations", json=body, headers=both).json["message"]


def test_only_model_needs_no_name(make_deps: Callable[..., Deps], tmp_path: Any, empty_database: Any) -> None:
    data = tmp_path / "alone"
    data.mkdir()
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    deps = make_deps(data=data)
    client = create_app(deps).test_client()
    assert client.post("/invocations", json={"inputs": ROWS}).json["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    samples.publish(deps, samples.price_predictor(), "houses")
    assert client.post("/invocations", json={"inputs": ROWS}).json == {"predictions": PRICES}


def test_errors_have_the_form_of_mlflows(client: FlaskClient) -> None:
    answer = client.post("/models/barns/invocations", json={"inputs": ROWS})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.json["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert answer.json["message"] == "there is no model 'barns'; GET /v1/models lists those there are"
    assert answer.json["code"] == "model_not_found"
    assert client.get(HOUSES).json["error_code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "the body has no rows"),
        ({"instances": ROWS, "inputs": ROWS}, "inputs and instances"),
        ({"inputs": ROWS, "signature_name": "x"}, "/signature_name"),
        ({"records": ROWS}, "the body has no rows"),
        ({"instances": []}, "the body has no rows"),
        ({"instances": {}}, "/instances: must be a list of rows"),
        ({"instances": [7]}, "/instances/0"),
        ({"instances": [ROWS[0], 7]}, "/instances/1"),
        ({"instances": [ROWS[0], [1]]}, "/instances/1: has 1 values, not 3"),
        ({"instances": [{"features": ROWS[0]}, ROWS[1]]}, "/instances/1: must match the first row"),
        ({"instances": [{"features": [1]}]}, "/instances/0/features: has 1 values"),
        ({"instances": [{"features": [[1], "red", True]}]}, "/instances/0/features/0"),
        ({"instances": [{"size": 1}]}, "/instances/0/colour: feature 'colour' is missing"),
        ({"instances": [RECORDS[0], ROWS[0]]}, "/instances/1"),
        ({"inputs": {"size": [1]}}, "feature 'colour' is missing"),
        ({"inputs": {"size": [1, 2], "colour": ["red"], "sold": [True]}}, "/inputs/colour: has 1 values"),
        ({"inputs": {"size": 1, "colour": "red", "sold": True}}, "/inputs/size"),
        ({"dataframe_split": ROWS}, "/dataframe_split"),
        ({"dataframe_split": {"columns": NAMES, "data": [[1]]}}, "/dataframe_split/data/0"),
        ({"dataframe_split": {"columns": ["size", "size"], "data": []}}, "twice"),
        ({"dataframe_split": {"columns": NAMES[:2], "data": []}}, "feature 'sold' is missing"),
        ({"dataframe_split": {"data": [[1, "red", 5]]}}, "/dataframe_split/data/0/2"),
        ({"dataframe_split": {"data": [], "rows": 1}}, "/dataframe_split/rows"),
    ],
)
def test_body_that_cannot_be_read_is_told_with_its_place(client: FlaskClient, body: Any, says: str) -> None:
    answer = client.post(HOUSES, json=body)
    assert (answer.status_code, answer.json["error_code"]) == (400, "BAD_REQUEST")
    assert says in answer.json["message"]


@pytest.mark.parametrize(
    ("text", "media_type", "says"),
    [
        ("", "text/csv", "no rows"),
        ("1,red\n", "text/csv", "line 1: has 2 cells, but a row of this model has 3"),
        ("size,colour,price\n1,red,2\n", "text/csv", "a header must name every feature: size, colour, sold"),
        ("1,red,no\n\ntwo,red,no\n", "text/csv", "line 3, column 'size': \"two\" is not a number"),
        ('1,"red\n', "text/csv", "line 1"),
        ("size,size,colour,sold\n1,1,red,no\n", "text/csv", "twice"),
        ('{"features": [1, "red", true]}\n\n{"features": [1]}', "application/jsonlines", "line 3, /features: has 1"),
        ("[1]\n{", "application/jsonlines", "line 2: the body is not JSON"),
        ("[NaN]", "application/json", "NaN is not JSON"),
        ("", "application/json", "the body is empty"),
    ],
)
def test_text_that_cannot_be_read_is_told_with_its_line(
    client: FlaskClient, text: str, media_type: str, says: str
) -> None:
    answer = send(client, text, media_type)
    assert answer.status_code == 400
    assert says in answer.json["message"]


def test_limits_are_those_of_every_prediction(limited: Callable[..., FlaskClient]) -> None:
    small = limited(max_prediction_rows=2)
    assert "ADALINE_MAX_PREDICTION_ROWS" in small.post(HOUSES, json={"inputs": ROWS}).json["message"]
    assert limited(max_body_bytes=10).post(HOUSES, json={"inputs": ROWS}).status_code == 413
    answer = send(small, "x", "application/x-recordio-protobuf")
    assert (answer.status_code, answer.json["code"]) == (415, "media_type_unsupported")
