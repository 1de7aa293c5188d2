"""L-BFGS: a quasi-Newton iteration over all rows, from the last few steps and what they did to the gradient.

Nocedal & Wright, Numerical Optimization (2nd ed.): the two-loop recursion is algorithm 7.4, the scaling of its start
eq. 7.20. In float64: where float32 sees no decrease any more, a line search still does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from service.domain.arrays import Floats
from workers.training.engines.line_search import Trial, strong_wolfe
from workers.training.problem import State


@dataclass(frozen=True, slots=True)
class Point:
    """What is computed at weights (n,): the mean loss, the objective (the loss with its penalties) and the objective's
    gradient (n,)."""

    weights: Floats
    loss: float
    objective: float
    gradient: Floats


Evaluate = Callable[[Floats], Point]


class Lbfgs:
    """Moves a state whose moments are `weights` (n,) and, newest last, `steps` and `changes` (pairs · n,): what was
    added to the weights, and to the gradient. A pair that is all zeros is not there."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._at: Point | None = None
        self._is_settled = False

    def iterate(self, state: State, learning_rate: float, check: Callable[[], None]) -> float:
        """One iteration; the mean loss before it. `check` is called before each look at the rows.

        The very first step is tried at `learning_rate` times a length of one (at most), all later ones at the
        quasi-Newton step itself; a line search makes it longer or shorter. Where it finds nothing lower, the pairs are
        forgotten, and once that does not help either the weights stay as they are: float64 can tell no better ones.
        """
        check()
        n = len(state.parameters)
        steps, changes = state.moments["steps"].reshape(-1, n), state.moments["changes"].reshape(-1, n)
        point = self._point(state.moments["weights"])
        state.step += 1
        if self._is_settled or not np.isfinite(point.objective):
            return point.loss
        has_pairs = bool(steps.any())
        path = -point.gradient if not has_pairs else direction(point.gradient, steps, changes)
        length = float(np.linalg.norm(point.gradient))
        first = 1.0 if has_pairs else learning_rate * min(1.0, 1.0 / length) if length else 0.0
        tried: dict[float, Point] = {}

        def along(step: float) -> Trial:
            check()
            _keep_lowest(tried)
            tried[step] = self._evaluate(point.weights + step * path)
            return Trial(step, tried[step].objective, float(tried[step].gradient @ path))

        found = strong_wolfe(along, Trial(0.0, point.objective, float(point.gradient @ path)), first)
        if found is None:
            self._is_settled = not has_pairs
            steps[:], changes[:] = 0.0, 0.0
            return point.loss
        self._at = tried[found.step]
        _remember(steps, changes, self._at.weights - point.weights, self._at.gradient - point.gradient)
        state.moments["weights"][:] = self._at.weights
        state.parameters[:] = self._at.weights
        return point.loss

    def _point(self, weights: Floats) -> Point:
        """What is known of these weights already, else a look at the rows."""
        if self._at is None or not np.array_equal(self._at.weights, weights):
            self._at, self._is_settled = self._evaluate(weights.copy()), False
        return self._at


def direction(gradient: Floats, steps: Floats, changes: Floats) -> Floats:
    """-H·gradient (n,) for the inverse Hessian that the pairs (p, n), newest last, speak of."""
    pairs = [(s, y, 1.0 / float(s @ y)) for s, y in zip(steps, changes, strict=True) if s.any()]
    path = gradient.copy()
    shares = []
    for s, y, rho in reversed(pairs):
        share = rho * float(s @ path)
        path -= share * y
        shares.append(share)
    s, y, rho = pairs[-1]
    path *= 1.0 / (rho * float(y @ y))
    for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
        path += (share - rho * float(y @ path)) * s
    return -path


def _keep_lowest(tried: dict[float, Point]) -> None:
    """Drop the vectors of all tried points except the lowest (the first of equal ones) and the last, one of which a
    search takes."""
    lowest = min(tried, key=lambda step: np.nan_to_num(tried[step].objective, nan=np.inf), default=None)
    for step in [step for step in tried if step != lowest]:
        del tried[step]


def _remember(steps: Floats, changes: Floats, step: Floats, change: Floats) -> None:
    """The newest pair in the place of the oldest; one without curvature (rounding's doing) would spoil the rest."""
    if float(step @ change) <= np.finfo(np.float64).eps * float(change @ change):
        return
    for pairs, newest in ((steps, step), (changes, change)):
        for place in range(len(pairs) - 1):  # row by row: a copy of all of them would be as large as the state
            pairs[place] = pairs[place + 1]
        pairs[-1] = newest
