"""The Open Inference Protocol v2: metadata, tensors in JSON and in binary, and what is said of those that are wrong.

Expected prices are 2 size + 10 [red] - 5 [sold] + 1; P(dog) is sigmoid(weight - 5); see `tests.samples`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.wiring import Deps
from tests import samples

HOUSES = "/v2/models/houses"
LENGTH = "Inference-Header-Content-Length"


def tensor(name: str, datatype: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


INPUTS = [
    tensor("size", "FP64", [2, None, 4.5]),
    tensor("colour", "BYTES", ["red", "blue", None]),
    tensor("sold", "BOOL", [False, True, None]),
]
PRICES = [15.0, 2.0, 10.0]


def infer(client: FlaskClient, inputs: Any, path: str = HOUSES, **more: Any) -> TestResponse:
    return client.post(f"{path}/infer", json={"inputs": inputs, **more})


def binary(head: dict[str, Any], behind: bytes) -> dict[str, Any]:
    """A request with tensors behind its JSON, without a Content-Type, as tritonclient sends it."""
    data = json.dumps(head).encode()
    return {"data": data + behind, "headers": {LENGTH: str(len(data))}}


def strings(*cells: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(cell)) + cell for cell in cells)


def behind(name: str, datatype: str, shape: list[int], size: int) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}


def test_server_says_that_it_lives_and_is_ready(client: FlaskClient) -> None:
    assert client.get("/v2").json["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2").json["name"] == "adaline"
    assert client.get("/v2/health/live").json == {"live": True}
    assert client.get("/v2/health/ready").json == {"ready": True}
    assert client.get(HOUSES + "/ready").json == {"name": "houses", "ready": True}
    assert client.get(HOUSES + "/versions/1/ready").status_code == 200
    assert client.get(HOUSES + "/versions/9/ready").status_code == 404


def test_metadata_names_a_tensor_for_each_feature_and_answer(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    assert client.get(HOUSES).json == {
        "name": "houses",
        "versions": ["1", "2"],
        "platform": "adaline",
        "inputs": [
            {"name": "size", "datatype": "FP64", "shape": [-1]},
            {"name": "colour", "datatype": "BYTES", "shape": [-1]},
            {"name": "sold", "datatype": "BOOL", "shape": [-1]},
        ],
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [-1]}],
    }
    animals = client.get("/v2/models/animals/versions/1").json["outputs"]
    assert [(output["name"], output["datatype"]) for output in animals] == [
        ("label", "BYTES"),
        ("p_cat", "FP64"),
        ("p_dog", "FP64"),
    ]
    assert [output["name"] for output in client.get("/v2/models/boxes").json["outputs"]] == ["total", "area"]


def test_tensors_in_json_are_predicted(client: FlaskClient) -> None:
    answer = infer(client, INPUTS, id="7")
    assert answer.json == {
        "model_name": "houses",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [3], "data": PRICES}],
    }


@pytest.mark.parametrize(
    ("name", "datatype", "data"),
    [
        ("size", "INT32", [2, None, 4]),
        ("size", "BYTES", ["2", "", "4"]),
        ("size", "UINT8", [[2], [3], [4]]),
        ("size", "FP32", [[2], [None], [4]]),
        ("sold", "BYTES", ["no", "yes", ""]),
        ("sold", "BYTES", ["false", "T", "NA"]),
    ],
)
def test_other_datatypes_mean_the_same_cells(client: FlaskClient, name: str, datatype: str, data: list[Any]) -> None:
    size = tensor("size", "FP64", [2, None, 4])
    replaced = tensor(name, datatype, data, [3, 1] if isinstance(data[0], list) else [3])
    answer = infer(client, [replaced if one["name"] == name else one for one in (size, *INPUTS[1:])])
    assert answer.json["outputs"][0]["data"] == [15.0, 2.0, 9.0]


def test_tensors_in_binary_are_predicted_and_answered_in_binary(client: FlaskClient) -> None:
    size = np.array([2, math.nan, 4.5], "<f4").tobytes()
    colour, sold = strings(b"red", b"blue", b""), b"\x00\x01\x00"
    head = {
        "inputs": [
            behind("size", "FP32", [3, 1], len(size)),
            behind("colour", "BYTES", [3], len(colour)),
            behind("sold", "BOOL", [3], len(sold)),
        ],
        "parameters": {"binary_data_output": True},
    }
    answer = client.post(HOUSES + "/infer", **binary(head, size + colour + sold))
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    length = int(answer.headers[LENGTH])
    (output,) = json.loads(answer.data[:length])["outputs"]
    assert output == {
        "name": "prediction", "datatype": "FP64", "shape": [3], "parameters": {"binary_data_size": 24},
    }  # fmt: skip
    assert np.frombuffer(answer.data[length:], "<f8").tolist() == PRICES


def test_outputs_are_chosen_and_each_may_be_binary(client: FlaskClient) -> None:
    outputs = [{"name": "p_dog"}, {"name": "label", "parameters": {"binary_data": True}}]
    answer = infer(client, [tensor("weight", "FP64", [4, 7])], "/v2/models/animals", outputs=outputs)
    length = int(answer.headers[LENGTH])
    probability, label = json.loads(answer.data[:length])["outputs"]
    assert probability["data"] == pytest.approx([1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))])
    assert label["parameters"] == {"binary_data_size": 14}
    assert answer.data[length:] == strings(b"cat", b"dog")


def test_numbers_may_come_in_one_tensor_in_the_order_of_the_features(client: FlaskClient) -> None:
    for data in ([[2, 5], [3, None]], [2, 5, 3, None]):
        answer = infer(client, [tensor("any name", "FP64", data, [2, 2])], "/v2/models/boxes")
        assert [output["data"] for output in answer.json["outputs"]] == [[7.0, 3.0], [3.0, 11.0]]
    answer = infer(client, [tensor("input-0", "FP64", [[4], [7]], [2, 1])], "/v2/models/animals")
    assert answer.json["outputs"][0]["data"] == ["cat", "dog"]


def test_alias_stands_in_the_name_and_a_version_in_the_path(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    client.put("/v1/models/houses/aliases/live", json={"version": 1})
    assert infer(client, INPUTS).json["model_version"] == "2"
    assert infer(client, INPUTS, "/v2/models/houses@live").json["model_version"] == "1"
    assert infer(client, INPUTS, "/v2/models/houses%40live").json["model_version"] == "1"
    assert infer(client, INPUTS, "/v2/models/houses/versions/1").json["model_version"] == "1"
    assert "already" in infer(client, INPUTS, "/v2/models/houses@live/versions/1").json["error"]


def test_errors_have_the_form_that_clients_look_for(client: FlaskClient) -> None:
    answer = infer(client, INPUTS, "/v2/models/barns")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.json["error"] == "there is no model 'barns'; GET /v1/models lists those there are"
    assert answer.json["code"] == "model_not_found"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    for other in (client.get("/v2/models/houses/config"), client.post("/v2/models/houses"), client.get("/v2/x%00")):
        assert other.status_code in (404, 405)
        assert other.json["error"]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (None, "/inputs"),
        ([], "must be a list of tensors"),
        ([7], "must be a tensor"),
        (INPUTS[:2], "feature 'sold' is missing"),
        ([*INPUTS, INPUTS[0]], "two tensors are named 'size'"),
        ([tensor("size", "FP8", [1])], "/inputs/0/datatype"),
        ([tensor("size", "FP64", [1], [10**12])], "has 1 elements"),
        ([tensor("size", "FP64", [1], [-1])], "/inputs/0/shape"),
        ([tensor("size", "FP64", [1], [True])], "/inputs/0/shape"),
        ([tensor("size", "FP64", [1], [1, 1, 1])], "3 dimensions"),
        ([{**INPUTS[0], "shape": []}], "/inputs/0/shape"),
        ([{"name": "size", "datatype": "FP64", "shape": [1]}], "neither data nor binary_data_size"),
        ([behind("size", "FP64", [10**12], 8)], "0 bytes remain"),
        ([behind("size", "FP64", [0], 10**18)], "0 bytes remain"),
        ([tensor("size", "FP64", ["2"])], "/inputs/0/data/0: is not FP64"),
        ([tensor("size", "FP64", [True])], "is not FP64"),
        ([tensor("size", "INT8", [200])], "is not INT8"),
        ([tensor("size", "INT64", [1.5])], "is not INT64"),
        ([tensor("size", "FP64", [[1], [2, 3]], [2, 1])], "/inputs/0/data/1"),
        ([tensor("size", "FP64", [1, 2]), *INPUTS[1:]], "has 3 rows, but the first feature has 2"),
        ([tensor("size", "FP32", [1e300, 2, 3]), *INPUTS[1:]], "not a finite number"),
        ([tensor("size", "BYTES", ["1", "two", "3"]), *INPUTS[1:]], "/inputs/0/data/1: element 1 of 'size': \"two\""),
        ([tensor("any", "FP64", [[1, 2, 3]], [1, 3])], "'colour' is categorical"),
        (
            [tensor("size", "FP64", [], [0]), tensor("colour", "BYTES", [], [0]), tensor("sold", "BOOL", [], [0])],
            "no rows",
        ),
    ],
)
def test_tensor_that_cannot_be_read_is_told_with_its_place(client: FlaskClient, inputs: Any, says: str) -> None:
    answer = infer(client, inputs)
    assert answer.status_code == 400
    assert says in answer.json["error"]


@pytest.mark.parametrize(
    ("head", "data", "says"),
    [
        (behind("weight", "FP64", [10**12], 0), b"", "take 8,000,000,000,000 bytes, but it has 0"),
        (behind("weight", "FP64", [1], 16), b"\0" * 16, "take 8 bytes, but it has 16"),
        (behind("weight", "FP64", [1], 8), b"\0" * 7, "7 bytes remain"),
        (behind("weight", "FP64", [1], 8), b"\0" * 9, "1 bytes follow the last tensor"),
        (behind("weight", "FP64", [1], -8), b"\0" * 8, "binary_data_size"),
        (behind("weight", "FP64", [1], 8), struct.pack("<d", math.inf), "not a finite number"),
        (behind("weight", "FP64", [1], 8), struct.pack("<d", math.nan), "missing"),
        (behind("weight", "BYTES", [10**12], 4), b"\0" * 4, "need more than 4 bytes"),
        (behind("weight", "BYTES", [1], 4), b"\xff\xff\xff\xff", "element 0 ends after"),
        (behind("weight", "BYTES", [2], 8), struct.pack("<I", 2) + b"ab\0\0", "element 1 ends after"),
        (behind("weight", "BYTES", [1], 6), strings(b"") + b"ab", "2 bytes follow its 1 elements"),
        (behind("weight", "BYTES", [1], 5), strings(b"\xff"), "element 0 is not UTF-8"),
    ],
)
def test_hostile_sizes_are_refused_before_anything_is_made(
    client: FlaskClient, head: dict[str, Any], data: bytes, says: str
) -> None:
    answer = client.post("/v2/models/animals/infer", **binary({"inputs": [head]}, data))
    assert answer.status_code == 400
    assert says in answer.json["error"]


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 5000, "1000000", "٣", " 5"])
def test_length_of_the_json_must_be_in_the_body(client: FlaskClient, length: str) -> None:
    headers = {LENGTH: length.encode().decode("latin-1")}
    answer = client.post(HOUSES + "/infer", data=b"{}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "body_malformed")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"outputs": [{"name": "price"}]}, "it has prediction"),
        ({"outputs": ["prediction"]}, "/outputs/0"),
        ({"outputs": [{"name": "prediction"}, {"name": "prediction"}]}, "twice"),
        ({"outputs": [{"name": "prediction", "parameters": {"classification": 2}}]}, "/outputs/0/parameters"),
        ({"outputs": {}}, "/outputs"),
        ({"id": 7}, "/id"),
        ({"parameters": []}, "/parameters"),
    ],
)
def test_request_that_cannot_be_met_says_why(client: FlaskClient, more: dict[str, Any], says: str) -> None:
    answer = infer(client, INPUTS, **more)
    assert answer.status_code == 400
    assert says in answer.json["error"]


def test_limits_are_those_of_every_prediction(limited: Callable[..., FlaskClient]) -> None:
    small = limited(max_prediction_rows=2)
    assert "ADALINE_MAX_PREDICTION_ROWS" in infer(small, INPUTS).json["error"]
    answer = infer(limited(max_body_bytes=100), INPUTS)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    answer = small.post(HOUSES + "/infer", data=b"a,b\n", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json["code"]) == (415, "media_type_unsupported")


def test_many_rows_are_predicted_in_pieces(client: FlaskClient) -> None:
    widths = np.arange(40_000, dtype=np.float64)
    inputs = [tensor("width", "FP64", widths.tolist()), tensor("height", "FP64", (2 * widths).tolist())]
    total, area = infer(client, inputs, "/v2/models/boxes").json["outputs"]
    assert total["data"] == (3 * widths).tolist()
    assert area["data"] == (widths + 2).tolist()
