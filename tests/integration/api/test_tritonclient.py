"""tritonclient, as it is published, against the API: its defaults send and ask for tensors in binary.

Expected prices are 2 size + 10 [red] - 5 [sold] + 1; P(dog) is sigmoid(weight - 5); boxes: width + height and
3 width - height + 2.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as http

from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server
from tests.unit.api.foreign.conftest import two_targets

DATATYPES = {"f": "FP", "i": "INT", "u": "UINT"}


@pytest.fixture
def triton(serve: Callable[..., Server], deps: Deps) -> Iterator[Any]:
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.price_predictor(), "houses")
    samples.publish(deps, samples.kind_predictor(), "animals")
    samples.publish(deps, two_targets(), "boxes")
    with http.InferenceServerClient(f"127.0.0.1:{serve().port}") as client:
        yield client


def tensor(name: str, values: np.ndarray[Any, Any], binary: bool) -> Any:
    kind = values.dtype.kind
    datatype = {"O": "BYTES", "b": "BOOL"}.get(kind) or f"{DATATYPES[kind]}{8 * values.dtype.itemsize}"
    wanted = http.InferInput(name, list(values.shape), datatype)
    wanted.set_data_from_numpy(values, binary_data=binary)
    return wanted


def test_health_and_metadata(triton: Any) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("houses")
    assert triton.is_model_ready("houses", "2")
    assert not triton.is_model_ready("houses", "3")
    assert not triton.is_model_ready("barns")
    assert triton.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = triton.get_model_metadata("houses", "1")
    assert (metadata["name"], metadata["versions"]) == ("houses", ["1", "2"])
    assert [one["datatype"] for one in metadata["inputs"]] == ["FP64", "BYTES", "BOOL"]


def test_numbers_strings_and_truth_values(triton: Any) -> None:
    ways = itertools.product((False, True), (None, False, True), (None, "gzip"), ("", "1"))
    for sends_binary, asks_binary, compression, version in ways:
        inputs = [
            tensor("size", np.array([2, 3, 4.5], np.float32).reshape(3, 1), sends_binary),
            tensor("colour", np.array(["red", b"blue", "unheard of"], object), sends_binary),
            tensor("sold", np.array([False, True, False]), sends_binary),
        ]
        outputs = None if asks_binary is None else [http.InferRequestedOutput("prediction", binary_data=asks_binary)]
        result = triton.infer(
            "houses", inputs, version, outputs=outputs, request_id="r-1", request_compression_algorithm=compression
        )
        assert result.as_numpy("prediction").tolist() == [15.0, 2.0, 10.0]
        assert result.get_response()["id"] == "r-1"
        assert result.get_response()["model_version"] == (version or "2")


@pytest.mark.parametrize("sends_binary", [False, True])
def test_classes(triton: Any, sends_binary: bool) -> None:
    result = triton.infer("animals", [tensor("weight", np.array([4, 7], np.int16), sends_binary)])
    assert result.as_numpy("label").tolist() == [b"cat", b"dog"]
    dog = [1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))]
    assert result.as_numpy("p_dog").tolist() == pytest.approx(dog)
    assert result.as_numpy("p_cat").tolist() == pytest.approx([1 - one for one in dog])


@pytest.mark.parametrize("sends_binary", [False, True])
def test_several_targets_from_a_matrix(triton: Any, sends_binary: bool) -> None:
    rows = np.array([[2, 5], [3, 0.5]])
    result = triton.infer("boxes", [tensor("input__0", rows, sends_binary)])
    assert result.as_numpy("total").tolist() == [7.0, 3.5]
    assert result.as_numpy("area").tolist() == [3.0, 10.5]


def test_missing_number_is_nan_in_binary(triton: Any) -> None:
    inputs = [tensor("width", np.array([np.nan, 2]), True), tensor("height", np.array([1.0, np.nan]), True)]
    assert triton.infer("boxes", inputs).as_numpy("total").tolist() == [2.0, 2.0]


def test_error_is_understood(triton: Any) -> None:
    with pytest.raises(http.InferenceServerException) as caught:
        triton.infer("animals", [tensor("height", np.array([1.0]), True)])
    assert caught.value.message() == "/inputs: feature 'weight' is missing; the body has 'height'"
    assert caught.value.status() == "400"
    with pytest.raises(http.InferenceServerException, match="there is no model 'barns'"):
        triton.get_model_metadata("barns")
    with pytest.raises(http.InferenceServerException, match="nothing is at /v2/models/animals/config"):
        triton.get_model_config("animals")
