"""From a stored table to what the engines read: split, transform, and one float32 matrix for each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.cells.columns import Columns
from service.domain.cells.kinds import Kind
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.model.predictor import Label, TargetScale
from service.domain.model.transform import FittedTransform
from service.domain.resolving.limits import kept_categories
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.tasks import TASKS
from service.errors import WorkFailed
from service.reading.arrow.stored import chunks
from workers.training.data.cross_fitted import CrossFitted
from workers.training.data.fill import PARTS, FilledPart, Sorted, drop_gaps, fill, row_bytes, training_rows
from workers.training.data.fit import fit
from workers.training.data.merged import Merged, merged_categories
from workers.training.data.moments import target_moments
from workers.training.data.parting import check_parts, part_rows
from workers.training.data.reading import TableReading
from workers.training.data.room import Room
from workers.training.data.target_statistics import with_statistics
from workers.training.data.targets import TargetColumns, read_other_targets, read_targets
from workers.training.data.weights import class_weights
from workers.training.split import TRAIN, UNUSED, VALIDATION, Parts, joined

CHUNK_CELLS = 2**21  # read at a time in float64: from 32 MiB on the allocator asks for fresh memory each time
MOST_JUDGED = 2**20  # held-out rows that errors are told of one by one


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that training needs of the data. `classes` is empty for a regression; each target has a scale;
    `other_split` is of the other dataset whose rows validate, if one does; so many `stored_bytes` are on the disk;
    `table` is what was read of a small one; `cross` is how training rows read statistics of their target, and `merged`
    what is to be told of categories without an input of their own."""

    transform: FittedTransform
    target_scales: tuple[TargetScale, ...]
    classes: tuple[Label, ...]
    parts: dict[str, FilledPart]
    split: Parts
    other_split: Parts | None = None
    stored_bytes: int = 0
    table: Columns | None = None
    cross: CrossFitted = field(default_factory=CrossFitted)
    merged: tuple[Merged, ...] = ()

    @property
    def memory_bytes(self) -> int:
        """What its inputs take of the memory: nothing where they are on the disk."""
        return 0 if self.stored_bytes else sum(4 * len(part) * self.transform.n_outputs for part in self.parts.values())

    def rows_of(self, part: str) -> npt.NDArray[np.int64]:
        """(n,) where a part's rows are in their table: that of the other dataset, where its rows validate."""
        split = self.split if self.other_split is None or part != "validation" else self.other_split
        return np.flatnonzero(split == PARTS[part])

    def with_some_held_out(self, most: int = MOST_JUDGED) -> Prepared:
        """The prepared table with at most `most` rows in the validation and in the test part, drawn by chance: enough
        to tell of errors, and bounded. The others are in no part of the split."""
        parts, split, other_split = dict(self.parts), self.split, self.other_split
        for name in ("validation", "test"):
            if len(part := self.parts[name]) <= most:
                continue
            generator = np.random.Generator(np.random.Philox(key=[PARTS[name], len(part)]))
            chosen = np.sort(generator.choice(len(part), most, replace=False, shuffle=False))
            parts[name] = part.some(chosen)
            kept = np.full(len(part), UNUSED, dtype=np.uint8)
            kept[chosen] = PARTS[name]
            if other_split is not None and name == "validation":
                other_split = _with(other_split, PARTS[name], kept)
            else:
                split = _with(split, PARTS[name], kept)
        return replace(self, parts=parts, split=split, other_split=other_split)

    @property
    def train(self) -> FilledPart:
        return self.parts["train"]

    @property
    def target_scale(self) -> TargetScale:
        """The scale of the only target. Raises ValueError for several."""
        (scale,) = self.target_scales
        return scale

    def each(self) -> list[Prepared]:
        """The prepared table for each target alone."""
        several = len(self.target_scales)
        return [self] if several == 1 else [self.of_target(index) for index in range(several)]

    def of_target(self, index: int) -> Prepared:
        """The prepared table with only one of the targets."""
        parts = {
            name: FilledPart(replace(part.data, targets=part.data.targets[:, index : index + 1]), part.truth[:, index])
            for name, part in self.parts.items()
        }
        return replace(self, target_scales=(self.target_scales[index],), parts=parts)


def _with(split: Parts, part: int, kept: Parts) -> Parts:
    """A split in which the rows of a part are in other ones."""
    changed = split.copy()
    changed[split == part] = kept
    return changed


