"""What a table's rows say of the target: one number, several numbers, or a class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.columns import Categories, Floats, Kind, Values, missing
from service.domain.predictor import Label, label_text
from service.domain.spec import TrainingSpec
from service.errors import WorkFailed
from service.store.rows import chunks

Classes = npt.NDArray[np.int64]
MISSING = -1
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Targets:
    """Of all rows of a table: `values` (n,) float64 numbers, (n, k) float64 for several targets, or (n,) int64 class
    numbers, -1 where the class is missing. `labels` are the classes in their order; empty for a regression."""

    values: Floats | Classes
    labels: tuple[Label, ...] = ()

    @property
    def codes(self) -> Classes | None:
        """The class numbers; None for a regression."""
        return self.values.astype(np.int64, copy=False) if self.labels else None

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """(n,) bool: rows in which no target is missing."""
        if self.labels:
            return np.asarray(self.values >= 0)
        there = ~np.isnan(self.values)
        return np.asarray(there if there.ndim == 1 else there.all(axis=1))

    @property
    def truth(self) -> Floats:
        """The values in the user's units; class numbers for classes."""
        return self.values.astype(np.float64)


def read_targets(path: Path, spec: TrainingSpec, kind: Kind) -> Targets:
    """Of the table that is trained on: its classes become the model's."""
    if spec.task == "regression":
        return _numbers(path, spec)
    target = _read(path, spec.targets[0], kind)
    labels = _labels(target, kind)
    return Targets(_coded(target, labels), labels)


def read_other_targets(path: Path, spec: TrainingSpec, kind: Kind, labels: tuple[Label, ...]) -> Targets:
    """Of another table, by the classes of the first. Raises WorkFailed for a class that is none of them."""
    if spec.task == "regression":
        return _numbers(path, spec)
    target = _read(path, spec.targets[0], kind)
    if unknown := [label for label in _labels(target, kind) if label not in labels]:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        raise WorkFailed(
            "class_unknown",
            f"the validation dataset has rows of {', '.join(repr(label_text(label)) for label in unknown[:MOST_NAMED])}"
            f"{more} in {spec.targets[0]!r}, which no row that is trained on has; leave them out, or train on some",
        )
    return Targets(_coded(target, labels), labels)


def _numbers(path: Path, spec: TrainingSpec) -> Targets:
    names = spec.targets
    pieces = [
        np.stack([chunk.floats(name) for name in names], axis=1)
        for chunk in chunks(path, dict.fromkeys(names, "numeric"))
    ]
    values = np.concatenate(pieces) if pieces else np.empty((0, len(names)))
    return Targets(values if len(names) > 1 else values[:, 0])


def _read(path: Path, name: str, kind: Kind) -> Values:
    parts = [chunk[name] for chunk in chunks(path, {name: kind})]
    categories = [part for part in parts if isinstance(part, Categories)]
    if not categories:
        return np.concatenate([part for part in parts if not isinstance(part, Categories)])
    numbers: dict[str, int] = {}  # each chunk numbers its categories anew
    codes = []
    for part in categories:
        table = [numbers.setdefault(value, len(numbers)) for value in part.values]
        codes.append(np.asarray([*table, MISSING], dtype=np.int32)[part.codes])
    return Categories(np.concatenate(codes), tuple(numbers))


def _labels(target: Values, kind: Kind) -> tuple[Label, ...]:
    if isinstance(target, Categories):
        return tuple(sorted(target.values))
    values = np.unique(target[~missing(target)]).tolist()
    if kind == "boolean":
        return tuple(bool(value) for value in values)
    return tuple(int(value) if value.is_integer() else value for value in values)


def _coded(target: Values, labels: tuple[Label, ...]) -> Classes:
    """The class number of each row; every value that is there is one of the labels (1.0 == 1 == True as keys)."""
    number: dict[Label, int] = {label: code for code, label in enumerate(labels)}
    if isinstance(target, Categories):
        table = [number[value] for value in target.values]
        return np.asarray([*table, MISSING], dtype=np.int64)[target.codes]
    codes = np.full(len(target), MISSING, dtype=np.int64)
    present = ~missing(target)
    distinct, inverse = np.unique(target[present], return_inverse=True)
    codes[present] = np.asarray([number[value] for value in distinct.tolist()], dtype=np.int64)[inverse]
    return codes
