"""The learning rate that `auto` stands for, and the one below which descent is stable: from the curvature of the data.

The worker asks with the curvature of the training rows, the preflight with that of the stored Gram matrix.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from service.domain.descent.curvature import Curvature, epochs_to
from service.domain.spec.auto import FEWEST_EPOCHS, MOST_EPOCHS
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.schedules import SCHEDULES
from service.errors import WorkFailed

MOST_BOWL_EPOCHS = 10_000  # of full batches on a bowl, where an epoch is cheap
SMALL_GAP = 1e-6  # the share of the first gap to the optimum at which full-batch descent may end
CLEARLY = 0.9  # of the stable bound
SETTLING = 9  # epochs for each unit of √κ: (1 + 9)·exp(-9) of the first distance is then left
FEW_ROWS = 1000  # with few rows an epoch has few steps: they are twice as long


@dataclass(frozen=True, slots=True)
class Rates:
    """What steps are made with, and why, in a sentence."""

    learning_rate: float
    momentum: float
    epochs: int
    why: str

    @property
    def text(self) -> str:
        with_momentum = f", momentum {self.momentum:.4g}" if self.momentum else ""
        return f"learning rate {self.learning_rate:.4g}{with_momentum}: {self.why}"

    def settled(self, spec: TrainingSpec) -> TrainingSpec:
        """The spec with these in the place of its `auto`s."""
        optimizer = replace(spec.optimizer, learning_rate=self.learning_rate, momentum=self.momentum)
        return replace(spec, optimizer=optimizer, epochs=self.epochs)


def is_by_curvature(spec: TrainingSpec) -> bool:
    """Whether the learning rate is one that the curvature tells."""
    return OPTIMIZERS[spec.optimizer.kind].is_gradient_descent and spec.optimizer.learning_rate == "auto"


def settle(spec: TrainingSpec, found: Curvature | None, rows: int) -> Rates:
    """The learning rate, momentum and epochs to use. Raises WorkFailed where there is no curvature to go by."""
    asked, optimizer = spec.optimizer.learning_rate, OPTIMIZERS[spec.optimizer.kind]
    momentum = 0.0 if spec.optimizer.momentum == "auto" else spec.optimizer.momentum
    epochs = spec.epochs if spec.epochs != "auto" else MOST_EPOCHS
    if asked != "auto":
        return Rates(asked, momentum, epochs, "as asked")
    if optimizer.is_quasi_newton:
        return Rates(1.0, 0.0, epochs, "the length of the first step; a line search chooses each later one")
    if not optimizer.is_gradient_descent:
        widest = max(spec.network.hidden or (1,))
        rate = next(rate for width, rate in optimizer.rates if widest <= width) * (2 if rows < FEW_ROWS else 1)
        return Rates(rate, 0.0, epochs, f"{optimizer.name} moves each weight by about the learning rate per step")
    if found is None:
        raise WorkFailed("features_constant", "all prepared features are zero: there is nothing to learn from")
    found = _with_l2(spec, found)
    batch = spec.step_rows(rows)
    is_bowl = spec.network.kind == "linear" and LOSSES[spec.loss].is_quadratic and batch >= rows
    if is_bowl and spec.optimizer.momentum == "auto":
        chosen = (_nesterov if spec.optimizer.nesterov else _heavy_ball)(found, spec.epochs)
        return replace(chosen, why=f"{chosen.why}, l2 added to λmax") if spec.optimizer.l2 else chosen
    if is_bowl and not momentum:
        if spec.epochs == "auto":
            epochs = _within(epochs_to(SMALL_GAP, found.condition_number))
        why = "2/(λmax + λmin), the constant rate of full-batch descent with the best worst case"
        return Rates(found.best_learning_rate, 0.0, epochs, why)
    return _with_noise(spec, found, batch, momentum, epochs)


def safe_rate(spec: TrainingSpec, found: Curvature, rows: int) -> float:
    """A learning rate at which what has diverged does not: that of `auto` with the spec's other choices, clearly below
    the bound, rounded down to three digits; where `auto` is no smaller, a tenth of what was used."""
    asked = replace(spec, optimizer=replace(spec.optimizer, learning_rate="auto"))
    rate = min(settle(asked, found, rows).learning_rate, CLEARLY * _with_l2(spec, found).stable_learning_rate)
    used = spec.optimizer.learning_rate
    if used != "auto" and rate >= used:
        rate = used / 10
    step = 10.0 ** (math.floor(math.log10(rate)) - 2)
    return math.floor(rate / step) * step


def _with_l2(spec: TrainingSpec, found: Curvature) -> Curvature:
    """A penalty adds at most l2 to each eigenvalue."""
    l2 = penalty_of(spec)
    if not l2:
        return found
    largest = found.lambda_max + l2
    return replace(
        found,
        lambda_max=largest,
        condition_number=largest / found.lambda_min,
        stable_learning_rate=2 / largest,
        best_learning_rate=2 / (largest + found.lambda_min),
    )


def penalty_of(spec: TrainingSpec) -> float:
    """The l2 that is part of the loss: a decoupled decay is not."""
    return 0.0 if OPTIMIZERS[spec.optimizer.kind].decouples_decay else spec.optimizer.l2


def flatness(loss: str) -> float:
    """The Hessian is at most so many times 2/n ZᵀZ, that of the squared error; 1 for losses with a corner."""
    curvature = LOSSES[loss].curvature_of_all
    return 1.0 if curvature is None else curvature / 2


def _nesterov(found: Curvature, asked: int | Literal["auto"]) -> Rates:
    """Nesterov (2004, 2.2.22): η = 1/λmax, β = (√κ - 1)/(√κ + 1) contract the flattest direction by 1 - 1/√κ an epoch.

    Half as fast there as the heavy ball, but the steep directions come to rest at once, while those of the heavy ball
    first swing out by about √κ: with κ = 10⁵ that costs more epochs than it saves, and most of float32's digits.
    With κ = λmax/λmin when the epochs suffice for that; else with the largest κ for which they do: directions flatter
    than λmax/κ then only come part of the way.
    """
    wanted = math.sqrt(found.condition_number)
    epochs = _within(math.ceil(SETTLING * wanted)) if asked == "auto" else asked
    root = min(wanted, max(epochs / SETTLING, 1.0))
    why = f"Nesterov's for λmax = {found.lambda_max:.4g} and {_condition(found, root, epochs)}"
    return Rates(1 / found.lambda_max, (root - 1) / (root + 1), epochs, why)


def _condition(found: Curvature, root: float, epochs: int) -> str:
    """The κ = `root`² that a momentum is made for, beside the data's own where the epochs are too few for that."""
    if root >= math.sqrt(found.condition_number):
        return f"κ = {found.condition_number:.4g}"
    return (
        f"{epochs:,} epochs: momentum for κ = {root**2:.4g}, since κ = {found.condition_number:.4g} would need more "
        "epochs"
    )


