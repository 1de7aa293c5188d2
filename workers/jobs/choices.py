"""The choices that only the training rows can tell, in sentences."""

from __future__ import annotations

from service.domain.descent.rates import MOST_BOWL_EPOCHS, Rates, is_by_curvature
from service.domain.model.transform import FittedTransform
from service.domain.spec.auto import FEWEST_EPOCHS, is_bowl
from service.domain.spec.training import TrainingSpec
from workers.training.data.fit import RARE_ROWS

MOST_NAMED = 8


def choices(spec: TrainingSpec, rates: Rates, device: str, transform: FittedTransform) -> list[str]:
    """Of a spec with the `auto`s that the service left: what each has become, and why."""
    texts = []
    if spec.optimizer.learning_rate == "auto":
        texts.append(rates.text)
    elif spec.optimizer.momentum == "auto":
        texts.append(f"momentum {rates.momentum:g}: auto chooses it together with the learning rate only")
    if spec.epochs == "auto":
        by_curvature = is_bowl(spec) and is_by_curvature(spec)
        why = "the most that auto takes"
        if by_curvature and rates.epochs < MOST_BOWL_EPOCHS:
            why = f"enough for this curvature with any target, and at least {FEWEST_EPOCHS}"
        texts.append(f"{rates.epochs} epochs: {why}")
    if spec.device == "auto":
        texts.append(f"device {device!r}: what auto takes on this worker")
    if shared := [feature.name for feature in transform.features if feature.other]:
        names = ", ".join(repr(name) for name in shared[:MOST_NAMED])
        more = f" and {len(shared) - MOST_NAMED} more" if len(shared) > MOST_NAMED else ""
        texts.append(
            f"categories of {names}{more} with fewer than {RARE_ROWS} training rows, or too many, share 'other'"
        )
    return texts
