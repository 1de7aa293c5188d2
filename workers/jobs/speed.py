"""What a run took, for the estimates of later ones."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from service.domain.jobs.speed import BOWL, Speed
from service.domain.model.network import Network
from service.domain.spec.engines import needs_no_rows
from service.domain.spec.training import TrainingSpec
from workers.training.progress import Progress


def measured(
    spec: TrainingSpec, rows_of: Mapping[str, int], network: Network, progress: Progress, seconds: float
) -> Speed:
    """The speed of a job that took this many seconds in all, with so many rows in each part. Epochs of an earlier
    attempt may be in the history, and their time in none of these seconds: then nothing is left for all else."""
    rows, inputs = rows_of["train"], network.sizes[0]
    refit = [] if progress.refit is None else progress.refit.history
    learning = sum(ended.seconds for ended in [*progress.history, *refit])
    return Speed(
        engine=BOWL if needs_no_rows(spec, rows, inputs) else spec.engine,
        device=spec.device,
        rows=rows,
        batch=spec.step_rows(rows),
        weights=network.n_parameters,
        cells=sum(rows_of.values()) * inputs,
        epoch_seconds=median(ended.seconds / ended.share for ended in progress.history),
        other_seconds=max(seconds - learning, 0.0),
    )
