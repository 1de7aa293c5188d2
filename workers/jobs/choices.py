"""The choices that only the training rows can tell, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain.descent.rates import MOST_BOWL_EPOCHS, Rates, is_by_curvature
from service.domain.spec.auto import FEWEST_EPOCHS, is_bowl
from service.domain.spec.training import TrainingSpec
from workers.training.data.merged import Merged, merged_warnings


def choices(spec: TrainingSpec, rates: Rates, device: str, merged: Sequence[Merged]) -> list[str]:
    """Notes on what each `auto` that the service left in the spec has become, and why; and on merged categories."""
    texts = []
    if spec.optimizer.learning_rate == "auto":
        texts.append(rates.text)
    elif spec.optimizer.momentum == "auto":
        texts.append(f"momentum {rates.momentum:g}: auto chooses momentum only together with the learning rate")
    if spec.epochs == "auto":
        by_curvature = is_bowl(spec) and is_by_curvature(spec)
        why = "the most that auto allows"
        if by_curvature and rates.epochs < MOST_BOWL_EPOCHS:
            why = f"enough for this curvature and any target, at least {FEWEST_EPOCHS}"
        texts.append(f"{rates.epochs} epochs: {why}")
    if spec.device == "auto":
        texts.append(f"device {device!r}: chosen by auto on this worker")
    return [*texts, *(warned.detail for warned in merged_warnings(merged))]
