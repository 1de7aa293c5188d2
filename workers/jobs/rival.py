"""The version that serves, judged beside a new one: both answer for the new one's validation rows, read from the table
in the same pieces, so that equal models have equal figures to the last bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.domain.arrays import Floats, Integers
from service.domain.cells.chunks import CHUNK_ROWS
from service.domain.cells.columns import CellInvalid, Columns
from service.domain.cells.kinds import Kind
from service.domain.model.artifact import MANIFEST, REPORT, WEIGHTS, ArtifactInvalid, read
from service.domain.model.predictor import Predictor, label_text
from service.domain.model.promotion import Judged, main_metric
from service.domain.report.report import Report
from service.domain.spec.training import TrainingSpec
from service.errors import DatasetNotFound, StorageDamaged
from service.reading.arrow.stored import chunks
from service.store.blobs.bundles import read_version_file
from service.store.blobs.store import Blobs
from service.store.tables import DatasetRow, VersionRow
from workers.training.data.prepare import CHUNK_CELLS, MOST_JUDGED, Prepared
from workers.training.held_out import HeldOut
from workers.training.stored import Stored


@dataclass(frozen=True, slots=True)
class JudgingRows:
    """The validation rows: their `places` (n,) in their table, which is another dataset's or not, and the `truth` (n,)
    or (n, n_targets) of them; and the `figure` of the new model's main metric on them, which had not seen them."""

    places: Integers
    truth: Floats | Stored
    is_another_dataset: bool
    figure: float | None

    @classmethod
    def of(cls, prepared: Prepared, figure: float | None) -> JudgingRows:
        truth = prepared.parts["validation"].truth
        return cls(prepared.rows_of("validation"), truth, prepared.other_split is not None, figure)


@dataclass(frozen=True, slots=True)
class Contender:
    """A new version before it is published: its spec, the rows that judge it, the model that they judge and the one
    that is published, the dataset whose rows validate (its own, unless another does) and that one's table, its report,
    and the files that go along with it."""

    spec: TrainingSpec
    rows: JudgingRows
    judged: Predictor
    predictor: Predictor
    dataset: DatasetRow
    table: Callable[[], AbstractContextManager[Path]]
    report: Report
    along: Mapping[str, bytes]

    @property
    def n_rows(self) -> int:
        """How many rows validate."""
        return len(self.rows.places)


BEFORE_REFIT = "both before their refit on these rows, where there was one"


class NotComparable(Exception):
    """The version that serves cannot be judged on these rows; the text says why."""


def judge(contender: Contender, serving: VersionRow, blobs: Blobs, check: Callable[[], None]) -> Judged:
    """Both versions, by the main metric of the new one's task and loss. `check` is asked between pieces, and may raise
    what ends the job.

    A version that was trained on these very rows in its refit is held by what the model before it has scored on them.
    """
    metric = main_metric(contender.spec.task, contender.spec.loss)
    try:
        rival = _fitting(contender, serving, blobs)
        if (before := _scored_before(contender, serving, blobs, metric)) is not None:
            return Judged(metric, contender.n_rows, contender.rows.figure, before, note=BEFORE_REFIT)
        new, old = _figures(contender, rival, serving.version, metric, check)
        if not (np.isfinite(new) and np.isfinite(old)):
            raise NotComparable(f"their {metric} on these rows is not finite")
    except (NotComparable, DatasetNotFound) as error:  # the rows may have been deleted meanwhile
        return Judged(metric, contender.n_rows, why_not=str(error))
    return Judged(metric, contender.n_rows, new, old, note=_note(contender, serving, blobs))


def _fitting(contender: Contender, serving: VersionRow, blobs: Blobs) -> Predictor:
    """The model that serves, if it answers the same question from columns that are there. Raises NotComparable."""
    number, mine = serving.version, contender.judged
    if not contender.n_rows:
        raise NotComparable("there are no validation rows")
    try:
        rival = read(*(read_version_file(blobs, serving, name) for name in (MANIFEST, WEIGHTS)))
    except (KeyError, ArtifactInvalid, StorageDamaged) as error:
        raise NotComparable(f"the files of version {number} cannot be read: {error}") from error
    if rival.target != mine.target or bool(rival.classes) != bool(mine.classes):
        raise NotComparable(f"version {number} predicts {_question(rival)}, the new one {_question(mine)}")
    known = {label_text(label) for label in rival.classes}
    if unknown := [label for label in map(label_text, mine.classes) if label not in known]:
        raise NotComparable(f"version {number} does not know the class {unknown[0]!r}")
    there = {column["name"]: column["kind"] for column in contender.dataset.columns or ()}
    for name, kind in rival.feature_kinds.items():
        if name not in there:
            raise NotComparable(f"version {number} needs the column {name!r}, which these rows do not have")
        if there[name] != kind:
            raise NotComparable(f"version {number} reads {name!r} as {kind}, and it is {there[name]} here")
    return rival


def _question(predictor: Predictor) -> str:
    return f"{', '.join(map(repr, predictor.targets))} as {'classes' if predictor.classes else 'numbers'}"


