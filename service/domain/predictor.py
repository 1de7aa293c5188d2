"""Rows in, predictions out: a transform and a network, with the meaning of their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.columns import Columns, Kind
from service.domain.network import Network, Parameters, class_probabilities, forward
from service.domain.transform import FittedTransform
from service.domain.written import PLAIN, TextStyle

Label = str | int | float | bool


@dataclass(frozen=True, slots=True)
class TargetScale:
    """A regression target is learnt as (y - centre) / scale."""

    centre: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Predictor:
    """A trained model. `classes` is empty for a regression; `text_style` is how its dataset's cells were written."""

    task: str
    target: str
    transform: FittedTransform
    network: Network
    parameters: Parameters
    target_scale: TargetScale = TargetScale()
    classes: tuple[Label, ...] = ()
    text_style: TextStyle = PLAIN

    @property
    def feature_kinds(self) -> dict[str, Kind]:
        """The features that a row must have, in order, with their kinds."""
        return {feature.name: feature.kind for feature in self.transform.features}

    def scores(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """What the network says of prepared inputs: (n_rows,) in the target's units, or (n_rows, n_classes)."""
        return self.meaning(forward(self.network, self.parameters, inputs))

    def meaning(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What the network's last sums (n_rows, n_outputs) stand for, as `scores` gives it."""
        if self.classes:
            return class_probabilities(scores)
        values: npt.NDArray[np.float64] = scores[:, 0] * self.target_scale.scale + self.target_scale.centre
        return values

    def predict(self, columns: Columns) -> npt.NDArray[np.float64]:
        """(n_rows,) values, or (n_rows, n_classes) probabilities. Raises CellInvalid for a gap that nothing fills."""
        return self.scores(self.transform.apply(columns))

    def answers(self, predictions: npt.NDArray[np.float64]) -> list[Any]:
        """Predictions as JSON: a number each, or `{"label", "probabilities"}`."""
        if not self.classes:
            values: list[Any] = predictions.tolist()
            return values
        names = [label_text(label) for label in self.classes]
        return [
            {"label": self.classes[best], "probabilities": dict(zip(names, row, strict=True))}
            for best, row in zip(predictions.argmax(axis=1).tolist(), predictions.tolist(), strict=True)
        ]


def label_text(label: Label) -> str:
    """A class as the key of a JSON object: `true`, `3`, `setosa`."""
    return str(label).lower() if isinstance(label, bool) else str(label)
