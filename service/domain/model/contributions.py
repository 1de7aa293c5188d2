"""What each feature of a row adds to a linear neuron's answer, beside the average row.

A linear neuron's score is a sum over its inputs. With m the mean row of the training rows, the intercept is the score
of m, and a feature's contribution is what its value moves the score away from that: w (x - m), summed over the
feature's encoded columns (its categories, the parts of a date, "is missing"); x and m are as the network reads them,
scaled and perhaps clipped. Intercept and contributions add up to the score: for numbers that is the prediction in the
target's units, before it is clipped to the target's range where a model does that; for two classes the log-odds of the
second one, ln(p / (1 - p)); for more classes, of each, ln p less the mean of all classes' ln p, of which the softmax is
p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from service.errors import ParameterInvalid

PARAMETER = "/contributions"


@dataclass(frozen=True, slots=True)
class Additive:
    """A linear neuron as a sum. Of m inputs, k outputs: `mean` (m,) as the network reads it, `slopes` (k, m),
    `intercepts` (k,), both in the units of the answer; `features` with an input have its first one in `starts`."""

    mean: Floats
    slopes: Floats
    intercepts: Floats
    n_features: int
    features: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def of(self, inputs: npt.NDArray[np.float32]) -> Floats:
        """(n_rows, k, n_features + 1) float64 of prepared inputs (n_rows, m): the intercept, then the features in their
        order. A feature that was constant in training adds 0."""
        moved = inputs - self.mean
        found = np.zeros((len(inputs), len(self.slopes), self.n_features + 1))
        found[:, :, 0] = self.intercepts
        for output, slopes in enumerate(self.slopes):
            found[:, output, self.features + 1] = np.add.reduceat(moved * slopes, self.starts, axis=1)
        return found


def additive(predictor: Predictor) -> Additive:
    """The sum that a model is. Raises ParameterInvalid for a network, and for a version that does not know its average
    row."""
    network, transform = predictor.network, predictor.transform
    if network.n_layers > 1:
        hidden = ", ".join(str(size) for size in network.sizes[1:-1])
        raise ParameterInvalid.at(
            PARAMETER,
            f"contributions: this model is a network with hidden layers ({hidden}), not a sum of its features; see "
            '`importance` and `partial_dependence` in its report, or train a linear neuron with "network": '
            '{"kind": "linear"}',
        )
    if transform.mean is None:
        raise ParameterInvalid.at(PARAMETER, "contributions: this version lacks the average training row; train again")
    tensors = network.tensors(predictor.parameters)
    weights = tensors["layers.0.weight"].astype(np.float64)
    bias = tensors["layers.0.bias"].astype(np.float64) if network.bias else np.zeros(len(weights))
    if predictor.classes:
        if len(weights) > 1:  # scores of classes mean the same when each row's are moved alike
            weights, bias = weights - weights.mean(axis=0), bias - bias.mean()
        scale, centre = np.ones(len(weights)), np.zeros(len(weights))
    else:
        scale = np.array([one.scale for one in predictor.target_scales])
        centre = np.array([one.centre for one in predictor.target_scales])
    mean = transform.placed(transform.mean[None, :].copy())[0]
    features, starts = _first_inputs(transform)
    return Additive(
        mean, weights * scale[:, None], (weights @ mean + bias) * scale + centre, len(transform.features), features,
        starts,
    )  # fmt: skip


def _first_inputs(transform: FittedTransform) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The features that the network reads anything of, and where the inputs of each begin."""
    widths = [len(feature.encoded_names) for feature in transform.features]
    of_input = np.repeat(np.arange(len(widths)), widths)[transform.kept]
    features, starts = np.unique(of_input, return_index=True)
    return features.astype(np.int64), starts.astype(np.int64)
