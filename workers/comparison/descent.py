"""One descent: step after step, with a look at the loss of all rows now and then. A generator, as the loop is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.errors import WorkFailed
from workers.training.problem import Engine, State
from workers.training.split import epoch_order

MOST_STEPS = {"fused": 10_000_000, "autograd": 300_000}  # of a descent: some seconds to a minute of one-row steps
MOST_PRODUCTS = 2e11  # of a descent, rows touched times weights: some minutes
LOOKS = 150  # about how many looks at the loss a descent gets besides those at the ends of its epochs


@dataclass(frozen=True, slots=True)
class Descent:
    """What tells one descent from another. `batch_size` rows make a step."""

    name: str
    scaled: bool
    batch_size: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class LossPoint:
    """A look at the loss of all training rows, in units of the scaled target; `seconds` of steps came before it."""

    steps: int
    rows_touched: int
    loss: float
    seconds: float


def descend(
    engine: Engine, state: State, descent: Descent, seed: int, epochs: int, rows: int, most: int,
    check: Callable[[], None],
) -> Iterator[LossPoint]:  # fmt: skip
    """The points of a descent from its start to its last step, at most its `most`th, changing `state`; `rows` are all
    training rows.

    Raises WorkFailed (`diverged`) where a loss is no longer finite, and what `check` raises.
    """
    size = descent.batch_size
    in_epoch = math.ceil(rows / size)
    last = last_step(size, rows, len(state.parameters), epochs, most)
    seconds = 0.0
    start = engine.loss(state, "train")
    if not math.isfinite(start):
        detail = "the loss at the start is not finite: the raw columns are too large; use larger units"
        raise WorkFailed("not_finite", detail)
    yield LossPoint(0, 0, start, seconds)
    looks = looks_at(in_epoch, last)
    done = 0
    for epoch in range(1, math.ceil(last / in_epoch) + 1):
        order = epoch_order(seed, epoch, rows)
        before = (epoch - 1) * in_epoch
        while done < min(epoch * in_epoch, last):
            until = next(looks)
            piece = order[(done - before) * size : (until - before) * size]
            started = time.perf_counter()
            told = engine.epoch(state, epoch, piece, size, descent.learning_rate, check)
            seconds += time.perf_counter() - started
            done = until
            loss = engine.loss(state, "train")
            if not (math.isfinite(told) and math.isfinite(loss)):
                raise WorkFailed("diverged", f"the loss is no longer finite in epoch {epoch}")
            yield LossPoint(done, (epoch - 1) * rows + min((done - before) * size, rows), loss, seconds)


def last_step(batch_size: int, rows: int, weights: int, epochs: int, most: int) -> int:
    """The step that ends a descent: that of the last epoch, or an earlier one where that would take too long."""
    within = min(most, int(MOST_PRODUCTS / (weights * min(batch_size, rows))))
    return max(1, min(epochs * math.ceil(rows / batch_size), within))


def looks_at(in_epoch: int, last: int) -> Iterator[int]:
    """The steps after which to look at the loss, rising up to `last`: each at most a few percent beyond the one before,
    and the end of every epoch of `in_epoch` steps."""
    ratio = max(last ** (1 / LOOKS), 1.02)
    step = 0
    while step < last:
        end_of_epoch = (step // in_epoch + 1) * in_epoch
        step = min(max(step + 1, int(step * ratio)), end_of_epoch, last)
        yield step