def prepare(
    path: Path,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    target_kind: Kind,
    most_categories: int,
    room: Room,
    validation: Path | None = None,
    from_disk: bool = True,
    style: TextStyle = PLAIN,
    width: int = 0,
    order_kind: Kind | None = None,
    joins: bool = False,
) -> Prepared:
    """Split first, then fit on the training rows only, then transform every part. `validation` is the table of another
    dataset whose rows validate; `from_disk` says whether rows may be kept there; `style` is how the table's cells were
    written; the features will be encoded into about `width` columns; `most_categories` is the operator's limit (0:
    none); `order_kind` is the kind of the column that the split goes by, if it does; `joins` says that the validation
    rows train as well, for a refit. Raises WorkFailed, StorageFull."""
    columns = _columns(spec, kinds, target_kind)
    order = {} if order_kind is None or spec.split.order_by is None else {spec.split.order_by: order_kind}
    table = TableReading(path, {**columns, **order}, room.copies_bytes, width)
    targets = read_targets(table, spec, target_kind, style)
    split = part_rows(table, spec, targets)
    if MISSING[spec.missing].drops:
        drop_gaps(table, kinds, split)
    if joins:
        split = joined(split)
    per_class = check_parts(split, targets, spec)
    tables = [Sorted(table, split, targets)]
    if validation is not None:
        tables.append(
            _others(TableReading(validation, columns, room.copies_bytes, width), spec, kinds, target_kind, targets)
        )
    most = kept_categories(len(split), most_categories)
    fitted = fit(lambda: training_rows(tables[0], kinds), kinds, spec.missing, spec.scaler, most, spec.n_bins)
    told = with_statistics(tables[0], spec, kinds, fitted, merged_categories(tables[0], kinds, fitted))
    transform = told.transform
    size, directory = _place(spec, tables, transform, room, from_disk)
    scales = _scales(spec, tables[0])
    decimal = style.decimal_of(spec.targets[0])
    asked = spec.class_weights
    of_class = None if asked is None else class_weights(asked, per_class, targets.labels, decimal)
    parts = [fill(rows, spec, kinds, transform, told.cross, scales, of_class, directory) for rows in tables]
    all_parts = {**parts[0], "validation": parts[-1]["validation"]}
    other_split = None if validation is None else tables[-1].split
    stored = 0 if directory is None else size
    return Prepared(
        transform, scales, targets.labels, all_parts, split, other_split, stored, table.small(), told.cross, told.merged
    )


def _columns(spec: TrainingSpec, kinds: dict[str, Kind], target_kind: Kind) -> dict[str, Kind]:
    """All that are read of a table."""
    columns = {**kinds, **dict.fromkeys(spec.targets, "numeric" if TASKS[spec.task].is_regression else target_kind)}
    return columns if spec.weight_column is None else {**columns, spec.weight_column: "numeric"}


def _place(
    spec: TrainingSpec, tables: Sequence[Sorted], transform: FittedTransform, room: Room, from_disk: bool
) -> tuple[int, Path | None]:
    """The size of the prepared rows in bytes, and the directory that they are kept in: None for memory. Raises
    WorkFailed for rows that must be in memory and are too many for it."""
    rows = sum(int(np.count_nonzero(table.split != UNUSED)) for table in tables)
    size = rows * (4 * transform.n_outputs + row_bytes(spec))
    if from_disk and spec.engine != "autograd":
        return size, None if room.keeps_in_memory(size) else room.directory
    if size > room.most_bytes:
        other = ', or the engine "fused" (on the CPU, without dropout and lbfgs), which trains from disk'
        raise WorkFailed(
            "too_large",
            f"the prepared table would take {size / 2**20:,.0f} MiB of memory; {room.most_bytes / 2**20:,.0f} are "
            f"allowed (ADALINE_TRAINING_MEMORY_BYTES); use fewer rows or columns{other if from_disk else ''}",
        )
    return size, None


def _scales(spec: TrainingSpec, table: Sorted) -> tuple[TargetScale, ...]:
    """The scale of each target, by its training rows."""
    if spec.scale_target is not True:
        return (TargetScale(),) * len(spec.targets)
    training = (
        chunk.take(np.flatnonzero(table.split[rows] == TRAIN)) for rows, chunk in table.table.pieces(spec.targets)
    )
    chunks_of_targets = (np.stack([chunk.floats(name) for name in spec.targets], axis=1) for chunk in training)
    return tuple(TargetScale(*pair) for pair in target_moments(chunks_of_targets, len(spec.targets)))


def _others(
    table: TableReading, spec: TrainingSpec, kinds: dict[str, Kind], target_kind: Kind, first: TargetColumns
) -> Sorted:
    """The rows of another dataset: those that can be judged all validate."""
    targets = read_other_targets(table, spec, target_kind, first)
    split = np.where(targets.usable, np.uint8(VALIDATION), np.uint8(UNUSED))
    if MISSING[spec.missing].drops:
        drop_gaps(table, kinds, split)
    if not (split == VALIDATION).any():
        raise WorkFailed("too_few_rows", "dropping rows with gaps leaves no row of the validation dataset")
    return Sorted(table, split, targets)


def exact_pieces(
    path: Path | None, kinds: dict[str, Kind], prepared: Prepared, bias: bool
) -> Iterator[tuple[Floats, Floats]]:
    """The training rows in float64, a chunk at a time: the scaled design with a last column of ones for the bias, and
    the scaled target (n,); (n, k) for several."""
    transform, scales = prepared.transform, prepared.target_scales
    centre, scale = np.array([one.centre for one in scales]), np.array([one.scale for one in scales])
    start = seen = 0
    for chunk in _table_of(path, kinds, prepared):
        rows = np.flatnonzero(prepared.split[start : start + chunk.n_rows] == TRAIN)
        encoded = prepared.cross.encode(transform, chunk.take(rows), rows + start)
        start += chunk.n_rows
        design = np.ones((len(encoded), encoded.shape[1] + int(bias)))
        design[:, : encoded.shape[1]] = transform.placed(encoded)
        truth = prepared.train.truth[seen : seen + len(design)]
        seen += len(design)
        yield design, (truth - centre) / scale


def _table_of(path: Path | None, kinds: dict[str, Kind], prepared: Prepared) -> Iterable[Columns]:
    """What was read of a small table; else it is read again. Raises ValueError where there is neither."""
    if prepared.table is not None:
        return [prepared.table]
    if path is None:
        raise ValueError("a table that is not small is read at its path")
    return chunks(path, kinds, max(1, min(CHUNK_ROWS, CHUNK_CELLS // max(len(kinds), 1))))
