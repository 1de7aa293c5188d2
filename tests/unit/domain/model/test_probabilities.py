"""Probabilities against scipy's; what several networks say together against the mean of what each says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from service.domain.model.probabilities import class_probabilities, pooled_scores, softmax


def test_probabilities_equal_scipys() -> None:
    scores = np.array([[1.0, 2, 3], [1000, 0, -1000], [-5, -5, -5]])
    np.testing.assert_allclose(softmax(scores), scipy_softmax(scores, axis=1), rtol=1e-12)
    np.testing.assert_allclose(class_probabilities(scores), scipy_softmax(scores, axis=1), rtol=1e-12)
    single = np.array([[-1000.0], [-1], [0], [3], [1000]])
    np.testing.assert_allclose(class_probabilities(single)[:, 1], expit(single[:, 0]), rtol=1e-12)
    np.testing.assert_allclose(class_probabilities(single).sum(axis=1), 1)


@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_classes_have_the_mean_of_the_members_probabilities(spread: float) -> None:
    draw = np.random.default_rng(0)
    for classes in (3, 12):
        scores = draw.normal(0, spread, (5, 40, classes))
        pooled = class_probabilities(pooled_scores(scores, True))
        np.testing.assert_allclose(pooled, scipy_softmax(scores, axis=2).mean(axis=0), rtol=1e-12, atol=1e-300)
    single = draw.normal(0, spread, (5, 40, 1))
    pooled = class_probabilities(pooled_scores(single, True))
    np.testing.assert_allclose(pooled[:, 1], expit(single[:, :, 0]).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(pooled[:, 0], expit(-single[:, :, 0]).mean(axis=0), rtol=1e-11, atol=1e-16)


def test_members_that_are_certain_give_finite_scores() -> None:
    certain = np.array([[[-2000.0]], [[-1900.0]]])
    assert pooled_scores(certain, True)[0, 0] == pytest.approx(np.log(0.5) - 1900)
    of_three = np.array([[[0.0, -3000, -3000]], [[0.0, -2000, -3000]]])
    np.testing.assert_allclose(pooled_scores(of_three, True), [[0.0, np.log(0.5) - 2000, -3000]], atol=1e-9)


def test_numbers_have_the_mean_of_the_members_scores() -> None:
    assert pooled_scores(np.array([[[1.0, 10]], [[2.0, 30]]]), False).tolist() == [[1.5, 20]]
