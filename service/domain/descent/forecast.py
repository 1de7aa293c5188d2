"""How full-batch descent goes on these very rows from weights of zero: a forecast, where the curvature gives bounds.

The squared error of a linear neuron is a quadratic. Along an eigenvector of its Hessian H a step of rate η makes the
error e of the weights (1 - ηλ)e, whatever the others are, so that after t steps
  L - L* = Σᵢ (pᵢ²/2λᵢ)(1 - ηλᵢ)²ᵗ,  pᵢ = λᵢeᵢ the gradient along the eigenvector at the start.
With momentum the pair of error and velocity goes by a matrix of 2 × 2, in the same way (Goh, Why Momentum Really Works,
Distill 2017). Exact but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.descent.curvature import Curvature
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.schedules import SCHEDULES

SHARE = 0.01  # of the first gap to the optimum
WIDEST = 500  # columns: eigenvectors take several times as long as eigenvalues
TRIED, ROUNDS = 32, 3  # rates that are tried, between the neighbours of the best of those before
LONGEST = 2**60
AT_A_TIME = 64  # epochs of a run
GROWN = 1e30  # times the first gap: such a run diverges


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast of full-batch descent at a constant rate without momentum, from zero weights, until 1 % of the first gap
    to the optimum is left. A number of epochs is None where that never comes, or after more than 10¹⁸."""

    best_learning_rate: Annotated[float, "the constant learning rate that needs the fewest epochs"]
    epochs_to_1_percent: Annotated[int | None, "at that rate"]
    epochs_at_worst_case_rate: Annotated[
        int | None, "at the curvature's `best_learning_rate`, the one with the best worst case"
    ]


