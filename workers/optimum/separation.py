"""Classes that a linear boundary tells apart without a mistake: cross-entropy then has no finite optimum.

Along a direction in which no row's score of its own class falls behind another's, and some gains, the loss falls for
ever (Albert & Anderson 1984). Newton's steps go that way with a length that does not shrink; the direction is checked
row by row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.predictor import Label, label_text
from service.domain.report.neuron import SeparatedClasses
from workers.optimum.newton import LOG_2, Minimum
from workers.training.data.rows import DesignRows

MOVES = 1e-2  # a last step that changes a score by more has not come to rest
SLACK = 1e-3  # of the greatest change: less counts as none
MOST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class Separation:
    """`pairs` of classes that the direction separates; `strict` where no row lies on the boundary of any pair."""

    pairs: tuple[tuple[Label, Label], ...]
    strict: bool
    classes: tuple[Label, ...]

    @property
    def complete(self) -> bool:
        """Whether every class is separated from every other, so that the loss can be driven to 0."""
        return self.strict and len(self.pairs) == len(self.classes) * (len(self.classes) - 1) // 2

    @property
    def alone(self) -> list[Label]:
        """The classes that are separated from all others."""
        others, counts = len(self.classes) - 1, Counter(name for pair in self.pairs for name in pair)
        return [name for name in self.classes if counts[name] == others]

    @property
    def told(self) -> SeparatedClasses:
        """The separation as a certificate has it."""
        return SeparatedClasses(self.complete, self.alone, self.pairs[:MOST_PAIRS], self.sentence)

    @property
    def sentence(self) -> str:
        no_optimum = "there is no finite optimum: larger weights always fit better"
        if self.complete:
            return (
                f"the classes {_listed(self.classes)} are separated perfectly by a linear boundary; "
                f"{no_optimum}, and the loss can be driven to 0"
            )
        if self.alone and len(self.classes) > 2:
            who = f"{_listed(self.alone)} {'is' if len(self.alone) == 1 else 'are'} separated from all other classes"
        else:
            shown = ", ".join(f"{label_text(a)} from {label_text(b)}" for a, b in self.pairs[:MOST_PAIRS])
            who = f"a linear boundary separates {shown}, with rows of both on the boundary"
        return f"{who}; {no_optimum}, and the loss of those classes can be driven to its limit"


def separation(rows: DesignRows, found: Minimum, basis: Floats, classes: Sequence[Label]) -> Separation | None:
    """What keeps cross-entropy from having a minimum; None where it has one."""
    if found.point.worst < LOG_2:
        return _along(rows, basis @ found.point.weights, classes, 0.0)  # each row has its class: proof enough
    scores = _scores(rows, basis @ found.step)
    if scores <= MOVES:
        return None
    return _along(rows, basis @ found.step, classes, SLACK)


def _scores(rows: DesignRows, direction: Floats) -> float:
    """The greatest score along a direction (w, k)."""
    return max(float(np.abs(design @ direction).max(initial=0)) for design, _, _ in rows.pieces())


def _along(rows: DesignRows, direction: Floats, classes: Sequence[Label], share: float) -> Separation | None:
    """Which pairs of classes a direction (w, k) separates; None where it separates none. Margins below `share` of the
    greatest one count as none."""
    count = len(classes)
    least, most = np.full((count, count), np.inf), np.full((count, count), -np.inf)
    for design, target, counts in rows.pieces():
        scores = design @ direction
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        for own in range(count):
            of_class = scores[(target == own) if counts is None else (target == own) & (counts > 0)]
            if len(of_class):
                margins = of_class[:, own, None] - of_class
                least[own] = np.minimum(least[own], margins.min(axis=0))
                most[own] = np.maximum(most[own], margins.max(axis=0))
    slack = share * float(most[np.isfinite(most)].max(initial=0))
    pairs, strict = [], True
    for a in range(count):
        for b in range(a + 1, count):
            if min(least[a, b], least[b, a]) >= -slack and max(most[a, b], most[b, a]) > slack:
                pairs.append((classes[a], classes[b]))
                strict = strict and bool(min(least[a, b], least[b, a]) > slack)
    return Separation(tuple(pairs), strict, tuple(classes)) if pairs else None


def _listed(names: Sequence[Label]) -> str:
    texts = [label_text(name) for name in names]
    shown = texts if len(texts) <= MOST_PAIRS else [*texts[:MOST_PAIRS], f"{len(texts) - MOST_PAIRS} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
