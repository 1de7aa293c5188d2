"""What each row counts: its weight column times the weight of its class."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.columns import Floats
from service.domain.predictor import Label, label_text
from service.domain.spec import TrainingSpec
from service.errors import WorkFailed
from service.store.rows import chunks
from workers.training.split import TRAIN, Parts
from workers.training.targets import Classes


def row_weights(
    path: Path, spec: TrainingSpec, split: Parts, codes: Classes | None, of_class: Floats | None
) -> Floats | None:
    """(n_rows,) float64 from 0, not yet scaled; None where every row counts the same. `codes` are the rows' classes,
    `of_class` (n_classes,) what a row of each counts.

    Raises WorkFailed for weights that leave the training rows nothing to learn from.
    """
    weights: Floats | None = None
    if spec.weight_column is not None:
        weights = np.concatenate(
            [chunk.floats(spec.weight_column) for chunk in chunks(path, {spec.weight_column: "numeric"})]
        )
        if (split == TRAIN).any() and not weights[split == TRAIN].any():
            raise WorkFailed("weights_invalid", f"{spec.weight_column!r} is 0 in every training row: no row counts")
    if of_class is not None and codes is not None:
        weights = of_class[codes] if weights is None else weights * of_class[codes]
    return weights


def class_weights(asked: str | Mapping[str, float], training: Classes, labels: tuple[Label, ...]) -> Floats:
    """(n_classes,) what a row of each class counts. "balanced": the less the more of them train, n/(k·count), as
    scikit-learn has it; given by name: a class that is not named counts 1. Raises WorkFailed."""
    if isinstance(asked, str):
        return len(training) / (len(labels) * np.bincount(training, minlength=len(labels)))
    names = [label_text(label) for label in labels]
    for name in asked:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the classes are {', '.join(names[:20])}"
            raise WorkFailed("class_weights_invalid", f"class_weights names {name!r}, which is no class; {hint}")
    return np.asarray([asked.get(name, 1.0) for name in names])


def mean_one(weights: Floats) -> npt.NDArray[np.float32]:
    """Scaled to a mean of 1, so that losses and safe learning rates keep their meaning; as they are where all are 0."""
    mean = float(weights.mean()) if len(weights) else 0.0
    return (weights / (mean or 1.0)).astype(np.float32)