@dataclass(frozen=True, slots=True)
class ForecastOfRun:
    """Forecast of one run: a spec's own rate and momentum, for so many epochs."""

    epochs_to_1_percent: Annotated[int | None, "epochs until 1 % of the gap is left; null: not within the run"]
    epochs: int
    share_left: Annotated[float, "share of the gap that is left after all epochs; at most 1e30"]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What descent does on the same rows with their columns scaled, with them as they are, and by the spec itself."""

    scaled: Annotated[Forecast | None, "on what the network reads"]
    raw: Annotated[Forecast | None, "on the columns as they are"]
    run: Annotated[
        ForecastOfRun | None,
        "null unless the spec asks for full-batch sgd at a constant learning rate, without penalties",
    ]


@dataclass(frozen=True, slots=True)
class Slope:
    """The way down: eigenvalues (r,) of the Hessian that are not zero, and the share (r,) of the first gap along each
    of their eigenvectors."""

    eigenvalues: Floats
    shares: Floats

    def forecast(self, found: Curvature) -> Forecast:
        """The best rate is searched for below the stable bound of this curvature."""
        low, high = 0.0, found.stable_learning_rate
        best = found.best_learning_rate
        at_worst_case = int(self.epochs(np.array([best]))[0])
        fewest = at_worst_case
        for _ in range(ROUNDS):
            rates = np.linspace(low, high, TRIED + 2)[1:-1]
            epochs = self.epochs(rates)
            place = int(np.argmin(epochs))
            if epochs[place] <= fewest:  # of equal ones the smallest rate
                best, fewest = float(rates[place]), int(epochs[place])
            step = rates[1] - rates[0]
            low, high = max(best - step, 0.0), min(best + step, found.stable_learning_rate)
        return Forecast(best, _known(fewest), _known(at_worst_case))

    def epochs(self, rates: Floats) -> npt.NDArray[np.int64]:
        """(q,) after how many steps 1 % of the gap is left at each stable rate (q,); `LONGEST` where never."""
        with np.errstate(divide="ignore"):
            logarithms = 2 * np.log(np.abs(1 - rates[:, None] * self.eigenvalues))
        ends = np.ones(len(rates), dtype=np.int64)
        while (late := (self._left(logarithms, ends) > SHARE) & (ends < LONGEST)).any():
            ends[late] *= 2
        starts = np.where(ends > 1, ends // 2, 0)
        while (wide := ends - starts > 1).any():
            middles = np.where(wide, (starts + ends) // 2, ends)
            there = self._left(logarithms, middles) <= SHARE
            ends, starts = np.where(wide & there, middles, ends), np.where(wide & ~there, middles, starts)
        return ends

    def _left(self, logarithms: npt.NDArray[np.float64], epochs: npt.NDArray[np.int64]) -> Floats:
        left: Floats = np.exp(logarithms * epochs[:, None]) @ self.shares
        return left

    def course(self, learning_rate: float, momentum: float, nesterov: bool, epochs: int) -> ForecastOfRun:
        """The course of sgd at a constant rate with momentum, as the engines do it, from zero velocity."""
        steps = self._steps(learning_rate, momentum, nesterov)
        with np.errstate(over="ignore", invalid="ignore"):
            last = np.linalg.matrix_power(steps, epochs)[:, 0, 0]
            left = float(self.shares @ last**2)
            arrived = self._arrival(steps, epochs)
        return ForecastOfRun(arrived, epochs, left if left < GROWN else GROWN)

    def _steps(self, learning_rate: float, momentum: float, nesterov: bool) -> npt.NDArray[np.float64]:
        """(r, 2, 2) what a step does to (error, velocity): v ← βv + λe; e ← e - ηv or, Nesterov's, e - η(λe + βv)."""
        steps = np.empty((len(self.eigenvalues), 2, 2))
        steps[:, 1, 0], steps[:, 1, 1] = self.eigenvalues, momentum
        ahead = 1 + momentum if nesterov else 1.0
        steps[:, 0, 0] = 1 - learning_rate * ahead * self.eigenvalues
        steps[:, 0, 1] = -learning_rate * momentum * (momentum if nesterov else 1.0)
        return steps

    def _arrival(self, steps: npt.NDArray[np.float64], epochs: int) -> int | None:
        """The first epoch after which 1 % is left: with momentum the gap does not only fall, so all are tried."""
        powers = np.empty((AT_A_TIME, *steps.shape))
        powers[0] = steps
        for place in range(1, AT_A_TIME):
            powers[place] = steps @ powers[place - 1]
        state = np.zeros((len(self.shares), 2, 1))
        state[:, 0] = 1.0
        for begun in range(0, epochs, AT_A_TIME):
            left = (powers[:, :, :1] @ state)[..., 0, 0] ** 2 @ self.shares
            if (there := left[: epochs - begun] <= SHARE).any():
                return begun + int(np.argmax(there)) + 1
            if not left[-1] < GROWN:
                return None
            state = powers[-1] @ state
        return None


def is_plain(spec: TrainingSpec, rows: int) -> bool:
    """Whether a linear neuron's training is full-batch descent at one rate, on the squared error and nothing else."""
    optimizer = spec.optimizer
    return (
        OPTIMIZERS[optimizer.kind].is_gradient_descent
        and spec.step_rows(rows) >= rows
        and SCHEDULES[spec.schedule].is_constant
        and not (spec.warmup_epochs or optimizer.l1 or optimizer.l2 or optimizer.clip_norm is not None)
    )


def slope_of(hessian: Floats, gradient: Floats) -> Slope | None:
    """From H (w, w) and the gradient (w, k) of k targets at weights of zero; None where there is no gap, or a number is
    not finite."""
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all() and hessian.any()):
        return None
    eigenvalues, vectors = np.linalg.eigh(hessian)
    kept = eigenvalues > eigenvalues[-1] * len(hessian) * np.finfo(np.float64).eps
    gaps = np.sum((vectors[:, kept].T @ gradient) ** 2, axis=1) / (2 * eigenvalues[kept])
    gap = float(gaps.sum())
    return Slope(eigenvalues[kept], gaps / gap) if 0 < gap < np.inf else None


def _known(epochs: int) -> int | None:
    return epochs if epochs < LONGEST else None
