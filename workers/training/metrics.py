"""How good predictions are, by scikit-learn's definitions, and the trivial baseline to hold them against.

Truth and predictions come in pieces, so that no part has to be in memory as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats
from service.domain.model.magnitude import unit_of
from service.domain.model.predictor import Label
from service.domain.report.metrics import ClassMetrics, NumberMetrics
from workers.training.data.moments import Kept, Moments, target_moments

Pieces = Iterable[tuple[Floats, Floats]]
"""Of some rows the truth (n,) or (n, k), class numbers for classes, and the predictions, probabilities for classes."""

MOST_RANKED = 2**23  # numbers that roc_auc is computed from: of more rows every second is taken, or every fourth, …


def number_metrics(pieces: Pieces, targets: Sequence[str]) -> NumberMetrics:
    """mse, rmse, mae, r2 in the target's units; r2 is None where the truth does not vary, and what is beyond float64 is
    None too. Of several targets the mean over them, None where one of them has none, and `by_target`."""
    errors = [_Errors() for _ in targets]
    for truth, predictions in pieces:
        columns = truth.reshape(len(truth), -1).T, predictions.reshape(len(truth), -1).T
        for of_target, true, said in zip(errors, *columns, strict=True):
            of_target.add(true, said)
    each = {target: of_target.metrics() for target, of_target in zip(targets, errors, strict=True)}
    if len(targets) == 1:
        return each[targets[0]]
    mse, rmse, mae, r2 = (
        _mean([getattr(metrics, name) for metrics in each.values()]) for name in ("mse", "rmse", "mae", "r2")
    )
    return NumberMetrics(mse, rmse, mae, r2, by_target=each)


def _mean(values: Sequence[float | None]) -> float | None:
    """None where one of them is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


class _Errors:
    """Errors of one target, piece by piece."""

    def __init__(self) -> None:
        self._truth = Moments(1)
        self._squares = self._sizes = self._greatest = 0.0
        self._unit = 1.0

    def add(self, truth: Floats, predictions: Floats) -> None:
        with np.errstate(over="ignore"):
            errors = truth - predictions
        self._truth.add(np.ascontiguousarray(truth)[:, None])
        self._greatest = max(self._greatest, float(np.abs(errors).max(initial=0.0)))
        unit = unit_of(self._greatest)
        if unit != self._unit:
            ratio = unit / self._unit if self._squares else 1.0
            self._squares, self._sizes = self._squares * ratio * ratio, self._sizes * ratio
            self._unit = unit
        if unit != 1.0:
            errors = errors * unit
        self._squares += float(errors @ errors)
        self._sizes += float(np.abs(errors).sum())

    def metrics(self) -> NumberMetrics:
        count = self._truth.count
        mean, unit, truth = self._squares / count, self._unit, self._truth
        varies = bool(count > 1 and truth.low[0] < truth.high[0])
        ratio = float(truth.unit[0]) / unit
        spread = float(truth.squares[0])
        r2 = 1 - self._squares / spread * ratio * ratio if varies and spread else None
        found = (mean / unit / unit, math.sqrt(mean) / unit, self._sizes / count / unit, r2)
        mse, rmse, mae, r2 = (None if value is None or not math.isfinite(value) else value for value in found)
        return NumberMetrics(mse, rmse, mae, r2)


def class_metrics(pieces: Pieces, labels: tuple[Label, ...]) -> ClassMetrics:
    """accuracy, log_loss, roc_auc, f1, confusion (rows: truth, columns: prediction, in the order of the classes).

    Two classes: f1 and roc_auc are of the second. More: the mean over classes; roc_auc is one against the rest,
    None where a class has no row.
    """
    classes, surprise = len(labels), 0.0
    confusion = np.zeros(classes * classes, dtype=np.int64)
    ranked = Kept(MOST_RANKED)
    for truth, probabilities in pieces:
        numbers = truth.astype(np.int64)
        confusion += np.bincount(numbers * classes + probabilities.argmax(axis=1), minlength=len(confusion))
        chosen = probabilities[np.arange(len(numbers)), numbers]
        surprise -= float(np.log(np.clip(chosen, np.finfo(np.float64).eps, 1)).sum())
        ranked.add(np.column_stack([truth, probabilities[:, 1:] if classes == 2 else probabilities]))
    table = confusion.reshape(classes, classes)
    right, count = np.diag(table), int(table.sum())
    both = table.sum(axis=0) + table.sum(axis=1)  # predicted, and there
    f1 = np.divide(2 * right, both, out=np.zeros(classes), where=both > 0)
    return ClassMetrics(
        accuracy=float(right.sum() / count),
        log_loss=surprise / count,
        roc_auc=_roc_auc(ranked.rows(), classes) if table.sum(axis=1).all() else None,
        f1=float(f1[1] if classes == 2 else f1.mean()),
        confusion=table.tolist(),
    )


def _roc_auc(rows: Floats, classes: int) -> float | None:
    """Area under the ROC curve, from the rows' classes and the probabilities of the second of two classes, or of
    all."""
    truth, scores = rows[:, 0].astype(np.int64), rows[:, 1:]
    if len(np.unique(truth)) < classes:
        return None
    judged = [1] if classes == 2 else range(classes)
    return float(np.mean([roc_auc(truth == number, column) for number, column in zip(judged, scores.T, strict=True)]))


def roc_auc(positive: npt.NDArray[np.bool_], scores: Floats) -> float:
    """The share of pairs of a positive and another row in which the positive has the higher score; ties count half
    (Mann & Whitney 1947). Two sorts: scikit-learn's curve takes ten times as long for a million rows."""
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    lower = np.searchsorted(below, above, "left").sum() + np.searchsorted(below, above, "right").sum()
    return float(lower) / 2 / (len(above) * len(below))


def baseline(
    train: Iterable[Floats], truth: Iterable[Floats], labels: tuple[Label, ...], targets: Sequence[str] = ("target",)
) -> NumberMetrics | ClassMetrics:
    """The metrics of always saying the training rows' mean, or their class shares (so: the majority); `train` and
    `truth` are pieces of what is true."""
    if not labels:
        scales = target_moments((piece.reshape(len(piece), -1) for piece in train), len(targets))
        means = np.asarray([mean for mean, _ in scales])
        return number_metrics(((piece, np.tile(means, (len(piece), 1))) for piece in truth), targets)
    counts: npt.NDArray[np.int64] = sum(
        (np.bincount(piece.astype(np.int64), minlength=len(labels)) for piece in train),
        start=np.zeros(len(labels), dtype=np.int64),
    )
    shares = counts / counts.sum()
    return class_metrics(((piece, np.tile(shares, (len(piece), 1))) for piece in truth), labels)
