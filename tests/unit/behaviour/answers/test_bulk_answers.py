"""What a prediction of many rows can be asked for: rows that fail as null, input columns again, JSON lines."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.wiring import Deps
from tests import samples

HOUSES = "/v1/models/houses/predict"
ANIMALS = "/v1/models/animals/predict"
ARROW = "application/vnd.apache.arrow.stream"
LINES = "application/x-ndjson"
CSV = "text/csv"


@pytest.fixture(autouse=True)
def published(deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")


def send(client: FlaskClient, data: bytes, media_type: str = CSV, path: str = HOUSES, accept: str = "") -> TestResponse:
    headers = {"Content-Type": media_type, **({"Accept": accept} if accept else {})}
    return client.post(path, data=data, headers=headers)


def parsed(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.json
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline=""), strict=True))


BAD = b"size,colour,sold\n2,red,no\nbig,red,no\n\n4.5,blue\n1,blue,perhaps\n3,red,yes\n"


def test_rows_that_cannot_be_read_are_null_and_listed(client: FlaskClient) -> None:
    answer = send(client, BAD, path=HOUSES + "?on_error=null").json
    assert answer["predictions"] == [15.0, None, None, None, 12.0]
    assert answer["failed"] == 3
    assert [(error["row"], error["line"], error.get("column")) for error in answer["errors"]] == [
        (1, 3, "size"), (2, 5, None), (3, 6, "sold"),
    ]  # fmt: skip
    assert "not a number" in answer["errors"][0]["detail"]
    refused = send(client, BAD)
    assert (refused.status_code, refused.json["code"]) == (422, "rows_invalid")


def test_rows_that_fail_say_why_in_tables_too(client: FlaskClient) -> None:
    rows = parsed(send(client, BAD, path=HOUSES + "?on_error=null", accept=CSV))
    assert [row["prediction"] for row in rows] == ["15.0", "", "", "", "12.0"]
    assert [row["error"][:6] for row in rows] == ["", "line 3", "line 5", "line 6", ""]
    table = pa.ipc.open_stream(send(client, BAD, path=HOUSES + "?on_error=null", accept=ARROW).data).read_all()
    assert table["prediction"].to_pylist() == [15.0, None, None, None, 12.0]
    assert [text and text[:6] for text in table["error"].to_pylist()] == [None, "line 3", "line 5", "line 6", None]
    lines = send(client, BAD, path=HOUSES + "?on_error=null", accept=LINES).data.splitlines()
    assert [orjson.loads(line)["prediction"] for line in lines] == [15.0, None, None, None, 12.0]
    assert [orjson.loads(line)["error"] and orjson.loads(line)["error"]["line"] for line in lines] == [
        None,
        3,
        5,
        6,
        None,
    ]


def test_gaps_that_a_model_does_not_fill_are_null(client: FlaskClient) -> None:
    path = ANIMALS + "?on_error=null&flags=true"
    answer = client.post(path, json={"columns": {"weight": [4, None, "x", 99]}}).json
    assert [one and one["label"] for one in answer["predictions"]] == ["cat", None, None, "dog"]
    assert answer["flags"] == [[], [], [], ["weight"]]
    assert [error["row"] for error in answer["errors"]] == [1, 2]
    assert "does not impute" in answer["errors"][0]["detail"]
    table = pa.ipc.open_stream(send(client, b"weight\n4\nNA\n", path=path, accept=ARROW).data).read_all()
    assert table["label"].to_pylist() == ["cat", None]
    assert table["p_dog"].null_count == 1
    assert [row["label"] for row in parsed(send(client, b"weight\n4\nNA\n", path=path, accept=CSV))] == ["cat", ""]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"records": [{"size": 2, "colour": "red", "sold": False}, {"size": 2, "sold": False}]}, [1]),
        ({"instances": [[2, "red", False], [2, "red"], [2, "red", "perhaps"]]}, [1, 2]),
        ({"columns": {"size": ["x", 2], "colour": ["red", "red"], "sold": [False, False]}}, [0]),
    ],
)
def test_rows_of_a_json_document_may_fail_alone(client: FlaskClient, body: Any, rows: list[int]) -> None:
    answer = client.post(HOUSES + "?on_error=null", json=body).json
    assert [error["row"] for error in answer["errors"]] == rows
    assert [row for row, one in enumerate(answer["predictions"]) if one is None] == rows
    assert {one for one in answer["predictions"] if one is not None} == {15.0}


def test_errors_are_listed_in_bounds_and_counted_in_full(client: FlaskClient) -> None:
    data = b"size,colour,sold\n" + b"x,red,no\n" * 20_000 + b"2,red,no\n"
    answer = send(client, data, path=HOUSES + "?on_error=null").json
    assert answer["failed"] == 20_000
    assert [error["line"] for error in answer["errors"]] == list(range(2, 1002))
    assert answer["predictions"][-1] == 15.0


def test_columns_of_the_file_come_before_the_outputs_as_they_were_written(client: FlaskClient) -> None:
    cells = [["2.50", "red", "no", 'a "b", c', " x "], ["1e0", "", "YES", "é\nü", "0123"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([["size", "colour", "sold", "note", "prediction"], *cells])
    answer = send(client, text.getvalue().encode("windows-1252"), path=HOUSES + "?echo=true", accept=CSV)
    rows = parsed(answer)
    assert list(rows[0]) == ["size", "colour", "sold", "note", "prediction", "predicted_prediction"]
    assert [list(row.values()) for row in rows] == [[*cells[0], "16.0"], [*cells[1], "-2.0"]]


def test_columns_are_repeated_in_every_form_of_table(client: FlaskClient) -> None:
    table = {"size": [2, 3], "colour": ["red", None], "sold": [False, True], "id": [7, 8]}
    path = HOUSES + "?echo=true"
    for data, media_type in ((samples.arrow(table), ARROW), (samples.parquet(table), "application/vnd.apache.parquet")):
        echoed = pa.ipc.open_stream(send(client, data, media_type, path, ARROW).data).read_all()
        assert echoed.to_pydict() == {**table, "prediction": [15.0, 2.0]}
        assert parsed(send(client, data, media_type, path, CSV))[1] == {
            "size": "3", "colour": "", "sold": "true", "id": "8", "prediction": "2.0",
        }  # fmt: skip
    lines = b'{"id": 7, "size": 2, "colour": "red", "sold": false}\n'
    lines += b'{"size": 3, "colour": null, "sold": true, "id": "a,b"}\n'
    assert parsed(send(client, lines, LINES, path, CSV)) == [
        {"id": "7", "size": "2", "colour": "red", "sold": "false", "prediction": "15.0"},
        {"id": "a,b", "size": "3", "colour": "", "sold": "true", "prediction": "2.0"},
    ]
    told = send(client, b"size,colour,sold\n2,red,no\n", CSV, path, LINES).data.splitlines()
    assert list(map(orjson.loads, told)) == [{"size": "2", "colour": "red", "sold": "no", "prediction": 15.0}]


def test_json_documents_repeat_nothing_and_say_so(client: FlaskClient) -> None:
    answer = client.post(HOUSES + "?echo=true", json={"instances": [[2, "red", False]]})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/echo")
    answer = send(client, b"size,colour,sold\n2,red,no\n", CSV, HOUSES + "?echo=true")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/echo")


@pytest.mark.parametrize("media_type", [LINES, "application/jsonl"])
def test_json_lines_mean_what_a_document_means(client: FlaskClient, media_type: str) -> None:
    lines = b'\n{"size": 2, "colour": "red", "sold": false, "extra": [1]}\r\n\n[null, "blue", true]\n'
    lines += b'{"size":4.5,"colour":null,"sold":null}'
    answer = send(client, lines, media_type)
    assert answer.json["predictions"] == [15.0, 2.0, 10.0]
    told = send(client, lines, media_type, accept=media_type)
    assert told.mimetype == media_type
    assert [orjson.loads(line) for line in told.data.splitlines()] == [{"prediction": p} for p in (15.0, 2.0, 10.0)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"size": 1', "line 2: is not JSON"),
        (b"3", "line 2: must be an object"),
        (b"[1]", "line 2: has 1 values, not 3: size, colour, sold"),
        (b'{"size": 1, "sold": true}', "line 2, column 'colour': feature 'colour' is missing"),
        (b'{"size": "x", "colour": "a", "sold": true}', "line 2, column 'size': \"x\" is not a number"),
    ],
)
def test_wrong_json_lines_are_told_by_their_number(client: FlaskClient, line: bytes, says: str) -> None:
    good = b'{"size": 2, "colour": "red", "sold": false}\n'
    answer = send(client, good + line + b"\n" + good, LINES)
    assert (answer.status_code, answer.json["code"]) == (422, "rows_invalid")
    assert says in answer.json["detail"]
    assert send(client, good + line + b"\n" + good, LINES, HOUSES + "?on_error=null").json["predictions"] == [
        15.0,
        None,
        15.0,
    ]


def test_order_of_the_columns_does_not_matter_nor_what_is_in_others(client: FlaskClient) -> None:
    data = b"price,sold,,colour,size\n?,no,x,red,2\nNaN,yes,,blue,3\n"
    assert send(client, data).json["predictions"] == [15.0, 2.0]


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("delimiter=%5E", b"size^colour^sold\n2^red^no\n"),
        ("delimiter=space", b"size colour sold\n2  red no\n"),
        ("delimiter=tab", b"size\tcolour\tsold\n2\tred\tno\n"),
        ("decimal=,", b"size;colour;sold\n2,0;red;no\n"),
        ("encoding=utf-16", "size,colour,sold\n2,red,no\n".encode("utf-16")),
        ("null_values=-", b"size,colour,sold\n2,red,-\n"),
    ],
)
def test_what_a_csv_is_written_in_may_be_said_as_at_upload(client: FlaskClient, query: str, data: bytes) -> None:
    answer = send(client, data, path=f"{HOUSES}?{query}")
    assert (answer.status_code, answer.json.get("predictions")) == (200, [15.0])


def test_how_a_csv_is_read_is_for_a_csv_alone(client: FlaskClient) -> None:
    answer = send(
        client, samples.arrow({"size": [1], "colour": ["a"], "sold": [True]}), ARROW, HOUSES + "?delimiter=tab"
    )
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/delimiter")


@pytest.mark.parametrize(
    "accept",
    [
        "application/problem+json",
        "application/problem+json, text/csv;q=0",
        "application/problem+json, application/json",
        "application/json, application/problem+json",
        "*/*",
    ],
)
def test_problems_may_stand_beside_what_is_accepted(client: FlaskClient, accept: str) -> None:
    answer = client.post(HOUSES, json={"instances": [[2, "red", False]]}, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype, answer.json["predictions"]) == (200, "application/json", [15.0])


def test_numbers_are_written_the_same_in_every_form(client: FlaskClient) -> None:
    sizes = [0.1, 1 / 3, 1e15, 1e16, 1e-7, 123456789.125, 5e-324, 1e30, -0.5]
    body = orjson.dumps({"columns": {"size": sizes, "colour": ["blue"] * 9, "sold": [None] * 9}})
    numbers = send(client, body, "application/json").data.split(b"[")[1].split(b"]")[0].split(b",")
    assert send(client, body, "application/json", accept=CSV).data.splitlines()[1:] == numbers
    flagged = parsed(send(client, body, "application/json", HOUSES + "?flags=true", CSV))
    assert [row["prediction"].encode() for row in flagged] == numbers
    lines = send(client, body, "application/json", accept=LINES).data.splitlines()
    assert [line.removeprefix(b'{"prediction":').removesuffix(b"}") for line in lines] == numbers
