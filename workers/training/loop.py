"""The loop: epochs one after the other, each a record; early stopping; a limit of time.

A generator: progress is `yield`, cancelling is what `check` raises between batches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.errors import WorkFailed
from workers.training.order import as_they_lie, in_order
from workers.training.problem import Engine
from workers.training.progress import EpochEnded, Progress, weights_to_keep
from workers.training.schedules import RateFactors, Schedule

GROWN = 1e6  # times the first epoch's loss: descent just above its stable bound takes hundreds of epochs to overflow


def train(
    engine: Engine,
    progress: Progress,
    spec: TrainingSpec,
    learning_rate: float,
    shape: tuple[int, ...],
    check: Callable[[], None],
    schedule: Schedule | None = None,
) -> Iterator[EpochEnded]:
    """Train on from `progress`, changing it; `shape` (n, m) is that of the training rows' inputs; `schedule` takes the
    place of the spec's. Raises WorkFailed (`diverged`) and what `check` raises."""
    rows, stopping = shape[0], spec.stopping
    # a refit of as many epochs still fits then
    budget_seconds = None if spec.budget_seconds is None else spec.budget_seconds / (1 + spec.refit_work)
    batch_size = spec.step_rows(rows)
    schedule = schedule or RateFactors(spec, progress.history)
    spent = sum(ended.seconds for ended in progress.history)
    for epoch in range(progress.epoch + 1, spec.last_epoch + 1):
        if stopping is not None and progress.has_waited(stopping):
            return
        if _is_spent(progress, budget_seconds, spent):
            return
        started = time.perf_counter()
        rate = learning_rate * schedule.factor(epoch)
        # a batch of all rows is the same in any order
        order = as_they_lie(shape) if batch_size >= rows else in_order(spec.seed, epoch, shape)
        train_loss = engine.epoch(progress.state, epoch, order, batch_size, rate, check)
        validation_loss = engine.loss(progress.state, "validation") if spec.split.validates else None
        seconds = time.perf_counter() - started
        kept = weights_to_keep(progress.state, epoch)
        ended = EpochEnded(epoch, train_loss, validation_loss, rate, seconds, kept)
        _check_converges(progress, spec, ended)
        progress.add(ended, stopping)
        schedule.saw(ended)
        spent += ended.seconds
        yield ended


def _is_spent(progress: Progress, budget_seconds: float | None, spent: float) -> bool:
    """Whether one more epoch, as long as the last, would end after the budget of time. The first is always made."""
    if budget_seconds is None or not progress.history:
        return False
    return spent + progress.history[-1].seconds > budget_seconds


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
