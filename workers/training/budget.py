"""The time that training may take (`budget_seconds`): whether it has room for more, and for how many epochs in all.

What counts is training, over all attempts: the epochs with their validation, and what is told and saved between them.
Rows are prepared before, and the report is made afterwards. Training ends between two batches, as near to the end of
its budget as a look at the clock allows; the first step is always made, so that there is a model. A schedule reaches
its end with the budget: where fewer epochs than planned have room, it is spread over those that do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from workers.training.problem import Enough, State
from workers.training.progress import EpochEnded

Clock = Callable[[], float]

MOST_OVER = 1.05  # times the budget: nothing is begun that would end later
COLD_SHARE = 0.2  # of the budget: a first epoch that takes less tells no speed, since libraries and caches warm in it
ROUNDED = 0.1  # of an epoch: so little of another does not count as one
EVALUATING = 0.4  # of the time of a training step: forward without backward
MOST_EVALUATING = 0.5  # of the budget: where validation would take more, an epoch that is cut off goes without


class Budget:
    """What is left of `seconds` (None: any time) after those that earlier attempts have `spent`."""

    def __init__(self, seconds: float | None, spent: float = 0.0, clock: Clock = time.perf_counter) -> None:
        self.seconds = math.inf if seconds is None else seconds
        self.evaluating: float | None = None
        """Seconds of the last validation; None before the first."""
        self._clock = clock
        self._began = clock() - spent

    @property
    def spent(self) -> float:
        """Seconds of training so far."""
        return self._clock() - self._began

    def has_room(self, unit: float, reserved: float = 0.0) -> bool:
        """Whether more of about `unit` seconds brings training nearer to the end of its budget, and what is `reserved`
        still fits behind it."""
        if math.isinf(self.seconds):
            return True
        after = self.spent + reserved
        return after + unit / 2 <= self.seconds and after + unit <= self.seconds * MOST_OVER

    def is_over(self, last: EpochEnded, steps: int, is_free: bool) -> bool:
        """Whether there is no room for another epoch of so many `steps` after the `last` one: for its first step, and
        for validation. `is_free`: it takes no time."""
        if last.share < 1:
            return True
        if steps > 1:
            return not self.has_room(last.seconds / steps, self.evaluating or 0.0)
        return not self.has_room(0.0 if is_free else last.seconds)

    def epochs(self, history: Sequence[EpochEnded], last_epoch: int, spent: float) -> int:
        """How many epochs have room, by the speed of those so far, which have `spent` these seconds; `last_epoch`, the
        number that was planned, where all do. It follows from what checkpoints keep."""
        done = len(history)
        if math.isinf(self.seconds) or not done:
            return last_epoch
        first = history[0].seconds
        if done == 1 and first < COLD_SHARE * self.seconds:
            return last_epoch
        each = first if done == 1 else max(spent - first, 0.0) / (done - 1)
        left = max(self.seconds - spent, 0.0)
        return last_epoch if each * (last_epoch - done) <= left else done + max(math.ceil(left / each - ROUNDED), 1)


class Asking:
    """What an engine asks between the batches of an epoch of so many `steps`: `check`, and then whether the budget has
    room for more. Raises Enough where it has not, unless no step was made yet."""

    def __init__(self, budget: Budget, check: Callable[[], None], state: State, steps: int, validating: float) -> None:
        """`validating` is how many rows validate, for each that trains."""
        self._budget, self._check, self._state = budget, check, state
        self._steps, self._validating = steps, validating
        self._first_step = state.step
        self.is_bounded = steps > 1 and not math.isinf(budget.seconds)
        """Whether it may end the epoch."""
        self._began = self._asked = budget.spent if self.is_bounded else 0.0
        self.share = 1.0
        """Of the epoch's steps, those that were made."""
        self.validates = True
        """Whether there is time for validation behind them."""

    def __call__(self) -> None:
        self._check()
        made, now = self._state.step - self._first_step, self._budget.spent
        if made and not self._budget.has_room(now - self._asked, self._reserved(now, made)):
            self.share = made / self._steps
            raise Enough
        self._asked = now

    def _reserved(self, now: float, made: int) -> float:
        """Seconds to leave for validation."""
        seconds = self._budget.evaluating
        if seconds is None:
            seconds = (now - self._began) * self._steps / made * self._validating * EVALUATING
        self.validates = seconds <= MOST_EVALUATING * self._budget.seconds
        return seconds if self.validates else 0.0
