"""The parts of a table, filled in one pass over it: what an engine reads of their rows, and what they are judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.columns import Columns, missing
from service.domain.cells.kinds import Kind
from service.domain.model.predictor import TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.tasks import TASKS
from service.errors import WorkFailed
from workers.training.data.cross_fitted import CrossFitted
from workers.training.data.reading import TableReading
from workers.training.data.room import RowBuffer
from workers.training.data.targets import TargetColumns
from workers.training.data.weights import RowWeights, row_weights
from workers.training.problem import Data, PartInputs
from workers.training.split import TEST, TRAIN, UNUSED, VALIDATION, Parts
from workers.training.stored import Chosen, Stored

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True, slots=True)
class FilledPart:
    """Rows: what an engine reads of them, and `truth` (n,) float64, the target in the user's units (class numbers for
    classes); (n, k) for several targets."""

    data: Data
    truth: Floats | Stored

    @property
    def inputs(self) -> PartInputs:
        """(n, m), what the network reads."""
        return self.data.inputs

    def __len__(self) -> int:
        return len(self.data)

    def some(self, positions: Integers) -> FilledPart:
        """Some of the rows. What is true of them is in memory, their inputs are read when they are asked for."""
        data = self.data
        weights = None if data.weights is None else data.weights[positions]
        return FilledPart(Data(Chosen(data.inputs, positions), data.targets[positions], weights), self.truth[positions])


@dataclass(frozen=True, slots=True)
class Sorted:
    """A table, which part each of its rows is in, and what they say of the target."""

    table: TableReading
    split: Parts
    targets: TargetColumns


def drop_gaps(table: TableReading, kinds: dict[str, Kind], split: Parts) -> None:
    """Take rows with a missing feature out of the split."""
    for rows, chunk in table.pieces(kinds):
        gaps = np.any([missing(values) for values in chunk.data.values()], axis=0)
        split[rows][gaps] = UNUSED


def training_rows(rows: Sorted, kinds: dict[str, Kind]) -> Iterator[Columns]:
    """The features of the training rows, a chunk at a time."""
    for piece, chunk in rows.table.pieces(kinds):
        yield chunk.take(np.flatnonzero(rows.split[piece] == TRAIN))


def row_bytes(spec: TrainingSpec) -> int:
    """What is kept of a row beside its inputs."""
    targets = 4 * len(spec.targets) if TASKS[spec.task].is_regression else 8
    weight = 0 if spec.weight_column is None and spec.class_weights is None else 4
    return targets + 8 * len(spec.targets) + weight


class _Sheets:
    """A part that is being filled in."""

    def __init__(self, spec: TrainingSpec, count: int, n_inputs: int, weighs: bool, directory: Path | None) -> None:
        several = (count, len(spec.targets))
        is_regression = TASKS[spec.task].is_regression
        self._inputs = RowBuffer((count, n_inputs), np.float32, directory)
        self._targets = RowBuffer(
            several if is_regression else (count,), np.float32 if is_regression else np.int64, directory
        )
        self._truth = RowBuffer(several if len(spec.targets) > 1 else (count,), np.float64, directory)
        self._weights = RowBuffer((count,), np.float32, directory) if weighs else None

    def add(
        self,
        inputs: npt.NDArray[np.float32],
        values: Floats | npt.NDArray[np.int64],
        scales: Sequence[TargetScale],
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        self._inputs.add(inputs)
        self._truth.add(values)
        if values.dtype != np.int64:
            self._targets.add(_scaled(values.reshape(len(values), len(scales)), scales))
        else:
            self._targets.add(values)
        if self._weights is not None and weights is not None:
            self._weights.add(weights)

    def part(self) -> FilledPart:
        weights = None if self._weights is None else self._weights.rows
        return FilledPart(Data(self._inputs.rows, self._targets.rows, weights), self._truth.rows)


def fill(
    rows: Sorted,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    transform: FittedTransform,
    cross: CrossFitted,
    scales: Sequence[TargetScale],
    of_class: Floats | None,
    directory: Path | None,
) -> dict[str, FilledPart]:
    """The parts of a table, in its order: in memory, or in files of `directory`. `of_class` (n_classes,) is what a row
    of each class counts. Raises WorkFailed, StorageFull."""
    weights = row_weights(rows.table, spec.weight_column, of_class, rows.split, rows.targets)
    counts = np.bincount(rows.split, minlength=UNUSED + 1)
    sheets = {
        code: _Sheets(spec, int(counts[code]), transform.n_outputs, not weights.is_even, directory)
        for code in PARTS.values()
    }
    names = [*kinds, *rows.targets.columns, *([spec.weight_column] if spec.weight_column is not None else [])]
    for piece, chunk in rows.table.pieces(names):
        _add(sheets, rows, weights, transform, cross, scales, piece, chunk)
    return {name: sheets[code].part() for name, code in PARTS.items()}


def _add(
    sheets: dict[int, _Sheets],
    rows: Sorted,
    weights: RowWeights,
    transform: FittedTransform,
    cross: CrossFitted,
    scales: Sequence[TargetScale],
    piece: slice,
    chunk: Columns,
) -> None:
    """A chunk's rows, each to its part. A row that no part has may have a gap that nothing fills."""
    parts = rows.split[piece]
    used = np.flatnonzero(parts != UNUSED)
    taken = chunk if len(used) == len(parts) else chunk.take(used)
    of_used = parts[used]
    inputs = transform.scaled(cross.encode(transform, taken, used + piece.start, of_used == TRAIN))
    if not np.isfinite(inputs).all():
        raise _feature_too_far(inputs, transform, taken, of_used)
    values = rows.targets.values(piece, chunk)
    if values.dtype != np.int64 and not np.isfinite(_scaled(values[used].reshape(len(used), -1), scales)).all():
        raise _target_too_far(values[used].reshape(len(used), -1), rows.targets.names, scales, of_used)
    for code, sheet in sheets.items():
        if len(chosen := np.flatnonzero(of_used == code)):
            places = used[chosen]
            of_part = None if weights.is_even else weights.of(code, piece, chunk, rows.targets)[places]
            sheet.add(inputs[chosen], values[places], scales, of_part)


