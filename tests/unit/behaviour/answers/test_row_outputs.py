"""What rows get beside their predictions, over HTTP: in JSON, CSV and Arrow, for every form of rows.

A price is 2 size + 10 [red] - 5 [sold] + 1, 24.75 for the average row; the 36th of 39 residuals, for 0.9, is 36. See
`tests.samples.explained_predictor`.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.domain.model.feature import Feature
from service.domain.model.intervals import calibrate
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.wiring import Deps
from tests import samples

HOUSES = "/v1/models/houses/predict"
CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
ROWS = {"size": [2, None, 70], "colour": ["red", "blue", "pink"], "sold": [False, True, None]}
TEXT = b"size,colour,sold\n2,red,false\n,blue,true\n70,pink,\n"
ALL = "?intervals=0.9&contributions=true&flags=true"
TABLE: dict[str, list[Any]] = {
    "prediction": [15.0, 2.0, 141.0],
    "low": [-21.0, -34.0, 105.0],
    "high": [51.0, 38.0, 177.0],
    "contribution_intercept": [24.75, 24.75, 24.75],
    "contribution_size": [-16.0, -14.0, 120.0],
    "contribution_colour": [5.0, -5.0, -5.0],
    "contribution_sold": [1.25, -3.75, 1.25],
    "flags": [[], [], ["size", "colour"]],
}
BODIES: list[tuple[str, bytes]] = [
    (CSV, TEXT),
    (ARROW, samples.arrow(ROWS)),
    ("application/vnd.apache.parquet", samples.parquet(ROWS)),
]


@pytest.fixture(autouse=True)
def published(deps: Deps) -> None:
    samples.publish(deps, samples.explained_predictor(), "houses")
    kind = samples.kind_predictor()  # P(dog) = sigmoid(weight - 5)
    kind = replace(kind, transform=replace(kind.transform, mean=np.array([7.0])))
    samples.publish(deps, kind, "animals")
    samples.publish(deps, two_targets(), "two")
    samples.publish(deps, samples.price_predictor(), "old")


def two_targets() -> Predictor:
    """u = a + 1, v = 100 a, for an average row of a = 2; residuals of u 1, 2, 3, of v 10, 20, 30."""
    transform = FittedTransform((Feature("a", "numeric"),), np.arange(1), np.zeros(1), np.ones(1), np.array([2.0]))
    parameters = np.array([1, 10, 1, 0], dtype=np.float32)
    scales = (TargetScale(0.0, 1.0), TargetScale(0.0, 10.0))
    kept = calibrate(np.outer([1.0, 2.0, 3.0], [1.0, 10.0]), "test")
    return Predictor("regression", ("u", "v"), transform, Network((1, 2)), parameters, scales, calibration=kept)


def send(client: FlaskClient, path: str, accept: str = "application/json", body: int = 0) -> TestResponse:
    media_type, data = BODIES[body]
    return client.post(path, data=data, headers={"Content-Type": media_type, "Accept": accept})


def csv_table(answer: TestResponse) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer.text
    header, *rows = csv.reader(io.StringIO(answer.text))
    return {name: [row[number] for row in rows] for number, name in enumerate(header)}


def arrow_table(answer: TestResponse) -> dict[str, list[Any]]:
    assert answer.status_code == 200, answer.text
    found: dict[str, list[Any]] = pa.ipc.open_stream(answer.data).read_all().to_pydict()
    return found


def without_order(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


EXPECTED = {
    "model": {"name": "houses", "version": 1},
    "predictions": TABLE["prediction"],
    "intervals": [[-21.0, 51.0], [-34.0, 38.0], [105.0, 177.0]],
    "contributions": [
        {"intercept": 24.75, "size": -16.0, "colour": 5.0, "sold": 1.25},
        {"intercept": 24.75, "size": -14.0, "colour": -5.0, "sold": -3.75},
        {"intercept": 24.75, "size": 120.0, "colour": -5.0, "sold": 1.25},
    ],
    "flags": TABLE["flags"],
}


@pytest.mark.parametrize(
    "body",
    [
        {"columns": ROWS},
        {"instances": [list(row) for row in zip(*ROWS.values(), strict=True)]},
        {"records": [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]},
    ],
)
def test_json_rows_get_all_that_is_asked_for(client: FlaskClient, body: dict[str, Any]) -> None:
    assert without_order(client.post(HOUSES + ALL, json=body)) == EXPECTED
    assert without_order(client.post("/v1/predict" + ALL, json={"model": "houses", **body})) == EXPECTED


@pytest.mark.parametrize("body", range(len(BODIES)))
def test_tables_get_the_same_in_every_form(client: FlaskClient, body: int) -> None:
    assert without_order(send(client, HOUSES + ALL, body=body)) == EXPECTED
    told = csv_table(send(client, HOUSES + ALL, CSV, body))
    assert list(told) == list(TABLE)
    assert told.pop("flags") == ["", "", "size colour"]
    assert {name: [float(cell) for cell in cells] for name, cells in told.items()} == {
        name: values for name, values in TABLE.items() if name != "flags"
    }
    assert arrow_table(send(client, HOUSES + ALL, ARROW, body)) == TABLE


def test_what_is_not_asked_for_does_not_come(client: FlaskClient) -> None:
    plain = {name: EXPECTED[name] for name in ("model", "predictions")}
    assert without_order(send(client, HOUSES)) == plain
    assert without_order(send(client, HOUSES + "?contributions=false&flags=false")) == plain
    assert list(csv_table(send(client, HOUSES, CSV))) == ["prediction"]
    assert list(csv_table(send(client, HOUSES + "?intervals=0.5", CSV))) == ["prediction", "low", "high"]


@pytest.mark.parametrize(
    ("level", "width"), [("0.5", 20.0), ("0.8", 32.0), ("0.95", 38.0), ("0.975", 39.0), ("1e-9", 1.0)]
)
def test_every_level_has_its_interval(client: FlaskClient, level: str, width: float) -> None:
    intervals = send(client, f"{HOUSES}?intervals={level}").json["intervals"]
    assert intervals[0] == [15.0 - width, 15.0 + width]


def test_columns_come_as_they_are_chosen(client: FlaskClient) -> None:
    path = HOUSES + ALL + "&columns=high,contribution_size,prediction"
    chosen = ["high", "contribution_size", "prediction"]
    told = csv_table(send(client, path, CSV))
    assert list(told) == chosen
    assert [float(cell) for cell in told["high"]] == TABLE["high"]
    assert list(arrow_table(send(client, path, ARROW)).items()) == [(name, TABLE[name]) for name in chosen]
    assert without_order(send(client, path)) == {
        "model": EXPECTED["model"],
        "predictions": EXPECTED["predictions"],
        "intervals": EXPECTED["intervals"],
        "contributions": [{"size": value} for value in TABLE["contribution_size"]],
    }


def test_a_name_with_a_comma_is_quoted(client: FlaskClient, deps: Deps) -> None:
    predictor = replace(two_targets(), target=('u, "raw"', "v"))
    samples.publish(deps, predictor, "odd")
    name = quote('v,"u, ""raw"""')
    answer = client.post(
        f"/v1/models/odd/predict?columns={name}", json={"columns": {"a": [3]}}, headers={"Accept": CSV}
    )
    assert csv_table(answer) == {"v": ["300.0"], 'u, "raw"': ["4.0"]}


