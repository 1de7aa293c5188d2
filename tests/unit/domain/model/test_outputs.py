"""The columns of an answer: their names, order and values, by hand; see `tests.samples.explained_predictor`.

A price is 2 size + 10 [red] - 5 [sold] + 1; for the average row that is 24.75.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.domain.cells.columns import Categories, Columns
from service.domain.model.feature import Feature
from service.domain.model.intervals import calibrate
from service.domain.model.network import Network
from service.domain.model.output_lists import json_list, list_names
from service.domain.model.outputs import Answered, AnswerPlan, Labels, plan
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.slots import Wanted
from service.domain.model.transform import FittedTransform
from service.errors import ParameterInvalid
from tests.samples import explained_predictor, kind_predictor, price_predictor


def json_lists(plan: AnswerPlan, rows: Answered) -> dict[str, list[Any]]:
    """All of them, by name."""
    return {name: json_list(name, plan, rows) for name in list_names(plan)}


EVERYTHING = Wanted(flags=True, intervals=0.9, contributions=True)
NAMES = ["prediction", "low", "high", "contribution_intercept", "contribution_size", "contribution_colour",
         "contribution_sold", "flags"]  # fmt: skip
TABLE = {
    "prediction": [15.0, 2.0, 141.0],
    "low": [-21.0, -34.0, 105.0],  # the 36th of 39 residuals
    "high": [51.0, 38.0, 177.0],
    "contribution_intercept": [24.75] * 3,
    "contribution_size": [-16.0, -14.0, 120.0],
    "contribution_colour": [5.0, -5.0, -5.0],
    "contribution_sold": [1.25, -3.75, 1.25],
    "flags": [[], [], ["size", "colour"]],
}


def houses() -> Columns:
    """One as the table has them, one with a gap, one far off and of a colour never seen."""
    size = np.array([2.0, math.nan, 70.0])
    return Columns(
        {"size": size, "colour": Categories.of(["red", "blue", "pink"]), "sold": np.array([0.0, 1.0, math.nan])}, 3
    )


def told(made: AnswerPlan, columns: Columns) -> dict[str, Any]:
    """Columns as lists, by name."""
    said = {}
    for name, values in zip(made.names, made.columns(made.answer(columns)), strict=True):
        if isinstance(values, Labels):
            assert values.texts() == [str(label) for label in values.values()]
            said[name] = values.values()
        else:
            said[name] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return said


def sums(classes: tuple[Any, ...] = (), target: Any = "y", names: str = "ab") -> Predictor:
    """A linear neuron with an output for each class or target: output k is (k + 1) a - k b + k, of an average row of
    a = 2, b = 3; a target's residuals are 1, 2, 3 times k + 1."""
    k = len(classes) or len(target)
    weights = np.array([[index + 1, -index] for index in range(k)], dtype=np.float32)
    transform = FittedTransform(
        tuple(Feature(name, "numeric") for name in names), np.arange(2), np.zeros(2), np.ones(2), np.array([2.0, 3.0])
    )
    parameters = np.concatenate([weights.reshape(-1), np.arange(k, dtype=np.float32)])
    scales = (TargetScale(),) * (1 if classes else k)
    kept = None if classes else calibrate(np.outer([1.0, 2.0, 3.0], np.arange(1.0, k + 1)), "test")
    task = "multiclass" if classes else "regression"
    return Predictor(task, target, transform, Network((2, k)), parameters, scales, classes, calibration=kept)


def two(names: str = "ab") -> Columns:
    return Columns({names[0]: np.array([1.0, 0.0]), names[1]: np.array([0.0, 1.0])}, 2)


def test_everything_comes_in_a_fixed_order() -> None:
    made = plan(explained_predictor(), EVERYTHING)
    assert made.names == NAMES
    assert told(made, houses()) == TABLE


def test_what_is_not_asked_for_does_not_come() -> None:
    assert told(plan(price_predictor(), Wanted()), houses()) == {"prediction": TABLE["prediction"]}
    made = plan(explained_predictor(), Wanted(intervals=0.9, flags=True))
    assert told(made, houses()) == {name: TABLE[name] for name in ("prediction", "low", "high", "flags")}


