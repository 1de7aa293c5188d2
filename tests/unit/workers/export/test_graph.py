"""The graph as a file: standard, described, the same for the same model, and refused where it is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from service.domain.cells.written import TextStyle
from service.domain.model.encoder import datetime_parts
from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from tests.unit.workers.explain.models import neuron
from tests.unit.workers.export.made import KINDS, by_onnx, made, random_cells
from workers.export.check import GraphWrong, check
from workers.export.files import taken_along
from workers.export.onnx_graph import onnx_model, output_names


def of_one(feature: Feature, weights: list[float] | None = None, style: TextStyle | None = None) -> Predictor:
    """y = the sum of a feature's encoded columns, each times its weight (1 unless told)."""
    width = len(feature.encoded_names)
    transform = FittedTransform((feature,), np.arange(width), np.zeros(width), np.ones(width))
    parameters = np.array([*(weights or [1.0] * width), 0], dtype=np.float32)
    plain = Predictor("regression", "y", transform, Network((width, 1)), parameters)
    return replace(plain, text_style=style) if style else plain


def asked(predictor: Predictor, cells: list, kind: str) -> list[float]:
    found = by_onnx(onnx_model(predictor), {"a": cells}, {"a": kind})  # type: ignore[dict-item]
    values: list[float] = found["prediction"][:, 0].tolist()
    return values


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "several"])
def test_graph_is_valid_and_of_standard_operators_alone(task: str) -> None:
    model = onnx.load_from_string(onnx_model(made(task, "gelu")))
    onnx.checker.check_model(model, full_check=True)
    assert {(one.domain, one.version) for one in model.opset_import} == {("", 18), ("ai.onnx.ml", 3)}
    assert {node.domain for node in model.graph.node} == {"", "ai.onnx.ml"}
    assert model.functions == []  # nothing of our own that a runtime would have to know


def test_inputs_are_the_features_by_name_and_kind() -> None:
    graph = onnx.load_from_string(onnx_model(made())).graph
    types = {one.name: one.type.tensor_type for one in graph.input}
    assert list(types) == list(KINDS)
    string, double = onnx.TensorProto.STRING, onnx.TensorProto.DOUBLE
    assert {name: one.elem_type for name, one in types.items()} == {
        name: string if kind == "categorical" else double for name, kind in KINDS.items()
    }
    for one in types.values():
        assert (one.shape.dim[0].dim_param, one.shape.dim[1].dim_value) == ("rows", 1)


def test_metadata_say_what_inputs_and_outputs_mean() -> None:
    said = {one.key: one.value for one in onnx.load_from_string(onnx_model(made("multiclass"))).metadata_props}
    assert (said["task"], said["target"], said["datetime"]) == ("multiclass", "y", "seconds since 1970-01-01T00:00:00Z")
    assert json.loads(said["classes"]) == ["no", "yes", "may, be", "Ω"]
    assert json.loads(said["outputs"]) == ["label", "probabilities"]
    assert json.loads(said["features"])[0] == {"name": "size", "kind": "numeric"}
    assert "adaline" in json.loads(said["versions"])


def test_same_model_is_the_same_bytes_and_tells_nothing_of_where_it_was_made() -> None:
    data = onnx_model(made("several", seed=5))
    assert data == onnx_model(made("several", seed=5))
    assert data != onnx_model(made("several", seed=6))
    assert str(Path.cwd()).encode() not in data


def test_output_that_a_feature_is_named_as_gets_another_name() -> None:
    features = (Feature("prediction", "numeric", fill=1.0), Feature("constant_0", "numeric", fill=1.0))
    transform = FittedTransform(features, np.arange(2), np.zeros(2), np.ones(2))
    predictor = Predictor("regression", "y", transform, Network((2, 1)), np.array([1, 10, 100], dtype=np.float32))
    cells = {"prediction": [2.0, None], "constant_0": [3.0, 4.0]}
    found = by_onnx(onnx_model(predictor), cells, {"prediction": "numeric", "constant_0": "numeric"})
    assert {name: value[:, 0].tolist() for name, value in found.items()} == {"prediction_": [132.0, 141.0]}


def test_gap_that_nothing_fills_is_no_number() -> None:
    assert np.isnan(asked(of_one(Feature("a", "numeric")), [None], "numeric")).all()
    relu = Predictor(
        "regression", "y", FittedTransform((Feature("a", "categorical", categories=("x",)),), *[np.arange(1)] * 1,
        np.zeros(1), np.ones(1)), Network((1, 1, 1), "relu"), np.ones(4, dtype=np.float32), (TargetScale(1, 1),),
    )  # fmt: skip
    found = by_onnx(onnx_model(relu), {"a": [None, "x", "other"]}, {"a": "categorical"})["prediction"][:, 0]
    assert np.isnan(found[0])
    assert found[1:].tolist() == [4.0, 3.0]