def test_several_targets_are_told_apart(client: FlaskClient) -> None:
    path, body = "/v1/models/two/predict?intervals=0.5&contributions=true", {"columns": {"a": [3]}}
    assert without_order(client.post(path, json=body)) == {
        "model": {"name": "two", "version": 1},
        "predictions": [{"u": 4.0, "v": 300.0}],
        "intervals": [{"u": [2.0, 6.0], "v": [280.0, 320.0]}],
        "contributions": [{"u": {"intercept": 3.0, "a": 1.0}, "v": {"intercept": 200.0, "a": 100.0}}],
    }
    told = csv_table(client.post(path, json=body, headers={"Accept": CSV}))
    assert {name: float(cell) for name, (cell,) in told.items()} == {
        "u": 4, "v": 300, "u_low": 2, "u_high": 6, "v_low": 280, "v_high": 320, "contribution_u_intercept": 3,
        "contribution_u_a": 1, "contribution_v_intercept": 200, "contribution_v_a": 100,
    }  # fmt: skip


def test_contributions_of_two_classes_are_log_odds_of_the_second(client: FlaskClient) -> None:
    path = "/v1/models/animals/predict?contributions=true"
    answer = without_order(client.post(path, json={"columns": {"weight": [4, 7]}}))
    assert answer["contributions"] == [{"intercept": 2.0, "weight": -3.0}, {"intercept": 2.0, "weight": 0.0}]
    for said, parts in zip(answer["predictions"], answer["contributions"], strict=True):
        odds = said["probabilities"]["dog"] / said["probabilities"]["cat"]
        assert math.log(odds) == pytest.approx(sum(parts.values()))


