"""Partial dependence: scikit-learn's curve on numbers, averages by hand on the other kinds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from sklearn.inspection import partial_dependence

from service.domain.cells.columns import Categories, Columns
from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from tests.unit.workers.explain.models import Estimator, mlp, neuron, part
from workers.explain.dependence import POINTS, TOP, dependences


@pytest.mark.parametrize("outputs", [1, 3])
def test_curves_are_scikit_learns(outputs: int) -> None:
    predictor = mlp(2, 3, (7,), outputs)
    X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    for number, found in enumerate(dependences(predictor, part(X, np.zeros(300)), ["x0", "x1", "x2"], 0)):
        centre, scale = predictor.transform.centre[number], predictor.transform.scale[number]
        grid = (np.array(found.values) - centre) / scale
        expected = partial_dependence(
            Estimator(predictor), X.astype(np.float64), [number], custom_values={number: grid}, method="brute"
        )["average"]
        curves = [found.predictions] if outputs == 1 else list(found.predictions.values())
        assert np.array(curves) == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert len(grid) == POINTS


def test_a_grid_of_numbers_has_values_that_occur_between_the_tails() -> None:
    X = np.repeat(np.arange(1000), 2)[:, None]
    (found,) = dependences(neuron([2.0, 1.0]), part(X, np.zeros(2000)), ["a"], 0)
    assert set(found.values) <= set(range(1000))
    assert found.values[0] == pytest.approx(50, abs=20)
    assert found.values[-1] == pytest.approx(950, abs=20)
    assert found.predictions == pytest.approx([2 * value + 1 for value in found.values])


def test_of_a_clipped_feature_the_grid_has_its_own_values_and_the_curve_is_clipped() -> None:
    plain = neuron([2.0, 1.0])
    transform = replace(plain.transform, centre=np.array([10.0]), scale=np.array([4.0]), clip=3.0)
    values = np.array([2.0, 10.0, 12.0, 90.0, 250.0, 1e9])  # the last one is where float32 tells none apart
    scaled = (values - 10) / 4
    X = (scaled / np.sqrt(1 + (scaled / 3) ** 2)).astype(np.float32)[:, None]
    (found,) = dependences(replace(plain, transform=transform), part(X, np.zeros(len(X))), ["a"], 0)
    assert found.values == pytest.approx(values[:-1].tolist(), rel=1e-3)
    assert found.predictions == pytest.approx((2 * X[:-1, 0] + 1).tolist(), rel=1e-4)


def test_few_values_are_all_in_the_grid() -> None:
    X = np.array([[0.1], [0.2], [0.1], [3.0]])
    (found,) = dependences(neuron([1.0, 0.0]), part(X, np.zeros(4)), ["a"], 0)
    assert found.values == [0.1, 0.2, 3.0]


def mixed() -> tuple[Predictor, Columns]:
    features = (
        Feature("colour", "categorical", categories=("red", "blue"), other=True),
        Feature("sold", "boolean", fill=0.0, indicator=True),
        Feature("size", "numeric", fill=50.0, indicator=True),
        Feature("when", "datetime"),
    )
    whole = FittedTransform(features, np.arange(14), np.zeros(14), np.ones(14))
    nan = np.nan
    day = 86_400.0
    columns = Columns(
        {
            "colour": Categories(np.array([0, 1, 2, 0], dtype=np.int32), ("red", "blue", "green")),
            "sold": np.array([1.0, 0.0, nan, 1.0]),
            "size": np.array([1.0, 2.0, nan, 4.0]),
            "when": np.array([0.0, 100 * day, 200 * day, 365 * day]) + 12 * 3600,
        },
        4,
    )
    encoded = whole.encode(columns)
    kept = np.flatnonzero(np.ptp(encoded, axis=0) > 0)
    transform = FittedTransform(features, kept, encoded[:, kept].mean(axis=0), encoded[:, kept].std(axis=0))
    network = Network((len(kept), 6, 1), "tanh")
    return Predictor("regression", "y", transform, network, network.start(3)), columns


def test_every_kind_is_set_as_the_transform_would_read_it() -> None:
    predictor, columns = mixed()
    rows = part(predictor.transform.apply(columns), np.zeros(4))
    found = {one.feature: one for one in dependences(predictor, rows, ["colour", "sold", "size", "when"], 0)}
    assert found["colour"].values == ["red", "blue", "other"]
    assert found["sold"].values == [False, True]
    assert found["size"].values == [1.0, 2.0, 4.0]  # what fills a gap is no value of the column
    assert found["when"].values == ["1970-01-01T00:00:00Z", "1970-04-11T00:00:00Z", "1970-07-20T00:00:00Z",
                                       "1971-01-01T00:00:00Z"]  # fmt: skip
    for name, curve in found.items():
        for value, prediction in zip(curve.values, curve.predictions, strict=True):
            if name == "colour":
                cells: Categories | np.ndarray = Categories(np.zeros(4, dtype=np.int32), (value,))
            elif name == "when":
                cells = np.full(4, datetime.fromisoformat(value).timestamp())
            else:
                cells = np.full(4, float(value))
            changed = Columns({**columns.data, name: cells}, 4)
            assert prediction == pytest.approx(predictor.predict(changed).mean(), rel=1e-5)


def test_of_two_classes_only_the_second_is_shown() -> None:
    predictor = neuron([1.0, 0.0], classes=(False, True))
    (found,) = dependences(predictor, part(np.array([[-1.0], [1.0]]), np.zeros(2)), ["a"], 0)
    assert found.predictions == {"true": pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)])}


def test_without_names_the_strongest_features_are_shown() -> None:
    X = np.random.default_rng(0).normal(size=(40, 8))
    weights = [0.1, 3.0, 0.2, 4.0, 5.0, 0.3, 6.0, 7.0, 0.0]
    found = dependences(neuron(weights), part(X, np.zeros(40)), None, 0)
    assert [one.feature for one in found] == ["h", "g", "e", "d", "b"]
    assert len(found) == TOP


def test_of_a_clipped_feature_with_bins_the_curve_moves_them_along() -> None:
    feature = Feature("a", "numeric", fill=0.0, indicator=True, edges=(0.0, 10.0, 40.0))
    transform = FittedTransform(
        (feature,), np.arange(4), np.array([10.0, 0.5, 0.5, 0.0]), np.array([4.0, 0.5, 0.5, 1.0]), clip=3.0
    )
    weights = np.array([2.0, 5.0, 7.0, 11.0, 1.0], dtype=np.float32)
    predictor = Predictor("regression", "y", transform, Network((4, 1)), weights)
    values = np.array([0.0, 4.0, 10.0, 25.0, 40.0])
    X = transform.apply(Columns({"a": np.append(values, np.nan)}, 6))
    (found,) = dependences(predictor, part(X, np.zeros(6)), ["a"], 0)
    scaled = (values - 10) / 4
    expected = 2 * scaled / np.sqrt(1 + (scaled / 3) ** 2) + 1
    expected += 5 * (2 * np.interp(values, [0, 10], [0, 1]) - 1) + 7 * (2 * np.interp(values, [10, 40], [0, 1]) - 1)
    assert found.values == pytest.approx(values.tolist(), abs=1e-4)
    assert found.predictions == pytest.approx(expected.tolist(), abs=1e-3)
