"""From a stored table to what the engines read: split, transform, and one float32 matrix for each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.columns import Columns, Floats, Kind, missing
from service.domain.predictor import Label, TargetScale
from service.domain.spec import TrainingSpec
from service.domain.transform import FittedTransform
from service.errors import WorkFailed
from service.store.rows import chunks
from workers.training.fit import fit, target_moments
from workers.training.problem import Data
from workers.training.split import TEST, TRAIN, UNUSED, VALIDATION, Parts, split_rows
from workers.training.targets import Classes, Targets, read_other_targets, read_targets
from workers.training.weights import class_weights, mean_one, row_weights

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, slots=True)
class Part:
    """Rows: what an engine reads of them, and `truth` (n,) float64, the target in the user's units (class numbers for
    classes); (n, k) for several targets."""

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
    """Everything that training needs of the data. `classes` is empty for a regression; each target has a scale;
    `other_split` is of the other dataset whose rows validate, if one does."""

    transform: FittedTransform
    target_scales: tuple[TargetScale, ...]
    classes: tuple[Label, ...]
    parts: dict[str, Part]
    split: Parts
    other_split: Parts | None = None

    def rows_of(self, part: str) -> npt.NDArray[np.int64]:
        """(n,) where a part's rows are in their table: that of the other dataset, where its rows validate."""
        split = self.split if self.other_split is None or part != "validation" else self.other_split
        return np.flatnonzero(split == PARTS[part])

    @property
    def train(self) -> Part:
        return self.parts["train"]

    @property
    def target_scale(self) -> TargetScale:
        """Of the only target. Raises ValueError for several."""
        (scale,) = self.target_scales
        return scale

    def each(self) -> list[Prepared]:
        """The same rows for each target alone."""
        several = len(self.target_scales)
        return [self] if several == 1 else [self.of_target(index) for index in range(several)]

    def of_target(self, index: int) -> Prepared:
        """The same rows, with one of the targets only."""
        parts = {
            name: Part(replace(part.data, targets=part.data.targets[:, index : index + 1]), part.truth[:, index])
            for name, part in self.parts.items()
        }
        return replace(self, target_scales=(self.target_scales[index],), parts=parts)


def prepare(
    path: Path,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    target_kind: Kind,
    most_categories: int,
    memory_bytes: int,
    validation: Path | None = None,
) -> Prepared:
    """Split first, then fit on the training rows only, then transform every part. `validation` is the table of another
    dataset whose rows validate. Raises WorkFailed."""
    targets = read_targets(path, spec, target_kind)
    labels, codes = targets.labels, targets.codes
    split = split_rows(spec.seed, targets.usable, spec.split.validation, spec.split.test, codes)
    if spec.missing == "drop":
        split[_rows_with_gaps(path, kinds)] = UNUSED
    _check_parts(split, codes, labels)
    tables = [_Rows(path, split, targets)]
    if validation is not None:
        tables.append(_others(validation, spec, kinds, target_kind, labels))

    def training_chunks() -> Iterator[Columns]:
        start = 0
        for chunk in chunks(path, kinds):
            yield chunk.take(split[start : start + chunk.n_rows] == TRAIN)
            start += chunk.n_rows

    transform = fit(training_chunks, kinds, spec.missing, spec.scaler, most_categories)
    needed = sum(int((rows.split != UNUSED).sum()) for rows in tables) * transform.n_outputs * 4
    if needed > memory_bytes:
        raise WorkFailed(
            "too_large",
            f"the prepared table would take {needed / 2**20:,.0f} MiB of memory, "
            f"{memory_bytes / 2**20:,.0f} are allowed (ADALINE_TRAINING_MEMORY_BYTES); use fewer rows or columns",
        )
    scales = _scales(spec, targets.truth[split == TRAIN])
    of_class = None
    if spec.class_weights is not None and codes is not None:
        of_class = class_weights(spec.class_weights, codes[split == TRAIN], labels)
    parts = [_parts(rows, spec, kinds, transform, scales, of_class) for rows in tables]
    all_parts = {**parts[0], "validation": parts[-1]["validation"]}
    return Prepared(transform, scales, labels, all_parts, split, None if validation is None else tables[-1].split)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table, which part each of its rows is in, and what they say of the target."""

    path: Path
    split: Parts
    targets: Targets


def _scales(spec: TrainingSpec, training: Floats) -> tuple[TargetScale, ...]:
    """Of each target, by its training rows (n,) or (n, k)."""
    if spec.scale_target is not True:
        return (TargetScale(),) * len(spec.targets)
    return tuple(
        TargetScale(*target_moments([column])) for column in training.reshape(len(training), len(spec.targets)).T
    )


def _others(
    path: Path, spec: TrainingSpec, kinds: dict[str, Kind], target_kind: Kind, labels: tuple[Label, ...]
) -> _Rows:
    """The rows of another dataset: those that can be judged all validate."""
    targets = read_other_targets(path, spec, target_kind, labels)
    usable = targets.usable
    if spec.missing == "drop":
        usable &= ~_rows_with_gaps(path, kinds)
    if not usable.any():
        raise WorkFailed("too_few_rows", "no row of the validation dataset is left once rows with gaps are dropped")
    return _Rows(path, np.where(usable, VALIDATION, UNUSED).astype(np.uint8), targets)


def exact_pieces(path: Path, kinds: dict[str, Kind], prepared: Prepared, bias: bool) -> Iterator[tuple[Floats, Floats]]:
    """The training rows in float64, a chunk at a time: the scaled design with a last column of ones for the bias, and
    the scaled target."""
    transform, scale = prepared.transform, prepared.target_scale
    start = seen = 0
    for chunk in chunks(path, kinds):
        rows = prepared.split[start : start + chunk.n_rows] == TRAIN
        start += chunk.n_rows
        encoded = transform.encode(chunk.take(rows))
        design = np.ones((len(encoded), encoded.shape[1] + int(bias)))
        inputs = np.subtract(encoded, transform.centre, out=design[:, : encoded.shape[1]])
        inputs /= transform.scale
        truth = prepared.train.truth[seen : seen + len(design)]
        seen += len(design)
        yield design, (truth - scale.centre) / scale.scale


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


def _parts(
    rows: _Rows,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    transform: FittedTransform,
    scales: tuple[TargetScale, ...],
    of_class: Floats | None,
) -> dict[str, Part]:
    """The parts of a table; `of_class` (n_classes,) is what a row of each class counts."""
    weights = row_weights(rows.path, spec, rows.split, rows.targets.codes, of_class)
    inputs = _inputs(rows.path, kinds, transform, rows.split)
    parts = {}
    for name, code in PARTS.items():
        chosen = rows.split == code
        of_part = None if weights is None else mean_one(weights[chosen])
        data = Data(inputs[name], _learnt(rows.targets.values[chosen], scales), of_part)
        parts[name] = Part(data, rows.targets.truth[chosen])
    return parts


def _learnt(
    values: Floats | Classes, scales: tuple[TargetScale, ...]
) -> npt.NDArray[np.float32] | npt.NDArray[np.int64]:
    """What is learnt: (n,) classes as they are, else numbers (n, k), each target by its scale."""
    if values.dtype == np.int64:
        return values.astype(np.int64)
    centres, widths = [one.centre for one in scales], [one.scale for one in scales]
    return ((values.reshape(len(values), len(scales)) - centres) / widths).astype(np.float32)


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