def _heavy_ball(found: Curvature, asked: int | Literal["auto"]) -> Rates:
    """Polyak (1964): η = (2/(√λmax + √λ))², β = ((√κ - 1)/(√κ + 1))² contract each epoch by about √β.

    A steep direction first swings out: after k epochs (1 + 2k)√βᵏ of its distance is left. κ is chosen as for Nesterov.
    """
    wanted = math.sqrt(found.condition_number)
    epochs = _within(math.ceil(_swing(wanted))) if asked == "auto" else asked
    root = wanted
    while root > 1 and _swing(root) > epochs:
        root = max(root * 0.99, 1.0)
    momentum = ((root - 1) / (root + 1)) ** 2
    rate = (2 * root / (root + 1)) ** 2 / found.lambda_max
    why = f"heavy ball for λmax = {found.lambda_max:.4g} and {_condition(found, root, epochs)}"
    return Rates(rate, momentum, epochs, why)


def _swing(root: float) -> float:
    """About how many epochs the heavy ball needs for κ = root² until (1 + 2k)√βᵏ, with √β ≈ exp(-2/root), is small."""
    return root * (3 + math.log(2 * root) if root > 1 else 3)


def _within(epochs: int) -> int:
    return min(max(epochs, FEWEST_EPOCHS), MOST_BOWL_EPOCHS)