def _scaled(values: Floats | npt.NDArray[np.int64], scales: Sequence[TargetScale]) -> npt.NDArray[np.float32]:
    """(n, k) targets as they are learnt."""
    centres, widths = [one.centre for one in scales], [one.scale for one in scales]
    with np.errstate(over="ignore"):
        found: npt.NDArray[np.float32] = ((values - centres) / widths).astype(np.float32)
    return found


def _feature_too_far(
    inputs: npt.NDArray[np.float32], transform: FittedTransform, rows: Columns, parts: Parts
) -> WorkFailed:
    row, place = (int(at[0]) for at in np.nonzero(~np.isfinite(inputs)))
    value, name = float(transform.encode(rows)[row, place]), transform.encoded_names[place]
    scale = TargetScale(float(transform.centre[place]), float(transform.scale[place]))
    mends = ['leave the feature out ("exclude")']
    if scale == TargetScale() and parts[row] == TRAIN:
        mends.append('use "scaler": "standard"')
    return _too_far(f"feature {name!r}", value, scale, mends)


def _target_too_far(
    values: Floats | npt.NDArray[np.int64], names: Sequence[str], scales: Sequence[TargetScale], parts: Parts
) -> WorkFailed:
    row, place = (int(at[0]) for at in np.nonzero(~np.isfinite(_scaled(values, scales))))
    mends = ['use "scale_target": "auto"'] if scales[place] == TargetScale() and parts[row] == TRAIN else []
    return _too_far(f"target {names[place]!r}", float(values[row, place]), scales[place], mends)


def _too_far(what: str, value: float, scale: TargetScale, mends: Sequence[str]) -> WorkFailed:
    """`mends` are those for a value that is meant as it is."""
    scaled = f" less {scale.centre:.6g}, divided by {scale.scale:.6g} (the training rows' centre and scale),"
    meant = f"; otherwise, {' or '.join(mends)}" if mends else ""
    return WorkFailed(
        "too_large",
        f"{what} has the value {value!r}, which{'' if scale == TargetScale() else scaled} exceeds float32 (3.4e38), "
        f'which training uses; if it stands for a missing value, declare it at upload ("null_values"){meant}',
    )