def test_numbers_that_the_dataset_wrote_for_missing_ones_are_missing() -> None:
    style = TextStyle(missing=("", "-999", "0.5", "unknown"))
    predictor = of_one(Feature("a", "numeric", fill=7.0, indicator=True), [1.0, 100.0], style)
    assert asked(predictor, [-999.0, 0.5, -998.0, None], "numeric") == [107.0, 107.0, -998.0, 107.0]


def test_words_that_the_dataset_wrote_for_missing_ones_are_missing() -> None:
    feature = Feature("a", "categorical", categories=("NA", "x"), fill_category="x", indicator=True)
    predictor = of_one(feature, [1.0, 10.0, 100.0], TextStyle(missing=("", "none")))
    assert asked(predictor, ["NA", "x", "none", None, "else"], "categorical") == [1.0, 10.0, 110.0, 110.0, 0.0]


def test_parts_of_a_time_are_those_of_the_calendar() -> None:
    feature = Feature("a", "datetime", fill=0.0)
    days = np.arange("1599-12-01", "2401-03-02", 1, dtype="datetime64[D]")  # two whole eras and more
    seconds = days.astype("datetime64[s]").astype(np.float64) + np.arange(len(days)) % 86_400
    for column in range(7):
        weights = [0.0] * 7
        weights[column] = 1.0
        predictor = of_one(feature, weights)
        session_cells = {"a": [str(np.datetime64(int(one), "s")) + "Z" for one in seconds[::7]]}
        found = by_onnx(onnx_model(predictor), session_cells, {"a": "datetime"})["prediction"][:, 0]
        expected = datetime_parts(seconds[::7])[:, column].astype(np.float32)
        np.testing.assert_allclose(found, expected, atol=1e-7, rtol=1e-7)


def test_check_refuses_a_graph_of_another_model() -> None:
    right = made("regression", seed=1)
    check(onnx_model(right), right, output_names(right))
    parameters = right.parameters.copy()
    parameters[-1] += np.float32(1e-3)
    wrong = replace(right, parameters=parameters)
    with pytest.raises(GraphWrong, match="in place of"):
        check(onnx_model(wrong), right, output_names(right))


@pytest.mark.parametrize(
    ("of", "change"),
    [
        ("size", {"fill": 4.0}),
        ("when", {"fill": 1e9}),
        ("colour", {"fill_category": "never"}),
        ("code", {"categories": ("renamed",)}),
        ("flag", {"fill": 0.5}),
    ],
)
def test_check_sees_every_part_of_the_transform(of: str, change: dict) -> None:
    right = made("regression", seed=2, hidden=(), scale_target=False)
    if "categories" in change:
        rest = next(one for one in right.transform.features if one.name == of).categories[1:]
        change = {"categories": (*change["categories"], *rest)}
    features = tuple(replace(one, **change) if one.name == of else one for one in right.transform.features)
    wrong = replace(right, transform=replace(right.transform, features=features))
    with pytest.raises(GraphWrong, match="in place of"):
        check(onnx_model(wrong), right, output_names(right))


def test_check_sees_labels_in_another_order() -> None:
    right = made("multiclass", seed=3)
    wrong = replace(right, classes=(*right.classes[1:], right.classes[0]))
    with pytest.raises(GraphWrong, match="label"):
        check(onnx_model(wrong), right, output_names(right))


def test_check_sees_an_answer_where_there_is_none() -> None:
    fills = of_one(Feature("a", "numeric", fill=2.0, low=0.0, high=1.0))
    with pytest.raises(GraphWrong, match="gap"):
        check(onnx_model(fills), of_one(Feature("a", "numeric", low=0.0, high=1.0)), ["prediction"])


def test_graph_that_cannot_be_is_left_out_with_its_reason() -> None:
    nameless = neuron([1.0, 2.0, 0.5], names=("", "b"))  # type: ignore[arg-type]
    along = taken_along(nameless)
    assert set(along.files) == {"predict.py"}
    assert [one.code for one in along.warnings] == ["onnx_left_out"]
    assert "no model.onnx" in along.warnings[0].detail


def test_answers_are_told_for_a_row_and_for_none() -> None:
    predictor = made("multiclass", seed=4)
    data = onnx_model(predictor)
    cells = random_cells(1, 3, 0.2)
    whole = by_onnx(data, cells)["probabilities"]
    for row in range(3):
        alone = by_onnx(data, {name: column[row : row + 1] for name, column in cells.items()})["probabilities"]
        np.testing.assert_allclose(alone, whole[row : row + 1], rtol=1e-12)
    assert by_onnx(data, {name: [] for name in cells})["probabilities"].shape == (0, 4)
