"""What a model says of rows that it was not trained on: once, for its report and for the intervals that it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.intervals import calibrate
from service.domain.model.predictor import Predictor
from workers.training.data.fill import FilledPart
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices


@dataclass(frozen=True, slots=True)
class HeldOut:
    """`prepared` with some of the rows in its validation and test parts, and the model's `scores` of each, by part."""

    prepared: Prepared
    scores: dict[str, Floats]

    def with_scores(self, part: str, scores: Floats) -> HeldOut:
        """With others in the place of the model's own."""
        return replace(self, scores={**self.scores, part: scores})

    @property
    def part(self) -> str | None:
        """What a model is judged on: the validation rows, else the test rows; None where all rows were trained on."""
        return next((name for name in ("validation", "test") if len(self.prepared.parts[name])), None)

    def residuals(self, part: str) -> Floats:
        """(n,) of a regression's rows; (n, n_targets) for several."""
        found: Floats = self.prepared.parts[part].truth[:] - self.scores[part]
        return found


def held_out(predictor: Predictor, prepared: Prepared) -> HeldOut:
    """The scores of the rows that were held out: of all, or of a bounded number of them."""
    some = prepared.with_some_held_out()
    return HeldOut(some, {name: scores_of(predictor, part) for name, part in some.parts.items() if name != "train"})


def calibrated(predictor: Predictor, held: HeldOut) -> Predictor:
    """The model with what its intervals are taken from: for a regression, if rows were held out."""
    if predictor.classes or held.part is None:
        return predictor
    return replace(predictor, calibration=calibrate(held.residuals(held.part), held.part))


def scores_of(predictor: Predictor, part: FilledPart) -> Floats:
    """The model's scores of a part's rows, by the same forward pass that answers `/predict`."""
    return np.concatenate([scores for _, scores in judged(predictor, part)] or [predictor.scores(part.inputs[:0])])


def judged(predictor: Predictor, part: FilledPart) -> Iterator[tuple[Floats, Floats]]:
    """The truth and the scores of a part's rows, some at a time."""
    for rows in slices(len(part), max(predictor.network.sizes)):
        yield part.truth[rows], predictor.scores(part.inputs[rows])
