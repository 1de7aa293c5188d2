"""What the learning rate is multiplied by in an epoch: a warm-up, then a schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.schedules import SCHEDULES

# of plateau, in the words of torch's ReduceLROnPlateau
FACTOR, PATIENCE, THRESHOLD = 0.5, 5, 1e-4


def _steady(done: int, epochs: int) -> float:
    return 1.0


def _cosine(done: int, epochs: int) -> float:
    """Half a wave from 1 towards 0 (Loshchilov & Hutter 2017, without restarts)."""
    return 0.5 * (1 + math.cos(math.pi * done / epochs))


def _coslog4(done: int, epochs: int) -> float:
    """Four waves from 0 to 1 and back, each twice as long as the one before (Holzmüller et al. 2024, arXiv:2407.04491,
    section 3). An epoch has the rate of its middle: at its start the first one would have none."""
    gone = (done + 0.5) / epochs
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * gone)))


def _step(done: int, epochs: int) -> float:
    """A tenth after each third."""
    return float(0.1 ** (done * 3 // epochs))


FACTORS: Mapping[str, Callable[[int, int], float]] = {
    "constant": _steady,
    "cosine": _cosine,
    "coslog4": _coslog4,
    "step": _step,
    "plateau": _steady,
}
"""After so many of all epochs; what follows from the losses comes on top of it."""


class EpochLosses(Protocol):
    """What a schedule needs to know of an epoch that has ended."""

    @property
    def train_loss(self) -> float: ...
    @property
    def validation_loss(self) -> float | None: ...


class RateSchedule(Protocol):
    """What a learning rate is multiplied by, epoch by epoch."""

    def factor(self, epoch: int, last_epoch: int | None = None) -> float:
        """Of an epoch, counted from 1, where `last_epoch` is the last one: None, that which was planned."""

    def saw(self, ended: EpochLosses) -> None:
        """An epoch has ended."""


@dataclass(frozen=True, slots=True)
class RecordedFactors:
    """The `factors` of an earlier run's epochs once more, whatever the losses are now; after the last of them, that."""

    factors: Sequence[float]

    def factor(self, epoch: int, last_epoch: int | None = None) -> float:
        return self.factors[min(epoch, len(self.factors)) - 1]

    def saw(self, ended: EpochLosses) -> None:
        pass


class RateFactors:
    """Factors of the learning rate. It follows from the spec and the epochs so far, so nothing of it needs saving."""

    def __init__(self, spec: TrainingSpec, history: Sequence[EpochLosses]) -> None:
        self._factor = FACTORS[spec.schedule]
        self._watches = SCHEDULES[spec.schedule].watches_loss
        self._warmup, self._last_epoch = spec.warmup_epochs, spec.last_epoch
        self._best = math.inf
        self._worse = 0
        self._reduced = 1.0
        for ended in history:
            self.saw(ended)

    def factor(self, epoch: int, last_epoch: int | None = None) -> float:
        """The factor of an epoch, counted from 1, where `last_epoch` is the last one: None, that of the spec. In the
        warm-up it rises evenly to 1. A schedule that watches the loss (on the validation rows, where there are any)
        halves it when more than five epochs bring no better one."""
        if epoch <= self._warmup:
            return epoch / (self._warmup + 1)
        epochs = (self._last_epoch if last_epoch is None else last_epoch) - self._warmup
        return self._factor(epoch - self._warmup - 1, epochs) * self._reduced

    def saw(self, ended: EpochLosses) -> None:
        """An epoch has ended."""
        if not self._watches:
            return
        loss = ended.train_loss if ended.validation_loss is None else ended.validation_loss
        if loss < self._best * (1 - THRESHOLD):
            self._best, self._worse = loss, 0
            return
        self._worse += 1
        if self._worse > PATIENCE:
            self._reduced, self._worse = self._reduced * FACTOR, 0
