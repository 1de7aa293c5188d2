"""The temperature is the one that scipy finds, and what is told of it is judged by rows that did not fit it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from service.domain.arrays import Floats, Integers
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from workers.explain.temperature import FOLDS, SPREAD, sharpest, tempered
from workers.training.data.fill import FilledPart
from workers.training.problem import Data


def drawn(rows: int, classes: int, heat: float, seed: int = 0) -> tuple[Floats, Integers]:
    """Scores (rows, outputs) of classes that come true by a softmax of scores / heat."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(rows, classes)) * 3
    if classes == 2:
        scores = np.column_stack([np.zeros(rows), scores[:, 1] - scores[:, 0]])
    shares = softmax(scores / heat, axis=1).cumsum(axis=1)
    truth = (generator.random(rows)[:, None] > shares).sum(axis=1)
    return (scores[:, 1:] if classes == 2 else scores), truth


def both(scores: Floats) -> Floats:
    return scores if scores.shape[1] > 1 else np.column_stack([np.zeros(len(scores)), scores])


@pytest.mark.parametrize("classes", [2, 3, 9])
@pytest.mark.parametrize("heat", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_minimum_of_the_log_loss_and_of_what_is_known_before(
    classes: int, heat: float, weighted: bool
) -> None:
    scores, truth = drawn(2000, classes, heat)
    counts = np.random.default_rng(1).uniform(0, 3, 2000) if weighted else np.ones(2000)

    def loss(temperature: float) -> float:
        chosen = log_softmax(both(scores) / temperature, axis=1)[np.arange(2000), truth]
        known = np.log(temperature) ** 2 / (2 * SPREAD**2 * 2000)
        return float(known - np.average(chosen, weights=counts))

    expected = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9}).x
    assert 1 / sharpest(scores, truth, counts) == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(heat, rel=0.1)


def test_a_few_rows_that_are_all_right_or_all_wrong_do_not_make_it_sure_or_unsure_of_everything() -> None:
    scores, truth = np.array([[3.0], [-2.0], [5.0]]), np.array([1, 0, 1])

    def loss(sharpness: float, sign: float) -> float:
        z = sign * sharpness * scores[:, 0]
        return float(np.mean(np.logaddexp(0, z) - z * truth)) + np.log(sharpness) ** 2 / (2 * SPREAD**2 * 3)

    for sign in (1.0, -1.0):
        found = sharpest(sign * scores, truth, np.ones(3))
        expected = minimize_scalar(loss, bounds=(0.05, 20), args=(sign,), method="bounded").x
        assert found == pytest.approx(expected, rel=1e-3)
        assert 0.3 < found < 3


def model(scores: Floats, truth: Integers) -> tuple[Predictor, FilledPart]:
    """One whose inputs are the scores themselves, and rows that it was not trained on."""
    width = scores.shape[1]
    network = Network((width, width), bias=False)
    transform = FittedTransform((), np.arange(width), np.zeros(width), np.ones(width))
    classes = tuple(range(max(width, 2)))
    predictor = Predictor(
        "multiclass", "y", transform, network, np.eye(width, dtype=np.float32).reshape(-1), classes=classes
    )
    return predictor, FilledPart(Data(scores.astype(np.float32), truth), truth.astype(np.float64))


@pytest.mark.parametrize("classes", [2, 4])
def test_each_row_is_judged_by_a_temperature_that_it_did_not_fit(classes: int) -> None:
    scores, truth = drawn(300, classes, 3.0)
    predictor, part = model(scores, truth)
    found = tempered(predictor, part, seed=5)
    assert found is not None
    assert found.told.is_applied
    assert found.value == pytest.approx(1 / sharpest(part.inputs[:].astype(float), truth, np.ones(300)))
    assert len(np.unique(found.sharpness)) == FOLDS
    for one in np.unique(found.sharpness):
        others = found.sharpness != one
        assert 25 <= (~others).sum() <= 35
        assert one == pytest.approx(sharpest(part.inputs[others].astype(float), truth[others], np.ones(others.sum())))
    judged = log_softmax(both(scores) * found.sharpness[:, None], axis=1)[np.arange(300), truth]
    before = log_softmax(both(scores), axis=1)[np.arange(300), truth]
    assert found.told.log_loss == pytest.approx(-judged.mean(), rel=1e-5)
    assert found.told.log_loss_before == pytest.approx(-before.mean(), rel=1e-5)
    assert found.told.log_loss < found.told.log_loss_before
    assert found.told.expected_error < found.told.expected_error_before


def test_where_it_does_not_help_there_is_none() -> None:
    """Probabilities that are right already, and rows too few to say so better."""
    helped = []
    for seed in range(20):
        found = tempered(*model(*drawn(60, 2, 1.0, seed)), seed=0)
        assert found is not None
        helped.append(found.told.is_applied)
        if not found.told.is_applied:
            assert (found.value, found.told.temperature) == (1.0, 1.0)
            assert found.told.log_loss >= found.told.log_loss_before
            assert (found.sharpness == 1).all()
    assert 0 < sum(helped) < 15
    assert tempered(*model(*drawn(10, 2, 3.0)), seed=0) is None