@pytest.mark.parametrize(
    ("path", "pointer", "says"),
    [
        ("houses/predict?intervals=0.99", "/intervals", "0.99 needs at least 99 held-out rows, and"),
        ("houses/predict?intervals=0.99", "/intervals", "there were 39: ask for 0.975 or less"),
        ("houses/predict?intervals=1", "/intervals", "1.0 is not a level; give a number between 0 and 1, such as 0.9"),
        ("houses/predict?intervals=0", "/intervals", "is not a level"),
        ("houses/predict?intervals=nan", "/intervals", "must be a number, such as 0.9"),
        ("houses/predict?intervals=true", "/intervals", "must be a number, such as 0.9"),
        ("houses/predict?contributions=maybe", "/contributions", "must be true or false"),
        ("houses/predict?columns=price", "/columns", "'price' is not a column of this answer; it has prediction"),
        ("houses/predict?columns=prediction,low", "/columns", "intervals=0.9 adds"),
        ("houses/predict?columns=", "/columns", "name one or more of prediction"),
        ("houses/predict?columns=prediction,prediction", "/columns", "named twice"),
        ("houses/predict?columns=%22a", "/columns", "is not a comma-separated list"),
        ("houses/predict?columns=a%0Ab", "/columns", "is not a comma-separated list"),
        ("animals/predict?intervals=0.9", "/intervals", "predicts classes"),
        ("old/predict?intervals=0.9", "/intervals", '"split": {"validation": 0.2}'),
        ("old/predict?contributions=true", "/contributions", "train again"),
        ("network/predict?contributions=true", "/contributions", "hidden layers (3)"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_named(client: FlaskClient, deps: Deps, path: str, pointer: str, says: str) -> None:
    network = Network((4, 3, 1))
    samples.publish(
        deps, replace(samples.explained_predictor(), network=network, parameters=network.start(0)), "network"
    )
    table = b"size,colour,sold,weight\n2,red,false,1\n"
    for answer in (
        client.post("/v1/models/" + path, json={"columns": {**ROWS, "weight": [1, 2, 3]}}),
        client.post("/v1/models/" + path, data=table, headers={"Content-Type": CSV, "Accept": CSV}),
    ):
        assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid"), answer.text
        assert answer.json["errors"][0]["pointer"] == pointer
        assert says in answer.json["detail"]
        assert "Traceback" not in answer.text


def test_the_mend_that_an_error_names_works(client: FlaskClient) -> None:
    said = send(client, HOUSES + "?intervals=0.99").json["detail"]
    level = said.split("ask for ")[1].split(" or less")[0]
    assert send(client, f"{HOUSES}?intervals={level}").json["intervals"][0] == [15.0 - 39, 15.0 + 39]


def test_networks_have_intervals(client: FlaskClient, deps: Deps) -> None:
    network = Network((4, 3, 1))
    made = replace(samples.explained_predictor(), network=network, parameters=network.start(0))
    samples.publish(deps, made, "network")
    answer = client.post("/v1/models/network/predict?intervals=0.9", json={"columns": ROWS}).json
    for centre, (low, high) in zip(answer["predictions"], answer["intervals"], strict=True):
        assert (low, high) == (centre - 36, centre + 36)


def test_many_rows_get_what_few_get(client: FlaskClient) -> None:
    """More than are computed or written at once, in every form; the last row is one of its own."""
    many = 20_001
    body = TEXT + b"1,blue,false\n" * (many - 3)
    headers = {"Content-Type": CSV}
    whole = client.post(HOUSES + ALL, data=body, headers=headers).json
    assert {name: rows[:3] for name, rows in whole.items() if name != "model"} == {
        name: rows for name, rows in EXPECTED.items() if name != "model"
    }
    assert {len(whole[name]) for name in ("predictions", "intervals", "contributions", "flags")} == {many}
    assert whole["contributions"][-1] == {"intercept": 24.75, "size": -18.0, "colour": -5.0, "sold": 1.25}
    for accept, read in ((CSV, csv_table), (ARROW, arrow_table)):
        told = read(client.post(HOUSES + ALL, data=body, headers={**headers, "Accept": accept}))
        assert {len(cells) for cells in told.values()} == {many}
        assert float(told["contribution_size"][-1]) == -18.0
        assert float(told["high"][-1]) == 3.0 + 36


LINES = "application/x-ndjson"


def test_lines_of_json_get_the_same(client: FlaskClient) -> None:
    answer = send(client, HOUSES + ALL, LINES)
    assert answer.status_code == 200
    lines = [orjson.loads(line) for line in answer.data.splitlines()]
    keys = {"prediction": "predictions", "interval": "intervals", "contributions": "contributions", "flags": "flags"}
    assert lines == [{key: EXPECTED[name][row] for key, name in keys.items()} for row in range(3)]


def test_a_row_that_fails_gets_nothing_and_the_others_all(client: FlaskClient) -> None:
    path = HOUSES + ALL + "&on_error=null"
    body = TEXT.replace(b",blue,", b"large,blue,")
    kept = [0, 2]
    told = client.post(path, data=body, headers={"Content-Type": CSV}).json
    for name in ("predictions", "intervals", "contributions"):
        assert told[name][1] is None
    assert told["flags"][1] == []
    for name in ("predictions", "intervals", "contributions", "flags"):
        assert [told[name][row] for row in kept] == [EXPECTED[name][row] for row in kept]
    assert told["failed"] == 1
    table = csv_table(client.post(path, data=body, headers={"Content-Type": CSV, "Accept": CSV}))
    assert list(table) == [*TABLE, "error"]
    for name, cells in table.items():
        assert (cells[1] == "") == (name != "error")
    found = arrow_table(client.post(path, data=body, headers={"Content-Type": CSV, "Accept": ARROW}))
    for name in ("prediction", "low", "high", "contribution_size"):
        assert found[name] == [TABLE[name][0], None, TABLE[name][2]]


def test_outputs_stand_after_the_columns_that_are_repeated(client: FlaskClient) -> None:
    body = b"low,size,colour,sold\nx,2,red,false\n"
    path = HOUSES + "?intervals=0.9&echo=true&columns=high,low"
    table = csv_table(client.post(path, data=body, headers={"Content-Type": CSV, "Accept": CSV}))
    assert table == {
        "low": ["x"], "size": ["2"], "colour": ["red"], "sold": ["false"], "high": ["51.0"], "predicted_low": ["-21.0"],
    }  # fmt: skip


def test_wide_contributions_are_written_in_parts_that_keep_their_rows(client: FlaskClient, deps: Deps) -> None:
    """700 classes: score k is k a, so a row's contribution to class k is (k - 349.5) (a - 2); 1,904 rows at once."""
    k = 700
    transform = FittedTransform((Feature("a", "numeric"),), np.arange(1), np.zeros(1), np.ones(1), np.array([2.0]))
    parameters = np.concatenate([np.arange(k), np.zeros(k)]).astype(np.float32)
    classes = tuple(f"k{number}" for number in range(k))
    samples.publish(deps, Predictor("multiclass", "y", transform, Network((1, k)), parameters, classes=classes), "wide")
    rows = [str(number / 1000) for number in range(4000)]
    rows[3500] = "many"
    path = "/v1/models/wide/predict?contributions=true&on_error=null&echo=true&columns=contribution_k0_a"
    body = ("a\n" + "\n".join(rows) + "\n").encode()
    told = csv_table(client.post(path, data=body, headers={"Content-Type": CSV, "Accept": CSV}))
    assert told["a"] == rows
    assert [row for row, error in enumerate(told["error"]) if error] == [3500]
    assert "line 3502" in told["error"][3500]
    assert told["contribution_k0_a"].pop(3500) == ""
    numbers = np.delete(np.arange(4000), 3500) / 1000
    np.testing.assert_allclose(np.array(told["contribution_k0_a"], float), -349.5 * (numbers - 2), rtol=1e-5, atol=1e-4)