def test_columns_come_as_they_are_chosen() -> None:
    chosen = ("high", "contribution_size", "prediction")
    made = plan(explained_predictor(), replace(EVERYTHING, columns=chosen))
    assert list(told(made, houses()).items()) == [(name, TABLE[name]) for name in chosen]
    nothing_more = plan(explained_predictor(), replace(EVERYTHING, columns=("low",)))
    answered = nothing_more.answer(houses())
    assert (answered.inputs, answered.flags) == (None, None)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (("price",), "'price' is not a column of this answer; it has prediction$"),
        (("prediction", "low"), "'low' is not a column of this answer; it has prediction; intervals=0.9 adds"),
        (("flags",), "flags=true adds it"),
        (("contribution_size",), "contributions=true adds them"),
        (("prediction", "prediction"), "'prediction' is named twice"),
        ((), "name one or more of prediction"),
    ],
)
def test_a_column_that_is_not_there_is_named(columns: tuple[str, ...], says: str) -> None:
    with pytest.raises(ParameterInvalid, match=says) as raised:
        plan(price_predictor(), Wanted(columns=columns))
    assert raised.value.errors[0].pointer == "/columns"


def test_json_has_lists_side_by_side() -> None:
    made = plan(explained_predictor(), EVERYTHING)
    assert json_lists(made, made.answer(houses())) == {
        "predictions": TABLE["prediction"],
        "intervals": [list(pair) for pair in zip(TABLE["low"], TABLE["high"], strict=True)],
        "contributions": [
            {"intercept": 24.75, "size": size, "colour": colour, "sold": sold}
            for size, colour, sold in zip(*(TABLE[name] for name in NAMES[4:7]), strict=True)
        ],
        "flags": TABLE["flags"],
    }
    some = plan(explained_predictor(), replace(EVERYTHING, columns=("contribution_sold", "high")))
    assert json_lists(some, some.answer(houses())) == {
        "predictions": TABLE["prediction"],
        "intervals": [list(pair) for pair in zip(TABLE["low"], TABLE["high"], strict=True)],
        "contributions": [{"sold": value} for value in TABLE["contribution_sold"]],
    }


def test_two_classes_add_up_to_the_log_odds_of_the_second() -> None:
    predictor = kind_predictor()  # P(dog) = sigmoid(weight - 5)
    predictor = replace(predictor, transform=replace(predictor.transform, mean=np.array([7.0])))
    said = told(plan(predictor, Wanted(contributions=True)), Columns({"weight": np.array([4.0, 10.0])}, 2))
    assert list(said) == ["label", "p_cat", "p_dog", "contribution_intercept", "contribution_weight"]
    assert said["label"] == ["cat", "dog"]
    assert said["contribution_intercept"] == [2.0, 2.0]
    assert said["contribution_weight"] == [-3.0, 3.0]
    assert said["p_dog"] == pytest.approx([1 / (1 + math.exp(1)), 1 / (1 + math.exp(-5))])


def test_of_several_classes_each_has_its_contributions() -> None:
    made = plan(sums(("x", "y", "z")), Wanted(contributions=True))
    said = told(made, two())
    assert list(said)[4:] == [f"contribution_{name}_{part}" for name in "xyz" for part in ("intercept", "a", "b")]
    # scores a, 2a - b + 1, 3a - 2b + 2 less their mean 2a - b + 1: -a + b - 1, 0, a - b + 1
    assert said["contribution_x_intercept"] == [0.0, 0.0]
    assert said["contribution_x_a"] == [1.0, 2.0]
    assert said["contribution_x_b"] == [-3.0, -2.0]
    assert said["contribution_y_a"] == [0.0, 0.0]
    assert said["contribution_z_a"] == [-1.0, -2.0]
    lists = json_lists(made, made.answer(two()))
    assert lists["contributions"][1]["x"] == {"intercept": 0.0, "a": 2.0, "b": -2.0}
    assert list(lists["contributions"][0]) == ["x", "y", "z"]


def test_of_several_targets_each_has_its_interval_and_contributions() -> None:
    made = plan(sums(target=("u", "v")), Wanted(intervals=0.5, contributions=True))
    said = told(made, two())
    assert list(said)[:6] == ["u", "v", "u_low", "u_high", "v_low", "v_high"]
    assert (said["u"], said["v"]) == ([1.0, 0.0], [3.0, 0.0])
    assert (said["u_low"], said["v_high"]) == ([-1.0, -2.0], [7.0, 4.0])
    assert said["contribution_v_intercept"] == [2.0, 2.0]
    assert said["contribution_v_a"] == [-2.0, -4.0]
    assert said["contribution_v_b"] == [3.0, 2.0]
    lists = json_lists(made, made.answer(two()))
    assert lists["intervals"][0] == {"u": [-1.0, 3.0], "v": [-1.0, 7.0]}
    assert lists["contributions"][0]["v"] == {"intercept": 2.0, "a": -2.0, "b": 3.0}
    some = plan(sums(target=("u", "v")), Wanted(intervals=0.5, columns=("v", "v_low")))
    assert json_lists(some, some.answer(two())) == {
        "predictions": [{"v": 3.0}, {"v": 0.0}],
        "intervals": [{"v": [-1.0, 7.0]}, {"v": [-4.0, 4.0]}],
    }


