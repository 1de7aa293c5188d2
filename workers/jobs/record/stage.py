"""How far one of a training's runs of epochs has come, and the job with it: the run that is judged, then the refit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from service.domain.model.predictor import TargetScale
from service.domain.resolving.settling import CALLED
from service.domain.spec.training import TrainingSpec
from service.metrics import metrics
from service.store.tables import Json
from workers.training.engines.objectives import in_user_units, loss_scale
from workers.training.progress import EpochEnded, Progress

SHARES = {"linear": (0.0, 0.1), "mlp": (0.1, 1.0)}
"""Of a job that trains both, the shares that are done when each begins and ends: a linear neuron learns in a moment."""


class Stage:
    """The epochs of a settled `spec` on so many training `rows`, going on from `progress`; losses are told in the
    units of the targets, which have these `scales`."""

    name: str | None = None
    called = ""
    is_course = True
    """Whether its losses are the ones that choose the model."""

    def __init__(self, spec: TrainingSpec, rows: int, scales: Sequence[TargetScale], progress: Progress) -> None:
        self._spec, self._rows, self._scale, self.progress = spec, rows, loss_scale(scales), progress
        self.first_epoch = self._counted_epoch = progress.epoch
        self.began = time.perf_counter()

    def count(self, epoch: int) -> None:
        """Count the epochs up to this one, for Prometheus."""
        epochs = max(epoch - self._counted_epoch, 0)
        self._counted_epoch += epochs
        metrics().epochs.inc(epochs)
        metrics().trained_rows.inc(epochs * self._rows)

    def without_refit(self) -> None:
        """No run comes after this one."""
        self._spec = replace(self._spec, refit="never")

    def fraction(self, epoch: int) -> float:
        """The share of the job's epochs that is done after one of these."""
        return epoch / self._spec.last_epoch / (1 + self._spec.refit_work)

    @property
    def ends_at(self) -> float:
        """The share of the job's epochs that is done once this run has ended."""
        return share_before(self._spec, self.progress)

    def left(self, epoch: int, is_last: bool) -> float:
        """How many epochs like these the job has at most still to make."""
        if is_last:
            return self._spec.refit_work * self.progress.chosen_epoch
        return self._spec.last_epoch - epoch + self._spec.refit_work * self._spec.last_epoch

    def figures(self, ended: EpochEnded, is_last: bool) -> Json:
        """How far the training is after an epoch; losses are in the target's units."""
        spec, judged = self._spec, ended.validation_loss
        seconds = time.perf_counter() - self.began
        done = max(ended.epoch - self.first_epoch, 1)
        left = self.left(ended.epoch, is_last)
        return {
            "epoch": ended.epoch,
            "epochs": spec.last_epoch,
            "fraction": self.ends_at if is_last else self.fraction(ended.epoch),
            "train_loss": in_user_units(spec.loss, ended.train_loss, self._scale),
            "validation_loss": None if judged is None else in_user_units(spec.loss, judged, self._scale),
            "rows_per_second": self._rows * done / seconds if seconds else None,
            "eta_seconds": seconds / done * left if left else 0.0,
            **({} if self.name is None else {"stage": self.name}),
        }


class CompetitorStage(Stage):
    """The epochs of a linear neuron, or of the network that is compared with it afterwards. What is left is not known
    while the first goes."""

    def __init__(self, spec: TrainingSpec, rows: int, scales: Sequence[TargetScale], progress: Progress) -> None:
        super().__init__(spec, rows, scales, progress)
        self.name, self.called = spec.network.kind, f"{CALLED[spec.network.kind]}: "
        self._begins, self._ends = SHARES[spec.network.kind]

    def fraction(self, epoch: int) -> float:
        return self._within(super().fraction(epoch))

    @property
    def ends_at(self) -> float:
        return self._ends if self._ends < 1 else self._within(super().ends_at)

    def figures(self, ended: EpochEnded, is_last: bool) -> Json:
        told = super().figures(ended, is_last)
        return told if self._ends == 1 else {**told, "eta_seconds": None}

    def _within(self, share: float) -> float:
        return self._begins + (self._ends - self._begins) * share


class RefitStage(Stage):
    """The epochs on training and validation rows together, after a `share` of all."""

    name = "refit"
    is_course = False

    def __init__(
        self, spec: TrainingSpec, rows: int, scales: Sequence[TargetScale], progress: Progress, share: float
    ) -> None:
        super().__init__(spec, rows, scales, progress)
        self._share = share

    def fraction(self, epoch: int) -> float:
        return self._share + (1 - self._share) * epoch / self._spec.last_epoch


def share_before(spec: TrainingSpec, progress: Progress) -> float:
    """The share of the job's epochs that lies before its refit, by the rows that they go through; 1 without one."""
    return 1 / (1 + spec.refit_work * progress.chosen_epoch / max(progress.epoch, 1))
