"""From a stored table to what the engines read: split, transform, and one float32 matrix for each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.columns import Categories, Columns, Floats, Kind, Values, missing
from service.domain.predictor import Label, TargetScale
from service.domain.spec import TrainingSpec
from service.domain.transform import FittedTransform
from service.errors import WorkFailed
from service.store.rows import chunks
from workers.training.fit import fit, target_moments
from workers.training.problem import Data
from workers.training.split import TEST, TRAIN, UNUSED, VALIDATION, Parts, split_rows
from workers.training.weights import mean_one, row_weights

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, slots=True)
class Part:
    """Rows: what an engine reads of them, and `truth` (n,) float64, the targets in the user's units (class numbers for
    classes)."""

    data: Data
    truth: Floats

    @property
    def inputs(self) -> npt.NDArray[np.float32]:
        """(n, m), what the network reads."""
        return self.data.inputs

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that training needs of the data. `classes` is empty for a regression."""

    transform: FittedTransform
    target_scale: TargetScale
    classes: tuple[Label, ...]
    parts: dict[str, Part]
    split: Parts

    @property
    def train(self) -> Part:
        return self.parts["train"]


def prepare(
    path: Path, spec: TrainingSpec, kinds: dict[str, Kind], target_kind: Kind, most_categories: int, memory_bytes: int
) -> Prepared:
    """Split first, then fit on the training rows only, then transform every part. Raises WorkFailed."""
    target = _read_target(path, spec.targets[0], target_kind)
    usable = ~missing(target)
    codes, labels = _classes(target, usable, target_kind) if spec.task != "regression" else (None, ())
    split = split_rows(spec.seed, usable, spec.split.validation, spec.split.test, codes)
    if spec.missing == "drop":
        split[_rows_with_gaps(path, kinds)] = UNUSED
    _check_parts(split, codes, labels)

    def training_chunks() -> Iterator[Columns]:
        start = 0
        for chunk in chunks(path, kinds):
            yield chunk.take(split[start : start + chunk.n_rows] == TRAIN)
            start += chunk.n_rows

    transform = fit(training_chunks, kinds, spec.missing, spec.scaler, most_categories)
    needed = int((split != UNUSED).sum()) * transform.n_outputs * 4
    if needed > memory_bytes:
        raise WorkFailed(
            "too_large",
            f"the prepared table would take {needed / 2**20:,.0f} MiB of memory, "
            f"{memory_bytes / 2**20:,.0f} are allowed (ADALINE_TRAINING_MEMORY_BYTES); use fewer rows or columns",
        )
    truth = np.asarray(target if isinstance(target, np.ndarray) else [], dtype=np.float64) if codes is None else codes
    scale = TargetScale()
    if spec.scale_target is True:
        scale = TargetScale(*target_moments([truth[split == TRAIN].astype(np.float64)]))
    weights = row_weights(path, spec, split, codes, labels)
    inputs = _inputs(path, kinds, transform, split)
    parts = {
        part: _part(inputs[part], truth[split == code], scale, None if weights is None else weights[split == code])
        for part, code in PARTS.items()
    }
    return Prepared(transform, scale, labels, parts, split)


def exact_pieces(path: Path, kinds: dict[str, Kind], prepared: Prepared, bias: bool) -> Iterator[tuple[Floats, Floats]]:
    """The training rows in float64, a chunk at a time: the scaled design with a last column of ones for the bias, and
    the scaled target."""
    transform, scale = prepared.transform, prepared.target_scale
    start = seen = 0
    for chunk in chunks(path, kinds):
        rows = prepared.split[start : start + chunk.n_rows] == TRAIN
        start += chunk.n_rows
        design = (transform.encode(chunk.take(rows)) - transform.centre) / transform.scale
        truth = prepared.train.truth[seen : seen + len(design)]
        seen += len(design)
        ones = np.ones((len(design), int(bias)))
        yield np.hstack([design, ones]), (truth - scale.centre) / scale.scale


def _read_target(path: Path, name: str, kind: Kind) -> Values:
    parts = [chunk[name] for chunk in chunks(path, {name: kind})]
    categories = [part for part in parts if isinstance(part, Categories)]
    if not categories:
        return np.concatenate([part for part in parts if not isinstance(part, Categories)])
    numbers: dict[str, int] = {}  # each chunk numbers its categories anew
    codes = []
    for part in categories:
        table = [numbers.setdefault(value, len(numbers)) for value in part.values]
        codes.append(np.asarray([*table, -1], dtype=np.int32)[part.codes])
    return Categories(np.concatenate(codes), tuple(numbers))


def _classes(
    target: Values, usable: npt.NDArray[np.bool_], kind: Kind
) -> tuple[npt.NDArray[np.int64], tuple[Label, ...]]:
    """The class number of each row (-1 where the target is missing), and the classes in their order."""
    codes = np.full(len(target), -1, dtype=np.int64)
    labels: tuple[Label, ...]
    if isinstance(target, Categories):
        labels = tuple(sorted(target.values))
        ranks = np.argsort(np.argsort(np.asarray(target.values)))
        codes[usable] = ranks[target.codes[usable]]
        return codes, labels
    values, codes[usable] = np.unique(target[usable], return_inverse=True)
    if kind == "boolean":
        return codes, tuple(bool(value) for value in values)
    return codes, tuple(int(value) if value.is_integer() else float(value) for value in values)


def _rows_with_gaps(path: Path, kinds: dict[str, Kind]) -> npt.NDArray[np.bool_]:
    return np.concatenate(
        [np.any([missing(values) for values in chunk.data.values()], axis=0) for chunk in chunks(path, kinds)]
    )


def _check_parts(split: Parts, codes: npt.NDArray[np.int64] | None, labels: tuple[Label, ...]) -> None:
    training = split == TRAIN
    if training.sum() < 2:
        raise WorkFailed("too_few_rows", "fewer than 2 rows are left to train on once rows with gaps are dropped")
    if codes is not None:
        absent = [labels[code] for code in range(len(labels)) if not (codes[training] == code).any()]
        if absent:
            raise WorkFailed(
                "class_absent", f"no training row is left of class {absent[0]!r}; give more rows of it, or leave it out"
            )


def _inputs(
    path: Path, kinds: dict[str, Kind], transform: FittedTransform, split: Parts
) -> dict[str, npt.NDArray[np.float32]]:
    """The matrix of each part."""
    inputs = {
        part: np.empty((int((split == code).sum()), transform.n_outputs), dtype=np.float32)
        for part, code in PARTS.items()
    }
    filled = dict.fromkeys(PARTS, 0)
    start = 0
    for chunk in chunks(path, kinds):
        of_chunk = split[start : start + chunk.n_rows]
        start += chunk.n_rows
        for part, code in PARTS.items():
            if (rows := of_chunk == code).any():
                matrix = transform.apply(chunk.take(rows))
                inputs[part][filled[part] : filled[part] + len(matrix)] = matrix
                filled[part] += len(matrix)
    return inputs


def _part(
    inputs: npt.NDArray[np.float32],
    truth: npt.NDArray[np.float64] | npt.NDArray[np.int64],
    scale: TargetScale,
    weights: Floats | None,
) -> Part:
    """`truth` (n,): float64 values, or int64 classes."""
    targets: npt.NDArray[np.float32] | npt.NDArray[np.int64]
    if truth.dtype == np.int64:
        targets = truth.astype(np.int64)
    else:
        targets = ((truth - scale.centre) / scale.scale).astype(np.float32)[:, None]
    return Part(Data(inputs, targets, None if weights is None else mean_one(weights)), truth.astype(np.float64))
