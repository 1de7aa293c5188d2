"""The loop: epochs one after the other, each a record; early stopping; a limit of time.

A generator: progress is `yield`, cancelling is what `check` raises between batches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from service.domain.spec.engines import needs_no_rows
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.errors import WorkFailed
from workers.training.budget import Asking, Budget, Clock
from workers.training.order import as_they_lie, in_order
from workers.training.problem import Engine
from workers.training.progress import EpochEnded, Progress, weights_to_keep
from workers.training.schedules import RateFactors, RateSchedule

GROWN = 1e6  # times the first epoch's loss: descent just above its stable bound takes hundreds of epochs to overflow


def train(
    engine: Engine,
    progress: Progress,
    spec: TrainingSpec,
    learning_rate: float,
    shape: tuple[int, ...],
    check: Callable[[], None],
    schedule: RateSchedule | None = None,
    validation_rows: int = 0,
    clock: Clock = time.perf_counter,
) -> Iterator[EpochEnded]:
    """Train on from `progress`, changing it; `shape` (n, m) is that of the training rows' inputs; `schedule` takes the
    place of the spec's. Raises WorkFailed (`diverged`) and what `check` raises."""
    rows, stopping, state = shape[0], spec.stopping, progress.state
    batch_size = spec.step_rows(rows)
    steps = math.ceil(rows / batch_size)
    schedule = schedule or RateFactors(spec, progress.history)
    # a refit of as many epochs still fits then
    seconds = None if spec.budget_seconds is None else spec.budget_seconds / (1 + spec.refit_work)
    budget = Budget(seconds, progress.spent, clock)
    is_free = needs_no_rows(spec, *shape)  # the first epoch goes through the rows; another takes no time
    for epoch in range(progress.epoch + 1, spec.last_epoch + 1):
        if stopping is not None and progress.has_waited(stopping):
            return
        if progress.history and budget.is_over(progress.history[-1], steps, is_free):
            return
        started = clock()
        rate = learning_rate * schedule.factor(epoch, budget.epochs(progress.history, spec.last_epoch, progress.spent))
        # a batch of all rows is the same in any order
        order = as_they_lie(shape) if batch_size >= rows else in_order(spec.seed, epoch, shape)
        asking = Asking(budget, check, state, steps, validation_rows / rows)
        train_loss = engine.epoch(state, epoch, order, batch_size, rate, asking if asking.is_bounded else check)
        stepped = clock()
        validates = spec.split.validates and (asking.share == 1 or asking.validates)
        validation_loss = engine.loss(state, "validation") if validates else None
        evaluated = clock()
        budget.evaluating = evaluated - stepped
        kept = weights_to_keep(state, epoch)
        made = EpochEnded(epoch, train_loss, validation_loss, rate, evaluated - started, kept, asking.share)
        _check_converges(progress, spec, made)
        progress.add(made, stopping)
        schedule.saw(made)
        progress.spent = budget.spent
        yield made


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
