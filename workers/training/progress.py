"""How far training has come: each epoch as a record, the best weights so far, and why training has ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from service.domain.arrays import Floats32
from service.domain.spec.training import EarlyStopping, TrainingSpec
from workers.training.problem import State

FEW_WEIGHTS = 20  # of a network so small each epoch's are kept, to show
KEPT_OF_EACH_DOUBLING = 64  # epochs: every one up to 127, then every second up to 255, and so on


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """Mean losses over the epoch's batches, of each before its step, and after the last of them over the validation
    rows (None without such rows, or without the time for them); the weights after it, where the network is small and
    this epoch is one to keep; the `share` of its steps that were made, below 1 where the budget of time was over."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    learning_rate: float
    seconds: float
    weights: tuple[float, ...] | None = None
    share: float = 1.0


@dataclass(slots=True)
class Progress:
    """How far training has come; with `state` it is all that a checkpoint needs. `refit` is how far the run on training
    and validation rows together has come, once this one has ended; `linear` is how far the linear neuron has come that
    is trained before a network and compared with it."""

    state: State
    history: list[EpochEnded] = field(default_factory=list)
    best: Floats32 | None = None
    best_loss: float = math.inf
    best_epoch: int = 0
    spent: float = 0.0
    """Seconds of training so far, in all attempts, with what was told and saved between the epochs."""
    refit: Progress | None = None
    linear: Progress | None = None
    failed: str | None = None
    """Why the training came to nothing."""

    @property
    def epoch(self) -> int:
        return self.history[-1].epoch if self.history else 0

    @property
    def chosen_epoch(self) -> int:
        """The epoch of the weights to keep."""
        return self.epoch if self.best is None else self.best_epoch

    @property
    def chosen(self) -> Floats32:
        """The weights to keep: the best on the validation rows under early stopping, else the last."""
        return self.state.parameters if self.best is None else self.best

    def add(self, ended: EpochEnded, stopping: EarlyStopping | None) -> None:
        """An epoch has ended; under early stopping its weights may be the best so far."""
        self.history.append(ended)
        if stopping is None or ended.validation_loss is None:
            return
        if ended.validation_loss < self.best_loss - stopping.min_delta:
            self.best = self.state.parameters.copy()
            self.best_loss = ended.validation_loss
            self.best_epoch = ended.epoch

    def has_waited(self, stopping: EarlyStopping) -> bool:
        """Whether no epoch has been better for as long as early stopping waits."""
        return self.best is not None and self.epoch - self.best_epoch >= stopping.patience


def weights_to_keep(state: State, epoch: int) -> tuple[float, ...] | None:
    """What of an epoch's weights is kept: a share of the epochs that bounds them, whatever their number."""
    if len(state.parameters) > FEW_WEIGHTS or epoch % max(1, 2 ** (epoch.bit_length() - 1) // KEPT_OF_EACH_DOUBLING):
        return None
    return tuple(state.parameters.tolist())


def why_ended(progress: Progress, spec: TrainingSpec) -> str | None:
    """A sentence for a training that has ended before its last epoch, or keeps other weights than its last ones."""
    kept = None
    if progress.best is not None and progress.best_epoch < progress.epoch:
        kept = f"the weights of epoch {progress.best_epoch}, the best on the validation rows, are kept"
    share = progress.history[-1].share
    if progress.epoch == spec.last_epoch and share == 1:
        return kept
    why = f"training has ended after epoch {progress.epoch} of {spec.last_epoch}: "
    stopping = spec.stopping
    if stopping is not None and progress.has_waited(stopping):
        by = f" (by more than {stopping.min_delta:g}, in units of the scaled target)" if stopping.min_delta else ""
        return f"{why}no lower validation loss{by} since epoch {progress.best_epoch}; {kept}"
    if share < 1:
        at = f"in epoch {progress.epoch} of {spec.last_epoch}, after {share:.0%} of its steps".replace("%", " %")
        why = f"training has ended {at}: budget_seconds ({spec.budget_seconds:g} s) is over"
    else:
        why += f"another epoch would exceed budget_seconds ({spec.budget_seconds:g} s)"
    return f"{why}; {kept}" if kept else why
