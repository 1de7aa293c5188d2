"""Statistics of the target for categories without an input of their own, where they differ by more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.domain.arrays import Floats, Integers
from service.domain.cells.chunks import SAMPLE_CELLS
from service.domain.cells.columns import Columns
from service.domain.cells.kinds import Kind
from service.domain.model.feature import Feature, TargetStatistics
from service.domain.model.predictor import label_text
from service.domain.model.transform import FittedTransform
from service.domain.spec.training import TrainingSpec
from workers.training.data.cross_fitted import CrossFitted, FoldedStatistics, codes_of, folds_of
from workers.training.data.effects import Backfitted, Effects, EffectSample, GroupSums, backfit, effects_of, of_rows
from workers.training.data.fill import Sorted
from workers.training.data.merged import Merged
from workers.training.data.moments import Moments, nonzero
from workers.training.split import TRAIN

FEWEST_ROWS = 20  # of categories without an input: fewer tell nothing
LEAST_SHARE = 1e-3  # of the training rows, likewise: fewer are not worth passes over all of them
MOST_CATEGORIES = 2**17  # of a feature have statistics, the most frequent ones: a few MB of a model's manifest
MOST_OUTPUTS = 10  # targets or classes
MOST_INPUTS = 1500  # beside which effects are estimated: of a wider table without bins, of a still wider one none
ROUNDS = 2  # of features, where several are estimated beside each other
DIGITS = 9


@dataclass(frozen=True, slots=True)
class Widened:
    """A transform whose features have statistics, how training rows read them, and what is merged all the same."""

    transform: FittedTransform
    cross: CrossFitted
    merged: tuple[Merged, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Training rows: what the network would read of them without statistics, the targets (n, k), what each counts, and
    their numbers in the table; `cells` are theirs."""

    inputs: Floats
    targets: Floats
    weights: Floats
    numbers: Integers
    cells: Columns


def with_statistics(
    rows: Sorted, spec: TrainingSpec, kinds: dict[str, Kind], transform: FittedTransform, merged: Sequence[Merged]
) -> Widened:
    """The transform of a table's training rows, which has merged these categories, with their statistics."""
    without = Widened(transform, CrossFitted(), tuple(merged))
    outputs = _outputs(rows, spec)
    fewest = max(FEWEST_ROWS, LEAST_SHARE * np.count_nonzero(rows.split == TRAIN))
    estimated = [one for one in merged if one.rows >= fewest and one.rows > len(one.counts) > 1]
    if not estimated or len(outputs) > MOST_OUTPUTS:
        return without
    numbers = [{word: n for n, word in enumerate([*one.counts][:MOST_CATEGORIES])} for one in estimated]
    with np.errstate(all="ignore"):  # squares beyond float64: then nothing is known of the categories
        found = _estimate(rows, spec, kinds, transform, [one.feature.name for one in estimated], numbers)
    sure = {
        one.feature.name: (of, effects)
        for one, of, effects in zip(estimated, numbers, found, strict=True)
        if effects.is_sure and np.isfinite(effects.whole).all() and np.isfinite(effects.folded).all()
    }
    if not sure:
        return without
    features = tuple(_told(feature, outputs, sure) for feature in transform.features)
    widened, cross = _widened(rows, spec, kinds, transform, features, sure)
    by_name = {feature.name: feature for feature in features}
    return Widened(widened, cross, tuple(replace(one, feature=by_name[one.feature.name]) for one in merged))


def _outputs(rows: Sorted, spec: TrainingSpec) -> tuple[str, ...]:
    """What effects are on: the targets, or the classes; of two classes the second."""
    labels = [label_text(label) for label in rows.targets.labels]
    return tuple(labels[1:] if len(labels) == 2 else labels) or spec.targets


def _told(
    feature: Feature, outputs: tuple[str, ...], sure: dict[str, tuple[dict[str, int], Effects]]
) -> Feature:  # fmt: skip
    if feature.name not in sure:
        return feature
    numbers, effects = sure[feature.name]
    values = tuple(tuple(float(f"{value:.{DIGITS}g}") for value in row) for row in effects.whole.tolist())
    return replace(feature, statistics=TargetStatistics(outputs, tuple(numbers), values))


