"""Models with chosen weights on tables of plain numbers, and scikit-learn's view of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from workers.training.data.prepare import FilledPart
from workers.training.problem import Data


def neuron(weights: list[float], classes: tuple[Any, ...] = (), names: str = "abcdefgh") -> Predictor:
    """One linear neuron that reads its numbers as they are; its bias is the last weight."""
    width = len(weights) - 1
    features = tuple(Feature(name, "numeric") for name in names[:width])
    transform = FittedTransform(features, np.arange(width), np.zeros(width), np.ones(width))
    task = "binary" if classes else "regression"
    parameters = np.array(weights, dtype=np.float32)
    return Predictor(task, "y", transform, Network((width, 1)), parameters, classes=classes)


def mlp(
    seed: int, width: int, hidden: tuple[int, ...], outputs: int = 1, activation: str = "tanh", members: int = 1
) -> Predictor:
    """A network with random weights; `outputs` > 1 makes as many classes."""
    network = Network((width, *hidden, outputs), activation, members=members)
    parameters = network.start(seed) * np.float32(3)
    features = tuple(Feature(f"x{number}", "numeric") for number in range(width))
    generator = np.random.default_rng(seed)
    transform = FittedTransform(
        features, np.arange(width), generator.normal(size=width), generator.uniform(0.5, 2, width)
    )
    classes = tuple(f"k{number}" for number in range(outputs)) if outputs > 1 else ()
    task = "multiclass" if classes else "regression"
    return Predictor(task, "y", transform, network, parameters, (TargetScale(3.0, 2.0),), classes)


def part(inputs: np.ndarray, truth: np.ndarray) -> FilledPart:
    """Held-out rows; what the engines read of them does not matter here."""
    return FilledPart(Data(inputs.astype(np.float32), truth.astype(np.float32), None), truth.astype(np.float64))


class Estimator:
    """A predictor as scikit-learn sees one, on prepared inputs."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.classes_ = np.arange(len(predictor.classes))
        self._estimator_type = "classifier" if predictor.classes else "regressor"

    def fit(self, X: np.ndarray, y: np.ndarray) -> Estimator:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

        mixin = ClassifierMixin if self.predictor.classes else RegressorMixin
        return type("Plain", (mixin, BaseEstimator), {})().__sklearn_tags__()

    def predict(self, X: np.ndarray) -> np.ndarray:
        scores = self.predictor.scores(X.astype(np.float32))
        return scores.argmax(axis=1) if self.predictor.classes else scores

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.predictor.scores(X.astype(np.float32))
