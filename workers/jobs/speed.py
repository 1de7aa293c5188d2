"""What a run took, for the estimates of later ones."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from service.domain.jobs.speed import BOWL, Speed
from service.domain.model.network import Network
from service.domain.spec.engines import needs_no_rows
from service.domain.spec.training import TrainingSpec
from workers.training.data.prepare import Prepared
from workers.training.progress import EpochEnded


def measured(
    spec: TrainingSpec, prepared: Prepared, network: Network, history: Sequence[EpochEnded], seconds: float
) -> Speed:
    """The speed of a run that took this many seconds in all. Epochs of an earlier attempt may be in the history, and
    their time in none of these seconds: then nothing is left for all else."""
    rows = len(prepared.train)
    inputs = prepared.transform.n_outputs
    return Speed(
        engine=BOWL if needs_no_rows(spec, rows, inputs) else spec.engine,
        device=spec.device,
        rows=rows,
        batch=spec.step_rows(rows),
        weights=network.n_parameters,
        cells=sum(len(part) for part in prepared.parts.values()) * inputs,
        epoch_seconds=median(ended.seconds / ended.share for ended in history),
        other_seconds=max(seconds - sum(ended.seconds for ended in history), 0.0),
    )
