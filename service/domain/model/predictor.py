"""Rows in, predictions out: a transform and a network, with the meaning of their scores."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.cells.columns import Columns
from service.domain.cells.kinds import Kind
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.model.intervals import Calibration
from service.domain.model.magnitude import GREAT
from service.domain.model.network import Inputs, Layers, Network, Parameters, class_probabilities
from service.domain.model.transform import FittedTransform
from service.domain.reading.dialect import Dialect

Label = str | int | float | bool
PIECE_ROWS = 8192
MOST_VALUES = 4_000_000  # of a layer, at once
MOST_KEPT = 4_000_000  # weights that are kept in float64 as well; of more, twice the model would stay in memory


@dataclass(frozen=True, slots=True)
class TargetScale:
    """A regression target is learnt as (y - centre) / scale."""

    centre: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Predictor:
    """A trained model. `classes` is empty for a regression; `text_style` is how its dataset's cells were written,
    `dialect` how its file was (None where that was no text, and for models of before).

    Several targets, all numbers, are a tuple, and have a scale and an output of the network each. `calibration` is what
    intervals are taken from: none for classes, where no row was held out, and in older models. A classifier's scores
    are divided by its `temperature` (Guo et al. 2017).
    """

    task: str
    target: str | tuple[str, ...]
    transform: FittedTransform
    network: Network
    parameters: Parameters
    target_scales: tuple[TargetScale, ...] = (TargetScale(),)
    classes: tuple[Label, ...] = ()
    text_style: TextStyle = PLAIN
    dialect: Dialect | None = None
    calibration: Calibration | None = None
    temperature: float = 1.0

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that are predicted."""
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def target_scale(self) -> TargetScale:
        """The scale of the only target. Raises ValueError for several."""
        (scale,) = self.target_scales
        return scale

    def each(self) -> list[Predictor]:
        """The model for each target alone."""
        return [self] if isinstance(self.target, str) else [self.of_target(index) for index in range(len(self.target))]

    def of_target(self, index: int) -> Predictor:
        """The model, predicting only one of its targets."""
        network, parameters = self.network.of_output(index, self.parameters)
        return replace(
            self,
            target=self.targets[index],
            network=network,
            parameters=parameters,
            target_scales=(self.target_scales[index],),
            calibration=self.calibration and self.calibration.of_target(index),
        )

    @property
    def piece_rows(self) -> int:
        """How many rows are answered at once: by the model alone, so that the same rows in whatever form get the same
        bits; few where a layer is wide, whose values are all held at once."""
        return max(1, min(PIECE_ROWS, MOST_VALUES // max(self.network.sizes)))

    @property
    def feature_kinds(self) -> dict[str, Kind]:
        """The features that a row must have, in order, with their kinds."""
        return {feature.name: feature.kind for feature in self.transform.features}

    def scores(self, inputs: Inputs) -> npt.NDArray[np.float64]:
        """What the network says of prepared inputs: (n_rows,) in the target's units, (n_rows, n_targets) for several,
        or (n_rows, n_classes)."""
        return self.meaning(self.layers.scores(inputs))

    @property
    def layers(self) -> Layers:
        """The network ready to answer: kept, where that is not too much."""
        if self.network.n_parameters > MOST_KEPT:
            return Layers.of(self.network, self.parameters)
        return self._kept_layers

    @functools.cached_property
    def _kept_layers(self) -> Layers:
        return Layers.of(self.network, self.parameters)

    @functools.cached_property
    def _units(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(n_targets,) each: what is learnt is in units of the second around the first."""
        centres, scales = zip(*((one.centre, one.scale) for one in self.target_scales), strict=True)
        return np.array(centres), np.array(scales)

    @functools.cached_property
    def _reaches_far(self) -> bool:
        """Whether a prediction may be beyond float64."""
        return max(one.scale for one in self.target_scales) > GREAT

    def meaning(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What the network's last sums (n_rows, n_outputs) stand for, as `scores` gives it."""
        if self.classes:
            return class_probabilities(scores if self.temperature == 1 else scores / self.temperature)
        centres, scales = self._units
        if self._reaches_far:
            with np.errstate(over="ignore"):  # beyond float64 is infinity
                values: npt.NDArray[np.float64] = scores * scales + centres
        else:
            values = scores * scales
            values += centres
        return values[:, 0] if isinstance(self.target, str) else values

    def predict(self, columns: Columns) -> npt.NDArray[np.float64]:
        """The `scores` of rows as they came. Raises CellInvalid for a gap that nothing fills."""
        return self.scores(self.transform.apply(columns))

    def answers(self, predictions: npt.NDArray[np.float64]) -> list[Any]:
        """Predictions as JSON: a number each, `{target: number}` for several, or `{"label", "probabilities"}`."""
        if not isinstance(self.target, str):
            return [dict(zip(self.target, row, strict=True)) for row in predictions.tolist()]
        if not self.classes:
            values: list[Any] = predictions.tolist()
            return values
        names = [label_text(label) for label in self.classes]
        return [
            {"label": self.classes[best], "probabilities": dict(zip(names, row, strict=True))}
            for best, row in zip(predictions.argmax(axis=1).tolist(), predictions.tolist(), strict=True)
        ]


def number_label(value: float) -> Label:
    """A number as a class: a whole one without decimals, as long as JSON's readers hold it in 64 bits."""
    return int(value) if float(value).is_integer() and abs(value) < 2**63 else float(value)


def label_text(label: Label) -> str:
    """A class as the key of a JSON object: `true`, `3`, `setosa`."""
    return str(label).lower() if isinstance(label, bool) else str(label)