def _with_noise(spec: TrainingSpec, found: Curvature, batch: int, momentum: float, epochs: int) -> Rates:
    """Below the stable bound by what small batches add: a batch of b rows sees curvature up to about
    λmax + trace/b (Bottou, Curtis & Nocedal 2018, section 4). A loss other than squared error is flatter by a
    known factor; behind a hidden layer the bound is a guide only, and is halved."""
    l2 = spec.optimizer.l2  # in λmax already
    flatter = flatness(spec.loss)
    bound = flatter * (found.lambda_max - l2 + 2 * found.trace / batch) + l2
    share = (1 - momentum) / (1 if spec.network.kind == "linear" else 2)
    return Rates(share / bound, momentum, epochs, _why_noise(spec, found, batch, flatter, share))


def _why_noise(spec: TrainingSpec, found: Curvature, batch: int, flatter: float, share: float) -> str:
    """The formula of the rate, with its numbers."""
    curved = f"λmax + 2·trace/b = {found.lambda_max - spec.optimizer.l2 + 2 * found.trace / batch:.4g}"
    of_loss = f"{flatter:g} of {curved}, since {spec.loss} is flatter" if flatter != 1 else curved
    with_l2 = f", plus l2 = {spec.optimizer.l2:g}" if spec.optimizer.l2 else ""
    return f"{share:.3g} over {of_loss}{with_l2}; batch size b = {batch:,}"


@dataclass(frozen=True, slots=True)
class Bound:
    """Descent with a lower rate than this comes to rest. `guide` says why that holds roughly only; None: exactly."""

    learning_rate: float
    guide: str | None


def stable_bound(spec: TrainingSpec, found: Curvature, rows: int) -> Bound:
    """The bound for a resolved spec on `rows` training rows.

    Full-batch descent on a quadratic is stable below 2/λmax; with momentum β below 2(1+β)/λmax (Polyak 1964), with
    Nesterov's below (2+2β)/((1+2β)λmax). In batches of b rows the mean square grows beyond 2/(λmax + trace/b), and
    momentum makes each step's noise last 1/(1-β) times as long.
    """
    optimizer = spec.optimizer
    takes_momentum = OPTIMIZERS[optimizer.kind].takes_momentum
    momentum = optimizer.momentum if takes_momentum and optimizer.momentum != "auto" else 0.0
    flatter = flatness(spec.loss)
    longest = (2 + 2 * momentum) / (1 + 2 * momentum if optimizer.nesterov else 1)
    needed = (flatter * found.lambda_max + penalty_of(spec)) / longest
    if spec.step_rows(rows) < rows:
        needed += flatter * found.trace / spec.step_rows(rows) / (2 * (1 - momentum))
    reasons = [*doubts(spec, rows)]
    if spec.weight_column is not None or spec.class_weights is not None:
        reasons.append("the bound ignores the row weights of training")
    return Bound(1 / needed, "; ".join(reasons) or None)


def doubts(spec: TrainingSpec, rows: int) -> Iterator[str]:
    """Why a bound from the curvature is a guide only."""
    if spec.network.kind != "linear":
        yield "with hidden layers the curvature changes with the weights"
    if not OPTIMIZERS[spec.optimizer.kind].is_gradient_descent:
        yield f"{spec.optimizer.kind} scales its steps by past gradients"
    if spec.step_rows(rows) < rows:
        yield f"batches of {spec.batch_size} rows make the curvature noisy"
    loss = LOSSES[spec.loss]
    if loss.is_smooth and not loss.is_quadratic:
        yield f"the curvature of {spec.loss} is at most the one assumed, and lower for some predictions"
    elif not loss.is_smooth:
        yield f"{spec.loss} has gradients of constant length: steps that are too large oscillate but do not grow"
    if spec.optimizer.clip_norm is not None:
        yield "gradient clipping shortens the steps"
    schedule = SCHEDULES[spec.schedule]
    if not schedule.is_constant:
        yield f"the schedule {schedule.name!r} {'changes' if schedule.rises else 'lowers'} the rate later"