def test_chosen_columns_leave_a_class_prediction_its_shape() -> None:
    columns = Columns({"weight": np.array([5.0])}, 1)
    for names, expected in (
        (("label",), {"label": "cat", "probabilities": {}}),
        (("p_dog",), {"label": "cat", "probabilities": {"dog": 0.5}}),
        (("label", "p_dog"), {"label": "cat", "probabilities": {"dog": 0.5}}),
        (("label", "p_cat", "p_dog"), {"label": "cat", "probabilities": {"cat": 0.5, "dog": 0.5}}),
    ):
        made = plan(kind_predictor(), Wanted(columns=names))
        assert json_lists(made, made.answer(columns)) == {"predictions": [expected]}


def test_no_two_columns_have_one_name() -> None:
    made = plan(sums(target=("a", "a_low")), Wanted(intervals=0.5))
    assert made.names == ["a", "a_low", "a_low_2", "a_high", "a_low_low", "a_low_high"]
    assert told(made, two())["a_low_2"] == [-1.0, -2.0]


def test_a_feature_may_be_called_intercept() -> None:
    predictor = replace(explained_predictor())
    feature = replace(predictor.transform.features[0], name="intercept")
    transform = replace(predictor.transform, features=(feature, *predictor.transform.features[1:]))
    made = plan(replace(predictor, transform=transform), Wanted(contributions=True))
    columns = Columns({**houses().data, "intercept": houses()["size"]}, 3)
    assert json_lists(made, made.answer(columns))["contributions"][0] == {
        "(intercept)": 24.75, "intercept": -16.0, "colour": 5.0, "sold": 1.25,
    }  # fmt: skip


def test_rows_that_are_cut_get_the_same() -> None:
    made = plan(explained_predictor(), EVERYTHING)
    whole = made.answer(houses())
    parts = [json_lists(made, whole.rows(some)) for some in (slice(0, 1), slice(1, 3))]
    assert {name: parts[0][name] + parts[1][name] for name in parts[0]} == json_lists(made, whole)


def test_few_rows_are_written_at_once_where_contributions_are_wide() -> None:
    classes = tuple(f"k{number}" for number in range(1000))
    made = plan(sums(classes), Wanted(contributions=True))
    assert made.rows_at_once * 1000 * 3 <= 4_000_000 < (made.rows_at_once + 1) * 1000 * 3
    assert plan(sums(classes), Wanted()).rows_at_once == 4000  # of its widest layer


def test_rows_without_an_answer_leave_the_others_as_they_are() -> None:
    made = plan(explained_predictor(), EVERYTHING)
    whole = made.answer(houses())
    lists, before = json_lists(made, whole.without([2])), json_lists(made, whole)
    assert {name: rows[:2] for name, rows in lists.items()} == {name: rows[:2] for name, rows in before.items()}
    assert np.isnan([lists["predictions"][2], *lists["intervals"][2], *lists["contributions"][2].values()]).all()
    assert (lists["flags"][2], before["flags"][2]) == ([], ["size", "colour"])


def test_a_row_without_an_answer_has_no_label() -> None:
    made = plan(kind_predictor(), Wanted())
    (label, cat, dog) = made.columns(Answered(np.array([[math.nan, math.nan], [0.25, 0.75]])))
    assert isinstance(label, Labels)
    assert (label.values(), label.texts()) == ([None, "dog"], ["", "dog"])
    assert np.isnan([cat[0], dog[0]]).all()


def test_a_network_says_why_it_has_no_contributions() -> None:
    network = Network((4, 3, 1))
    predictor = replace(explained_predictor(), network=network, parameters=network.start(0))
    with pytest.raises(ParameterInvalid, match=r"hidden layers \(3\).*`importance`") as raised:
        plan(predictor, Wanted(contributions=True))
    assert raised.value.errors[0].pointer == "/contributions"


def test_an_older_version_says_that_it_must_be_trained_again() -> None:
    for wanted in (Wanted(contributions=True), Wanted(intervals=0.9)):
        with pytest.raises(ParameterInvalid, match="train again"):
            plan(price_predictor(), wanted)