def _figures(
    contender: Contender, rival: Predictor, number: int, metric: str, check: Callable[[], None]
) -> tuple[float, float]:
    """The metric of the new version and of the one that serves, which has this number."""
    mine = contender.judged
    by_label = {label_text(label): number for number, label in enumerate(rival.classes)}
    order = np.array([by_label[label_text(label)] for label in mine.classes], dtype=np.int64)
    sums = [0.0, 0.0]
    kinds = {**rival.feature_kinds, **mine.feature_kinds}
    widest = max(1, len(kinds), *mine.network.sizes, *rival.network.sizes)
    for truth, columns in _pieces(contender, kinds, max(1, min(CHUNK_ROWS, CHUNK_CELLS // widest))):
        check()
        for index, predictor in enumerate((mine, rival)):
            try:
                scores = predictor.predict(columns)
            except CellInvalid as error:
                raise NotComparable(f"version {number} has no answer for one of these rows: {error.detail}") from error
            scores = scores[:, order] if predictor is rival and len(order) else scores
            sums[index] += _summed(metric, truth, scores, contender.spec.quantile)
    new, old = (each / contender.n_rows for each in sums)
    if mine.temperature != 1 and contender.n_rows <= MOST_JUDGED and contender.rows.figure is not None:
        new = contender.rows.figure  # by temperatures that each row has not fitted
    return new, old


def _pieces(contender: Contender, kinds: dict[str, Kind], most: int) -> Iterator[tuple[Floats, Columns]]:
    """The truth of the validation rows and their cells, of so many rows of the table at a time."""
    rows, truth = contender.rows.places, contender.rows.truth
    start = 0
    with contender.table() as path:
        for chunk in chunks(path, kinds, most):
            first, behind = np.searchsorted(rows, (start, start + chunk.n_rows))
            if first < behind:
                yield truth[first:behind], chunk.take(rows[first:behind] - start)
            start += chunk.n_rows


OF_ERRORS: Mapping[str, Callable[[Floats, float], Floats]] = {
    "mse": lambda errors, quantile: errors * errors,
    "mae": lambda errors, quantile: np.abs(errors),
    "quantile_loss": lambda errors, quantile: np.maximum(quantile * errors, (quantile - 1) * errors),
}
"""What the main metrics of numbers are the means of: (n, k) of errors (n, k)."""


def _summed(metric: str, truth: Floats, scores: Floats, quantile: float) -> float:
    """The sum over rows of what the metric is the mean of; of several targets, their mean in each row."""
    if metric == "log_loss":
        chosen = scores[np.arange(len(truth)), truth.astype(np.int64)]
        return -float(np.log(np.clip(chosen, np.finfo(np.float64).eps, 1)).sum())
    errors = (truth - scores).reshape(len(truth), -1)
    return float(OF_ERRORS[metric](errors, quantile).mean(axis=1).sum())


def judged_figure(spec: TrainingSpec, held: HeldOut) -> float | None:
    """The main metric on the held-out validation rows; None without such rows, and where it is not finite."""
    part = held.prepared.parts["validation"]
    if not len(part):
        return None
    metric, scores = main_metric(spec.task, spec.loss), held.scores["validation"]
    figure = _summed(metric, part.truth[:], scores, spec.quantile) / len(part)
    return figure if np.isfinite(figure) else None


def _scored_before(contender: Contender, serving: VersionRow, blobs: Blobs, metric: str) -> float | None:
    """What the model of the version that serves has scored on these rows before its refit added them to its training;
    None where there was no refit, or the rows or the metric are other ones."""
    try:
        report = _report_of(serving, blobs)
    except StorageDamaged:
        return None
    refit, lineage = report.get("refit"), report.get("lineage", {})
    if not refit or refit["metric"] != metric or contender.rows.figure is None:
        return None
    same_quantile = lineage.get("spec", {}).get("quantile") == contender.spec.quantile
    if metric == "quantile_loss" and not same_quantile:
        return None
    return refit["value"] if _has_same_rows(contender, lineage) else None


def _report_of(serving: VersionRow, blobs: Blobs) -> dict[str, Any]:
    """Raises StorageDamaged."""
    report: dict[str, Any] = json.loads(read_version_file(blobs, serving, REPORT))
    return report


def _has_same_rows(contender: Contender, lineage: Mapping[str, Any]) -> bool:
    """Whether the rows that judged a version are these."""
    is_same_dataset = lineage.get("dataset_sha256") == contender.dataset.sha256
    is_same_split = lineage.get("split_sha256") == contender.report.lineage.split_sha256
    return is_same_dataset and is_same_split and not contender.rows.is_another_dataset


def _note(contender: Contender, serving: VersionRow, blobs: Blobs) -> str:
    """What flatters the version that serves: rows that it was trained on, by another split or another dataset."""
    try:
        lineage = _report_of(serving, blobs).get("lineage", {})
    except StorageDamaged as error:
        return f"whether version {serving.version} was trained on some of them is not known: {error}"
    if lineage.get("dataset_sha256") != contender.dataset.sha256 or _has_same_rows(contender, lineage):
        return ""
    return f"version {serving.version} was trained on some of them, which favours it"
