"""A training that diverged, explained: a number that is far from all others, else a learning rate that is too large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import safe_rate
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.scalers import SCALERS
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
    if far := _far(prepared, spec):
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


class _Furthest(NamedTuple):
    """The number that is furthest from 0 as training has it, and where it stands: of which feature, None for the
    target, in which part of the rows."""

    size: float
    feature: str | None
    part: str


def _far(prepared: Prepared, spec: TrainingSpec) -> str:
    """A sentence for the number that is furthest from the others, where it is so far that no rate helps; else ""."""
    size, feature, part = max(_sizes(prepared), default=_Furthest(0.0, None, ""), key=lambda one: one.size)
    if not size > FAR:
        return ""
    row = f"a {'training' if part == 'train' else part} row"
    if feature is None:
        what, is_scaled = "the target", bool(spec.scale_target)
        scale, exclude = ['use "scale_target": "auto"'], list[str]()
    else:
        what, is_scaled = f"feature {feature!r}", not SCALERS[spec.scaler].leaves
        scale, exclude = ['use "scaler": "standard"'], ['leave the feature out ("exclude")']
    mends = exclude if is_scaled else scale + exclude
    unit = " in scaled units (its spread over the training rows)" if is_scaled else ""
    return (
        f"{what} of {row} is {size:.4g}{unit}, and its square is too large for training; if it stands for a missing "
        f'value, declare it at upload ("null_values"){"; otherwise, " if mends else ""}{" or ".join(mends)}'
    )


def _sizes(prepared: Prepared) -> Iterator[_Furthest]:
    """The furthest number of some rows after the other, of a feature and of the target."""
    names, has_classes = prepared.transform.encoded_names, prepared.train.data.targets.dtype == np.int64
    for name, part in prepared.parts.items():
        for rows in slices(*part.inputs.shape):
            sizes = np.abs(part.inputs[rows]).max(axis=0, initial=0.0)
            if len(sizes):
                yield _Furthest(float(sizes.max()), names[int(sizes.argmax())], name)
        if not has_classes:
            for rows in slices(len(part), 1):
                yield _Furthest(float(np.abs(part.data.targets[rows]).max(initial=0.0)), None, name)
