"""A training that diverged, explained: a number that is far from all others, else a learning rate that is too large."""

from __future__ import annotations

import numpy as np

from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import safe_rate
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from workers.explain.descent import guides
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices

FAR = 1e12  # in a learnt unit: on columns and targets of the size that training makes them no number is so large


def explained(
    error: WorkFailed, asked: TrainingSpec, spec: TrainingSpec, found: Curvature | None, prepared: Prepared
) -> WorkFailed:
    """A divergence with its cause: a number that is far from all others, else the learning rate, with the bound that
    the data's curvature sets and a rate that works. `asked` has the `auto`s that `spec` has settled; errors of another
    kind stay as they are."""
    if error.code != "diverged":
        return error
    if far := _far(prepared):
        return WorkFailed("diverged", f"{error.detail}: {far}")
    rate, rows = spec.optimizer.learning_rate, len(prepared.train)
    if found is None or rate == "auto":
        return error
    works = safe_rate(spec, found, rows)
    gentler = f'"optimizer": {{"kind": "{spec.optimizer.kind}", "learning_rate": {works:.3g}}}'
    if asked.optimizer.learning_rate == "auto":
        return WorkFailed(
            "diverged",
            f"{error.detail}, with the learning rate {rate:.4g} chosen from what is known before the first step; use "
            f"{gentler}",
        )
    guide = ", as a guide" if guides(spec, rows) else ""
    return WorkFailed(
        "diverged",
        f"{error.detail}: the learning rate {rate:.4g} is too large; full-batch descent on this data is stable below "
        f'{found.stable_learning_rate:.4g}{guide}; use {gentler}, or "auto"',
    )


def _far(prepared: Prepared) -> str | None:
    """A sentence for the number that is furthest from the others, where it is so far that no rate helps."""
    names, targets = prepared.transform.encoded_names, prepared.train.data.targets
    furthest, where = FAR, ""
    for part_name, part in prepared.parts.items():
        for rows in slices(*part.inputs.shape):
            sizes = np.abs(part.inputs[rows]).max(axis=0, initial=0.0)
            if sizes.max(initial=0.0) > furthest:
                furthest = float(sizes.max())
                where = f"feature {names[int(sizes.argmax())]!r} of a {part_name} row"
        if targets.dtype != np.int64:
            for rows in slices(len(part), 1):
                size = float(np.abs(part.data.targets[rows]).max(initial=0.0))
                if size > furthest:
                    furthest, where = size, f"the target of a {part_name} row"
    if not where:
        return None
    return (
        f"{where} is {furthest:.4g} in scaled units (its spread over the training rows), and its square is too large "
        "for training; if it stands for a missing value, declare it at upload "
        '("null_values"), or leave the feature out ("exclude")'
    )
