"""The loop: epochs one after the other, each a record; early stopping; a snapshot from which to go on.

A generator: progress is `yield`, cancelling is what `check` raises between batches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from service.domain.arrays import Floats32
from service.domain.spec.training import EarlyStopping, TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.errors import WorkFailed
from workers.training.order import as_they_lie, in_order
from workers.training.problem import Engine, State
from workers.training.schedules import RateFactors

FEW_WEIGHTS = 20  # of a network so small each epoch's are kept, to show
KEPT_OF_EACH_DOUBLING = 64  # epochs: every one up to 127, then every second up to 255, and so on
GROWN = 1e6  # times the first epoch's loss: descent just above its stable bound takes hundreds of epochs to overflow


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """Mean losses over the epoch's batches, of each before its step, and after the last of them over the validation
    rows (None without such rows); the weights after it, where the network is small and this epoch is one to keep."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    learning_rate: float
    seconds: float
    weights: tuple[float, ...] | None = None


@dataclass(slots=True)
class Progress:
    """How far training has come; with `state` it is all that a checkpoint needs."""

    state: State
    history: list[EpochEnded] = field(default_factory=list)
    best: Floats32 | None = None
    best_loss: float = math.inf
    best_epoch: int = 0

    @property
    def epoch(self) -> int:
        return self.history[-1].epoch if self.history else 0

    @property
    def chosen(self) -> Floats32:
        """The weights to keep: the best on the validation rows under early stopping, else the last."""
        return self.state.parameters if self.best is None else self.best


def train(
    engine: Engine,
    progress: Progress,
    spec: TrainingSpec,
    learning_rate: float,
    shape: tuple[int, ...],
    check: Callable[[], None],
) -> Iterator[EpochEnded]:
    """Train on from `progress`, changing it; `shape` (n, m) is that of the training rows' inputs. Raises WorkFailed
    (`diverged`) and what `check` raises."""
    rows = shape[0]
    batch_size = spec.step_rows(rows)
    schedule = RateFactors(spec, progress.history)
    spent = sum(ended.seconds for ended in progress.history)
    for epoch in range(progress.epoch + 1, spec.last_epoch + 1):
        if _has_stopped(progress, spec) or _is_spent(progress, spec, spent):
            return
        started = time.perf_counter()
        rate = learning_rate * schedule.factor(epoch)
        # a batch of all rows is the same in any order
        order = as_they_lie(shape) if batch_size >= rows else in_order(spec.seed, epoch, shape)
        train_loss = engine.epoch(progress.state, epoch, order, batch_size, rate, check)
        validation_loss = engine.loss(progress.state, "validation") if spec.split.validates else None
        seconds = time.perf_counter() - started
        ended = EpochEnded(epoch, train_loss, validation_loss, rate, seconds, _weights(progress.state, epoch))
        _check_converges(progress, spec, ended)
        progress.history.append(ended)
        _remember_best(progress, spec, ended)
        schedule.saw(ended)
        spent += ended.seconds
        yield ended


def _weights(state: State, epoch: int) -> tuple[float, ...] | None:
    """What of an epoch's weights is kept: a share of the epochs that bounds them, whatever their number."""
    if len(state.parameters) > FEW_WEIGHTS or epoch % max(1, 2 ** (epoch.bit_length() - 1) // KEPT_OF_EACH_DOUBLING):
        return None
    return tuple(state.parameters.tolist())


def why_ended(progress: Progress, spec: TrainingSpec) -> str | None:
    """A sentence for a training that has ended before its last epoch, or keeps other weights than its last ones."""
    kept = None
    if progress.best is not None and progress.best_epoch < progress.epoch:
        kept = f"the weights of epoch {progress.best_epoch}, the best on the validation rows, are kept"
    if progress.epoch == spec.last_epoch:
        return kept
    why = f"training has ended after epoch {progress.epoch} of {spec.last_epoch}: "
    if _has_stopped(progress, spec):
        least = spec.early_stopping.min_delta if isinstance(spec.early_stopping, EarlyStopping) else 0.0
        by = f" (by more than {least:g}, in units of the scaled target)" if least else ""
        return f"{why}no lower validation loss{by} since epoch {progress.best_epoch}; {kept}"
    why += f"one more would take longer than the {spec.budget_seconds:g} seconds of budget_seconds"
    return f"{why}; {kept}" if kept else why


def _check_converges(progress: Progress, spec: TrainingSpec, ended: EpochEnded) -> None:
    """Raises WorkFailed (`diverged`). Weights count too: the last step of all is one whose loss nobody sees. Only
    the steps of gradient descent grow with the loss; Adam's first ones on columns that are not scaled may overshoot by
    far, and come back."""
    losses = [loss for loss in (ended.train_loss, ended.validation_loss) if loss is not None]
    if not all(map(math.isfinite, losses)) or not np.isfinite(progress.state.parameters).all():
        raise WorkFailed("diverged", f"the loss is no longer finite in epoch {ended.epoch}")
    first = progress.history[0].train_loss if progress.history else math.inf
    if OPTIMIZERS[spec.optimizer.kind].is_gradient_descent and 0 < first * GROWN < ended.train_loss:
        raise WorkFailed("diverged", f"the loss has grown a million times by epoch {ended.epoch}")


def _remember_best(progress: Progress, spec: TrainingSpec, ended: EpochEnded) -> None:
    if not isinstance(spec.early_stopping, EarlyStopping) or ended.validation_loss is None:
        return
    if ended.validation_loss < progress.best_loss - spec.early_stopping.min_delta:
        progress.best = progress.state.parameters.copy()
        progress.best_loss = ended.validation_loss
        progress.best_epoch = ended.epoch


def _has_stopped(progress: Progress, spec: TrainingSpec) -> bool:
    return (
        isinstance(spec.early_stopping, EarlyStopping)
        and progress.best is not None
        and progress.epoch - progress.best_epoch >= spec.early_stopping.patience
    )


def _is_spent(progress: Progress, spec: TrainingSpec, spent: float) -> bool:
    """Whether one more epoch, as long as the last, would end after the budget of time. The first is always made."""
    if spec.budget_seconds is None or not progress.history:
        return False
    return spent + progress.history[-1].seconds > spec.budget_seconds
