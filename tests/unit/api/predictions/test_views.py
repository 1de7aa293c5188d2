"""Rows in every form, answers in every form, and what is said of rows that cannot be predicted.

Expected prices are 2 size + 10 [red] - 5 [sold] + 1, computed by hand; see `tests.samples.price_predictor`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.wiring import Deps
from tests import samples

HOUSES = "/v1/models/houses/predict"
ANIMALS = "/v1/models/animals/predict"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NAN = math.nan


@pytest.fixture(autouse=True)
def published(deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")


def send(client: FlaskClient, data: bytes, media_type: str, path: str = HOUSES, **headers: str) -> TestResponse:
    return client.post(path, data=data, headers={"Content-Type": media_type, **headers})


ROWS = [[2, "red", False], [None, "blue", True], [4.5, None, None]]
PRICES = [15.0, 2.0, 10.0]
COLUMNS = {"size": [2, None, 4.5], "colour": ["red", "blue", None], "sold": [False, True, None]}


@pytest.mark.parametrize(
    "body",
    [
        {"instances": ROWS},
        {"records": [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]},
        {"records": [{"extra": [1], **dict(zip(COLUMNS, row, strict=True))} for row in ROWS]},
        {"columns": COLUMNS},
        {"columns": {**COLUMNS, "extra": "ignored"}},
        {"dataframe_split": {"columns": list(COLUMNS), "data": ROWS}},
        {
            "dataframe_split": {
                "index": [7, 8, 9],
                "columns": ["extra", "sold", "colour", "size"],
                "data": [[0, *row[::-1]] for row in ROWS],
            }
        },
    ],
)
def test_every_json_form_means_the_same(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post(HOUSES, json=body)
    assert answer.status_code == 200
    assert answer.json == {"model": {"name": "houses", "version": 1}, "predictions": PRICES}


@pytest.mark.parametrize(
    "text",
    [
        "size,colour,sold\n2,red,false\n,blue,true\n4.5,,\n",
        "size,colour,sold\r\n2,red,false\r\n\r\n,blue,true\r\n4.5,,",
        "sold;extra;colour;size\nno;x;red;2\nyes;x;blue;\n;x;;4.5\n",
        'size\tsold\tcolour\n"2"\tf\t"red"\n\tt\tblue\n4.5\t\t\n',
        "\ufeffsize,colour,sold\n2,red,false\n,blue,true\n4.5,,\n",
    ],
    ids=["plain", "windows", "semicolons", "tabs", "byte order mark"],
)
def test_csv_means_the_same(client: FlaskClient, text: str) -> None:
    answer = send(client, text.encode(), "text/csv; charset=utf-8")
    assert (answer.status_code, answer.json["predictions"]) == (200, PRICES)


def test_delimiter_of_a_csv_may_be_said(client: FlaskClient) -> None:
    data = b"size\tcolour\tsold\n2\tred\tfalse\n"
    assert send(client, data, "text/csv", HOUSES + "?delimiter=tab").json["predictions"] == [15.0]
    assert send(client, data, "text/csv", HOUSES + "?delimiter=%2C").status_code == 422
    assert send(client, data, "text/csv", HOUSES + "?delimiter=|").status_code == 422


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS,
        {
            "size": pa.array([2, None, 4.5], pa.float32()),
            "colour": pa.array(["red", "blue", None]).dictionary_encode(),
            "sold": COLUMNS["sold"],
        },
        {"size": [2.0, NAN, 4.5], "colour": ["red", "blue", ""], "sold": COLUMNS["sold"], "extra": [{"a": 1}] * 3},
    ],
)
def test_arrow_and_parquet_mean_the_same(client: FlaskClient, columns: dict[str, Any]) -> None:
    for data, media_type in ((samples.arrow(columns), ARROW), (samples.parquet(columns), PARQUET)):
        answer = send(client, data, media_type)
        assert (answer.status_code, answer.json["predictions"]) == (200, PRICES)


def test_moments_mean_the_same_in_every_form(client: FlaskClient, deps: Deps) -> None:
    predictor = Predictor(
        task="regression",
        target="days",
        transform=FittedTransform(
            features=(Feature("at", "datetime", fill=0.0),), kept=np.arange(1), centre=np.zeros(1), scale=np.ones(1)
        ),
        network=Network((1, 1)),
        parameters=np.array([1, 0], dtype=np.float32),
    )
    samples.publish(deps, predictor, "days")
    path = "/v1/models/days/predict"
    moment, expected = datetime(1970, 1, 11, 12, tzinfo=UTC), [10.5, 0.0]
    for kind in (pa.timestamp("ms", "UTC"), pa.timestamp("ns", "Europe/Paris"), pa.timestamp("s")):
        values = pa.array([moment if kind.tz else moment.replace(tzinfo=None), None], kind)
        assert send(client, samples.arrow({"at": values}), ARROW, path).json["predictions"] == expected
    assert client.post(path, json={"columns": {"at": ["1970-01-11T12:00:00Z", None]}}).json["predictions"] == expected
    assert send(client, b"at,x\n1970-01-11 12:00,1\n,1\n", "text/csv", path).json["predictions"] == expected


def test_classes_come_with_their_probabilities(client: FlaskClient) -> None:
    predictions = client.post(ANIMALS, json={"columns": {"weight": [4, 7]}}).json["predictions"]
    dog = [1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))]
    assert [prediction["label"] for prediction in predictions] == ["cat", "dog"]
    assert [prediction["probabilities"]["dog"] for prediction in predictions] == pytest.approx(dog)
    assert [prediction["probabilities"]["cat"] for prediction in predictions] == pytest.approx([1 - p for p in dog])


def test_answer_comes_as_csv(client: FlaskClient) -> None:
    answer = client.post(HOUSES, json={"instances": ROWS}, headers={"Accept": "text/csv"})
    assert (answer.mimetype, answer.data) == ("text/csv", b"prediction\n15.0\n2.0\n10.0\n")
    answer = client.post(ANIMALS, json={"instances": [[5], [9]]}, headers={"Accept": "text/csv"})
    lines = answer.data.decode().splitlines()
    assert lines[0] == "label,p_cat,p_dog"
    assert lines[1] == "cat,0.5,0.5"
    assert lines[2].startswith("dog,0.017986")


def test_answer_comes_as_an_arrow_stream(client: FlaskClient) -> None:
    answer = client.post(ANIMALS + "?flags=true", json={"instances": [[5], [99]]}, headers={"Accept": ARROW})
    table = pa.ipc.open_stream(answer.data).read_all()
    assert table.column_names == ["label", "p_cat", "p_dog", "flags"]
    assert table["label"].to_pylist() == ["cat", "dog"]
    assert table["flags"].to_pylist() == [[], ["weight"]]


def test_unfamiliar_values_are_predicted_and_flagged(client: FlaskClient) -> None:
    rows = {"instances": [[2, "red", False], [51, "green", None], [None, None, None]]}
    answer = client.post(HOUSES + "?flags=true", json=rows).json
    assert answer["predictions"] == [15.0, 103.0, 7.0]
    assert answer["flags"] == [[], ["size", "colour"], []]
    assert "flags" not in client.post(HOUSES, json=rows).json


@pytest.mark.parametrize("accept", ["application/xml", "text/html"])
def test_answer_that_nobody_can_give_is_refused(client: FlaskClient, accept: str) -> None:
    answer = client.post(HOUSES, json={"instances": ROWS}, headers={"Accept": accept})
    assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")


def test_many_rows_are_predicted_in_pieces_and_in_order(client: FlaskClient) -> None:
    sizes = [number % 40 for number in range(40_000)]
    expected = [2.0 * size + 1 for size in sizes]
    columns = {"size": sizes, "colour": ["blue"] * len(sizes), "sold": [False] * len(sizes)}
    text = "size,colour,sold\n" + "".join(f"{size},blue,no\n" for size in sizes)
    for data, media_type in (
        (orjson.dumps({"columns": columns}), "application/json"),
        (text.encode(), "text/csv"),
        (samples.parquet(columns), PARQUET),
    ):
        assert send(client, data, media_type).json["predictions"] == expected
        lines = send(client, data, media_type, Accept="text/csv").data.decode().split()
        assert [float(line) for line in lines[1:]] == expected


def test_model_may_be_named_in_the_body_or_by_the_query(client: FlaskClient) -> None:
    for ref in ("houses", "houses:1"):
        assert client.post("/v1/predict", json={"model": ref, "instances": ROWS}).json["predictions"] == PRICES
        answer = send(client, samples.arrow(COLUMNS), ARROW, f"/v1/predict?model={ref}")
        assert answer.json["predictions"] == PRICES


def test_alias_decides_which_version_answers(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")

    def version(ref: str) -> int:
        return int(client.post(f"/v1/models/{ref}/predict", json={"instances": ROWS}).json["model"]["version"])

    assert version("houses") == 2
    client.put("/v1/models/houses/aliases/default", json={"version": 1})
    client.put("/v1/models/houses/aliases/next", json={"version": 2})
    assert [version(ref) for ref in ("houses", "houses@next", "houses:2")] == [1, 2, 2]


RECORD = {"size": 1, "colour": "red", "sold": True}
BAD: list[tuple[Any, str, str, str]] = [
    ({"records": [RECORD, {**RECORD, "size": "big"}]}, "rows_invalid", "/records/1/size", "not a number"),
    ({"records": [{**RECORD, "size": True}]}, "rows_invalid", "/records/0/size", "not a number"),
    ({"records": [{**RECORD, "size": [1]}]}, "rows_invalid", "/records/0/size", "not a number"),
    ({"records": [RECORD, {"size": 1, "sold": True}]}, "rows_invalid", "/records/1/colour", "'colour' is missing"),
    ({"records": [RECORD, [1, "red", True]]}, "input_invalid", "/records/1", "an object"),
    ({"records": RECORD}, "input_invalid", "/records", "list of rows"),
    ({"records": None}, "input_invalid", "/records", "list of rows"),
    ({"instances": [[1, "red", True], [1, "red", "maybe"]]}, "rows_invalid", "/instances/1/2", "not true or false"),
    ({"instances": [[1, "red"]]}, "rows_invalid", "/instances/0", "2 values, not 3: size, colour, sold"),
    ({"instances": [5]}, "input_invalid", "/instances/0", "3 values"),
    ({"columns": {**COLUMNS, "size": [1, 2, "x"]}}, "rows_invalid", "/columns/size/2", "not a number"),
    ({"columns": {"size": [1], "colour": ["a"]}}, "rows_invalid", "/columns/sold", "'sold' is missing"),
    ({"columns": {**COLUMNS, "sold": [True]}}, "rows_invalid", "/columns/sold", "1 values"),
    ({"columns": {**COLUMNS, "sold": True}}, "input_invalid", "/columns/sold", "list"),
    ({"columns": [1]}, "input_invalid", "/columns", "object of lists"),
    (
        {"dataframe_split": {"columns": ["sold", "colour", "size"], "data": [[True, [3.5], 1]]}},
        "rows_invalid",
        "/dataframe_split/data/0/1",
        "not a category",
    ),
    ({"dataframe_split": {"columns": ["size"], "data": []}}, "rows_invalid", "/dataframe_split/columns", "missing"),
    (
        {"dataframe_split": {"columns": ["size", "size"], "data": []}},
        "input_invalid",
        "/dataframe_split/columns/1",
        "twice",
    ),
    ({"dataframe_split": {"data": []}}, "input_invalid", "/dataframe_split/columns", "list of column names"),
    ({"dataframe_split": {"columns": list(COLUMNS)}}, "input_invalid", "/dataframe_split/data", "list of rows"),
    ({"dataframe_split": {"colums": []}}, "input_invalid", "/dataframe_split/colums", "not a field"),
    ({"dataframe_split": []}, "input_invalid", "/dataframe_split", "an object"),
    ({}, "input_invalid", "", "no rows"),
    ({"records": [], "instances": []}, "input_invalid", "", "exactly one"),
    ({"rows": []}, "input_invalid", "/rows", "not a field"),
    ({"model": "houses", "instances": ROWS}, "input_invalid", "/model", "not a field"),
    ([], "input_invalid", "", "JSON object"),
    (None, "input_invalid", "", "JSON object"),
]


@pytest.mark.parametrize(("body", "code", "pointer", "says"), BAD)
def test_wrong_json_is_pointed_at(client: FlaskClient, body: Any, code: str, pointer: str, says: str) -> None:
    answer = send(client, orjson.dumps(body), "application/json")
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert says in answer.json["errors"][0]["detail"]


def test_wrong_cell_of_a_later_piece_has_its_own_row(client: FlaskClient) -> None:
    rows: list[list[Any]] = [[1, "red", True] for _ in range(20_000)]
    rows[17_000][0] = "x"
    answer = client.post(HOUSES, json={"instances": rows})
    assert [error["pointer"] for error in answer.json["errors"]] == ["/instances/17000/0"]


def test_first_wrong_cell_of_each_column_is_told(client: FlaskClient) -> None:
    answer = client.post(HOUSES, json={"records": [{"size": "x", "colour": {}, "sold": 2}] * 3})
    pointers = [error["pointer"] for error in answer.json["errors"]]
    assert pointers == ["/records/0/size", "/records/0/colour", "/records/0/sold"]


def test_every_missing_feature_is_told(client: FlaskClient) -> None:
    answer = client.post(HOUSES, json={"records": [{"size": 1}]})
    assert [error["pointer"] for error in answer.json["errors"]] == ["/records/0/colour", "/records/0/sold"]


def test_gap_that_the_model_cannot_fill_is_pointed_at(client: FlaskClient) -> None:
    answer = client.post(ANIMALS, json={"records": [{"weight": 1}, {"weight": None}]})
    assert (answer.status_code, answer.json["code"]) == (422, "rows_invalid")
    assert answer.json["errors"][0]["pointer"] == "/records/1/weight"


@pytest.mark.parametrize("form", [{"records": []}, {"instances": []}, {"columns": {name: [] for name in COLUMNS}}])
def test_no_rows_are_refused(client: FlaskClient, form: dict[str, Any]) -> None:
    answer = client.post(HOUSES, json=form)
    assert (answer.status_code, answer.json["code"]) == (422, "rows_invalid")
    assert "no rows" in answer.json["detail"]


def test_nan_is_pointed_at(client: FlaskClient) -> None:
    answer = send(client, b'{"records": [{"size": 1}, {"size": NaN}]}', "application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "body_malformed")
    assert answer.json["errors"] == [
        {"pointer": "/records/1/size", "detail": "NaN is not JSON; send null for a missing value"}
    ]


BAD_TABLES: dict[str, tuple[bytes, str, int, str, str]] = {
    "wrong cell": (
        b"size,colour,sold\n1,red,no\n\nx,red,no\n",
        "text/csv",
        422,
        "rows_invalid",
        "line 4, column 'size'",
    ),
    "after a cell of two lines": (
        b'size,colour,sold\n1,"re\nd",no\nx,red,no\n',
        "text/csv",
        422,
        "rows_invalid",
        "line 4, column 'size'",
    ),
    "ragged": (b"size,colour,sold\n1,red\n", "text/csv", 422, "rows_invalid", "line 2: 2 cells, but there are 3"),
    "missing feature": (b"size,sold\n1,no\n", "text/csv", 422, "rows_invalid", "'colour' is missing"),
    "header only": (b"size,colour,sold\n", "text/csv", 422, "rows_invalid", "no rows"),
    "open quote": (b'size,colour,sold\n1,"red,no\n', "text/csv", 422, "rows_invalid", "line 2: a quote"),
    "empty": (b"", "text/csv", 400, "body_malformed", "the body is empty"),
    "no text at all": (b"size,colour,sold\n1,\0\0,no\n", "text/csv", 400, "body_malformed", "NUL"),
    "JSON as CSV": (b'{"records": []}', "text/csv", 400, "body_malformed", "application/json"),
    "CSV as JSON": (b"size,colour,sold\n1,red,no\n", "application/json", 400, "body_malformed", "line 1, column 1"),
    "CSV as Arrow": (b"size,colour,sold\n1,red,no\n", ARROW, 400, "body_malformed", "Arrow"),
    "CSV as Parquet": (b"size,colour,sold\n1,red,no\n", PARQUET, 400, "body_malformed", "Parquet"),
    "Arrow cut off": (samples.arrow(COLUMNS)[:-300], ARROW, 400, "body_malformed", ""),
    "Parquet cut off": (samples.parquet(COLUMNS)[:-10], PARQUET, 400, "body_malformed", ""),
    "no Arrow": (b"", ARROW, 400, "body_malformed", "the body is empty"),
    "no Parquet": (b"", PARQUET, 400, "body_malformed", "the body is empty"),
    "Arrow without a feature": (samples.arrow({"size": [1]}), ARROW, 422, "rows_invalid", "'colour' is missing"),
    "Arrow of another type": (
        samples.arrow({**COLUMNS, "size": ["a", "b", "c"]}),
        ARROW,
        422,
        "rows_invalid",
        "row 0, column 'size': \"a\" is not a number",
    ),
    "infinite number": (
        samples.arrow({**COLUMNS, "size": [1.0, 2.0, math.inf]}),
        ARROW,
        422,
        "rows_invalid",
        "row 2, column 'size'",
    ),
    "other type": (b"x", "text/plain", 415, "media_type_unsupported", "application/json"),
    "no type": (b"{}", "", 415, "media_type_unsupported", "application/json"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_wrong_table_is_told_where(client: FlaskClient, case: str) -> None:
    data, media_type, status, code, says = BAD_TABLES[case]
    answer = client.post(HOUSES, data=data, headers={"Content-Type": media_type} if media_type else {})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert says in answer.json["detail"]


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("none", "model_not_found"),
        ("none@prod", "model_not_found"),
        ("houses@none", "alias_not_found"),
        ("houses:9", "version_not_found"),
        ("houses:latest", "version_not_found"),
        ("houses:" + "9" * 50, "version_not_found"),
        ("houses:1:1", "version_not_found"),
        ("x\0", "model_not_found"),
        ("", "model_not_found"),
    ],
)
def test_unknown_model_is_not_found(client: FlaskClient, ref: str, code: str) -> None:
    answer = client.post("/v1/predict", json={"model": ref, "instances": ROWS})
    assert (answer.status_code, answer.json["code"]) == (404, code)


@pytest.mark.parametrize("body", [{"instances": ROWS}, {"model": 3, "instances": ROWS}, {"model": None}])
def test_body_must_name_its_model(client: FlaskClient, body: dict[str, Any]) -> None:
    answer = client.post("/v1/predict", json=body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/model")


def test_query_names_the_model_of_a_table_only(client: FlaskClient) -> None:
    answer = send(client, b"size\n1\n", "text/csv", "/v1/predict")
    assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["pointer"]) == (
        422, "parameter_invalid", "/model",
    )  # fmt: skip
    answer = client.post("/v1/predict?model=houses", json={"model": "houses", "instances": ROWS})
    assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid")


def test_too_many_rows_are_refused(limited: Callable[..., FlaskClient]) -> None:
    client = limited(max_prediction_rows=2)
    assert client.post(HOUSES, json={"instances": ROWS[:2]}).status_code == 200
    for data, media_type in (
        (orjson.dumps({"instances": ROWS}), "application/json"),
        (b"size,colour,sold\n1,a,no\n2,b,no\n3,c,no\n", "text/csv"),
        (samples.arrow(COLUMNS), ARROW),
    ):
        answer = send(client, data, media_type)
        assert (answer.status_code, answer.json["code"]) == (422, "rows_invalid")
        assert "ADALINE_MAX_PREDICTION_ROWS" in answer.json["detail"]


def test_oversized_body_is_refused(limited: Callable[..., FlaskClient]) -> None:
    answer = limited(max_body_bytes=20).post(HOUSES, json={"instances": ROWS})
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_deep_nesting_is_answered(client: FlaskClient) -> None:
    deep = b"[" * 900 + b"]" * 900
    body = b'{"records": [{"size": ' + deep + b', "colour": {}, "sold": null}]}'
    answer = send(client, body, "application/json")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/records/0/size")
    assert send(client, b"[" * 100_000, "application/json").status_code == 400


def test_several_targets_are_told_by_name_in_every_form(client: FlaskClient, deps: Deps) -> None:
    """price as in `samples.price_predictor`, and rooms = size / 2 + 1."""
    price = samples.price_predictor()
    parameters = np.array([*price.parameters[:4], 0.5, 0, 0, 0, price.parameters[4], 1], dtype=np.float32)
    both = replace(
        price, target=("price", "rooms"), network=Network((4, 2)), parameters=parameters,
        target_scales=(*price.target_scales, TargetScale()),
    )  # fmt: skip
    samples.publish(deps, both, "both")
    rooms = [2.0, 2.5, 3.25]
    body = orjson.dumps({"instances": ROWS})
    path = "/v1/models/both/predict?flags=true"
    answer = send(client, body, "application/json", path).get_json()
    assert answer["predictions"] == [{"price": p, "rooms": r} for p, r in zip(PRICES, rooms, strict=True)]
    csv = send(client, body, "application/json", path, Accept="text/csv").get_data(as_text=True)
    assert csv.splitlines()[:2] == ["price,rooms,flags", "15.0,2.0,"]
    arrow = send(client, body, "application/json", path, Accept=ARROW).data
    table = pa.ipc.open_stream(arrow).read_all().to_pydict()
    assert table == {"price": PRICES, "rooms": rooms, "flags": [[], [], []]}
    version = client.get("/v1/models/both/versions/1").get_json()
    assert version["target"] == ["price", "rooms"]
    assert client.get("/v1/models/houses/versions/1").get_json()["target"] == "price"