def _estimate(
    rows: Sorted,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    transform: FittedTransform,
    names: Sequence[str],
    numbers: Sequence[dict[str, int]],
) -> list[Effects]:
    """The effects of the categories of each of these features."""

    def codes(some: _Rows, at: int) -> Integers:
        return codes_of(some.cells.categories(names[at]), numbers[at])

    sizes = [len(of) for of in numbers]
    count = int(np.count_nonzero(rows.split == TRAIN))
    every = max(1, -(-count * (transform.n_outputs + len(names)) // SAMPLE_CELLS))
    fitted = backfit(_sample(rows, spec, kinds, transform, names, numbers, every), sizes)
    effects, found = list(fitted.effects), [Effects(np.empty(0), np.empty(0), False)] * len(names)
    for _ in range(ROUNDS if len(names) > 1 else 1):
        for at in range(len(names)):
            sums = GroupSums.empty(sizes[at], effects[at].shape[1])
            for some in _training(rows, spec, kinds, transform):
                residuals = _residuals(some, fitted)
                for other in range(len(names)):
                    if other != at:
                        residuals -= of_rows(effects[other], codes(some, other))
                sums.add(codes(some, at), folds_of(spec.seed, some.numbers), residuals, some.weights)
            found[at] = effects_of(sums)
            effects[at] = found[at].whole
    return found


def _residuals(some: _Rows, fitted: Backfitted) -> Floats:
    left: Floats = some.targets - fitted.intercept - some.inputs @ fitted.slopes
    return left


def _sample(
    rows: Sorted,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    transform: FittedTransform,
    names: Sequence[str],
    numbers: Sequence[dict[str, int]],
    every: int,
) -> EffectSample:
    """Every so many-th training row."""
    parts, codes, seen = [], list[list[Integers]](), 0
    for some in _training(rows, spec, kinds, transform):
        taken = slice(-seen % every, None, every)
        seen += len(some.numbers)
        parts.append((some.inputs[taken], some.targets[taken], some.weights[taken]))
        codes.append(
            [codes_of(some.cells.categories(name), of)[taken] for name, of in zip(names, numbers, strict=True)]
        )
    inputs, targets, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
    return EffectSample(inputs, targets, weights, [np.concatenate(each) for each in zip(*codes, strict=True)])


def _training(
    rows: Sorted, spec: TrainingSpec, kinds: dict[str, Kind], transform: FittedTransform
) -> Iterator[_Rows]:  # fmt: skip
    """The training rows, a chunk at a time."""
    weight = [] if spec.weight_column is None else [spec.weight_column]
    every = np.arange(transform.n_outputs)
    read = next((some for some in (every, every[~transform.is_bin]) if len(some) <= MOST_INPUTS), every[:0])
    for piece, chunk in rows.table.pieces([*kinds, *rows.targets.columns, *weight]):
        chosen = np.flatnonzero(rows.split[piece] == TRAIN)
        cells, given = chunk.take(chosen), rows.targets.values(piece, chunk)[chosen]
        values = given.astype(np.float64)
        if labels := rows.targets.labels:
            values = (given[:, None] == np.arange(int(len(labels) == 2), len(labels))).astype(np.float64)
        inputs = (
            transform.apply(cells).astype(np.float64).take(read, axis=1) if len(read) else np.empty((len(chosen), 0))
        )
        counts = cells.floats(weight[0]) if weight else np.ones(len(chosen))
        yield _Rows(inputs, values.reshape(len(chosen), -1), counts, chosen + piece.start, cells)


def _widened(
    rows: Sorted,
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    transform: FittedTransform,
    features: tuple[Feature, ...],
    sure: dict[str, tuple[dict[str, int], Effects]],
) -> tuple[FittedTransform, CrossFitted]:
    """The transform with the inputs of the statistics among its own, and how training rows read them. They are
    standardised whatever the scaler is: half of the rows may have none, and their unit is the target's."""
    old, new, start = {}, dict[str, Integers](), 0
    for number, (before, after) in enumerate(zip(transform.features, features, strict=True)):
        own, wide = before.encoded_names, after.encoded_names
        first = len(before.categories) + int(before.other)
        added = len(wide) - len(own)
        places = [*range(first), *range(first + added, len(wide))]
        old.update({(number, at): start + place for at, place in enumerate(places)})
        if added:
            new[after.name] = np.arange(start + first, start + first + added)
        start += len(wide)
    origins = [(number, at) for number, one in enumerate(transform.features) for at in range(len(one.encoded_names))]
    moved = np.array([old[origins[place]] for place in transform.kept.tolist()], np.int64)
    tables = [FoldedStatistics(name, sure[name][0], sure[name][1].folded, to) for name, to in new.items()]
    moments = _moments(rows, spec, kinds, tables)
    stays = moments.high > moments.low
    centre, scale = moments.mean, nonzero(moments.deviation)
    kept = np.concatenate([moved, np.concatenate([new[one.name] for one in tables])[stays]])
    order = np.argsort(kept)

    def joined(ours: Floats, theirs: Floats) -> Floats:
        found: Floats = np.concatenate([ours, theirs[stays]])[order]
        return found

    wide_transform = FittedTransform(
        features,
        kept[order],
        joined(transform.centre, centre),
        joined(transform.scale, scale),
        None if transform.mean is None else joined(transform.mean, moments.mean),
        transform.clip,
    )
    at = {place: position for position, place in enumerate(wide_transform.kept.tolist())}
    held = []
    for one in tables:
        there = np.array([int(place) in at for place in one.to])
        to = np.array([at[int(place)] for place in one.to[there]], np.int64)
        held.append(replace(one, values=one.values[..., there], to=to))
    return wide_transform, CrossFitted(spec.seed, tuple(held))


def _moments(
    rows: Sorted, spec: TrainingSpec, kinds: dict[str, Kind], tables: Sequence[FoldedStatistics]
) -> Moments:  # fmt: skip
    """Moments of the statistics as training rows read them."""
    width = sum(one.values.shape[2] for one in tables)
    moments = Moments(width)
    for piece, chunk in rows.table.pieces({one.name: kinds[one.name] for one in tables}):
        chosen = np.flatnonzero(rows.split[piece] == TRAIN)
        folds, blocks = folds_of(spec.seed, chosen + piece.start), []
        for one in tables:
            codes = codes_of(chunk.categories(one.name).take(chosen), one.numbers)
            block = one.values[folds, codes]
            block[codes < 0] = 0.0
            blocks.append(block)
        moments.add(np.hstack(blocks))
    return moments
