"""Whether a network's non-linearity is worth it: its validation loss beside that of the linear neuron, row by row.

The difference is the mean over the validation rows of the linear neuron's loss less the network's, in the user's units;
its interval is Student's for paired differences. A gain is worth naming from 5 % of the linear neuron's loss. "yes":
the interval lies above 0, and the difference is worth naming. "no": the whole interval lies below what is worth naming.
Else the rows are too few to tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from service.domain.arrays import Floats
from service.domain.model.predictor import Predictor
from service.domain.report.metrics import Metrics
from service.domain.report.report import Verdict
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from workers.optimum.losses import loss_of
from workers.training.data.fill import FilledPart
from workers.training.data.rows import slices
from workers.training.engines.objectives import in_user_units, loss_scale

WORTH_NAMING = 0.05
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Paired:
    """Losses on the same `rows`, and how much less the network's is: `difference`, its standard `error` (0 for a single
    row, which says nothing of it), and from `low` to `high` (None for a single row)."""

    rows: int
    linear: float
    difference: float
    error: float
    interval: tuple[float, float] | None

    @property
    def worth_it(self) -> str:
        if self.interval is None:
            return "unclear"
        low, high = self.interval
        named = WORTH_NAMING * self.linear
        if low > 0 and self.difference >= named:
            return "yes"
        return "no" if high < named else "unclear"


def verdict(
    spec: TrainingSpec,
    network: Predictor,
    linear: Predictor,
    held_out: FilledPart | tuple[FilledPart, FilledPart],
    metrics: Mapping[str, Metrics],
    sharpness: Floats | None = None,
) -> Verdict:
    """Verdict on a network beside the linear neuron, on the validation rows, or on these as the network and as the
    linear neuron reads them; `metrics` are the linear neuron's, by split; `sharpness` (n,) is what each row's scores by
    the network are multiplied by, if they are."""
    held_out, of_linear = held_out if isinstance(held_out, tuple) else (held_out, held_out)
    if not len(held_out):
        sentence = "There is not enough data to tell whether the network is worth it: there are no validation rows."
        return Verdict("unclear", None, None, 0, sentence, metrics)
    weights = held_out.data.weights
    counts = None if weights is None else weights[:].astype(np.float64)
    found = paired(row_losses(spec, linear, of_linear), row_losses(spec, network, held_out, sharpness), counts)
    sentence = _sentence(found, _loss_name(spec))
    return Verdict(found.worth_it, found.difference, found.interval, found.rows, sentence, metrics)


def row_losses(spec: TrainingSpec, predictor: Predictor, part: FilledPart, sharpness: Floats | None = None) -> Floats:
    """(n,) what each row of a part costs by the spec's loss, in the user's units; with several targets the sum of their
    scaled losses."""
    unit = in_user_units(spec.loss, 1.0, loss_scale(predictor.target_scales))
    loss = loss_of(spec.loss, spec.quantile)
    pieces: list[Floats] = []
    for rows in slices(len(part), predictor.network.widest):
        scores = predictor.layers.scores(part.inputs[rows])
        if sharpness is not None:
            scores *= sharpness[rows, None]
        targets = part.data.targets[rows]
        if targets.ndim == 1:
            pieces.append(loss(scores, targets).loss)
        else:
            each = [loss(scores[:, [at]], targets[:, at]).loss for at in range(targets.shape[1])]
            pieces.append(np.sum(each, axis=0))
    return np.concatenate(pieces) * unit


def paired(linear: Floats, network: Floats, counts: Floats | None = None) -> Paired:
    """The paired comparison of losses (n,) of the same rows, weighted by `counts` (n,) or alike."""
    shares = np.full(len(linear), 1 / len(linear)) if counts is None or not counts.any() else counts / counts.sum()
    off = linear - network
    difference = float(shares @ off)
    counting = int(np.count_nonzero(shares))
    error, interval = 0.0, None
    if counting > 1:
        error = math.sqrt(float(np.sum((shares * (off - difference)) ** 2)) * counting / (counting - 1))
        reach = float(stdtrit(counting - 1, 0.5 + CONFIDENCE / 2)) * error
        interval = (difference - reach, difference + reach)
    return Paired(len(linear), float(shares @ linear), difference, error, interval)


def _loss_name(spec: TrainingSpec) -> str:
    return LOSSES[spec.loss].called + (", summed over the scaled targets," if len(spec.targets) > 1 else "")


def _sentence(found: Paired, loss: str) -> str:
    rows = f"{found.rows:,} validation row{'s' if found.rows > 1 else ''}"
    if found.interval is None:
        return f"There is not enough data to tell whether the network is worth it: there is only {rows}."
    low, high = found.interval
    share = f", {abs(found.difference) / found.linear:.0%}" if found.linear else ""
    way = "lower" if found.difference >= 0 else "higher"
    figures = (
        f"on {rows} its {loss} is {abs(found.difference):.4g} {way} than the linear neuron's {found.linear:.4g}{share} "
        f"(95 % interval of the gain: {low:.4g} to {high:.4g})"
    )
    if found.worth_it == "yes":
        return f"The network is worth it: {figures}."
    if found.worth_it == "no":
        return f"The network is not worth it: {figures}; less than {WORTH_NAMING:.0%} does not justify a network."
    return (
        f"There is not enough data to tell whether the network is worth it: {figures}; it may or may not "
        f"gain {WORTH_NAMING:.0%}."
    )
