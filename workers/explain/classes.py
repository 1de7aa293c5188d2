"""How a classifier does, class by class: precision, recall, F1, the ROC and the precision-recall curve.

The definitions are scikit-learn's. With two classes the curves are those of the second; with more, each class is held
against the rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.model.predictor import Label
from service.domain.report.classes import Curves, PrecisionRecall, ReportedClass, Roc

MOST_POINTS = 200
MOST_CLASSES = 10  # curves are drawn for: the ones with most rows


def per_class(truth: Integers, probabilities: Floats, labels: tuple[Label, ...]) -> list[ReportedClass]:
    """In the order of the classes. A precision without predictions and a recall without rows are None."""
    classes, predicted = len(labels), probabilities.argmax(axis=1)
    right, taken, support = (
        np.bincount(rows, minlength=classes).tolist() for rows in (truth[truth == predicted], predicted, truth)
    )
    return [
        ReportedClass(label, _share(tp, taken), _share(tp, rows), _share(2 * tp, taken + rows), rows)
        for label, tp, taken, rows in zip(labels, right, taken, support, strict=True)
    ]


def curves(truth: Integers, probabilities: Floats, labels: tuple[Label, ...]) -> list[Curves]:
    """Curves of each class that has rows, and others beside it. They are thinned to `MOST_POINTS`; the areas are those
    of all rows."""
    support = np.bincount(truth, minlength=len(labels))
    drawn = [number for number in range(len(labels)) if 0 < support[number] < len(truth)]
    chosen = [1] if len(labels) == 2 else sorted(sorted(drawn, key=lambda number: -support[number])[:MOST_CLASSES])
    return [_curves(truth == number, probabilities[:, number], labels[number]) for number in chosen if number in drawn]


def _curves(positive: npt.NDArray[np.bool_], scores: Floats, label: Label) -> Curves:
    true, taken = _counted(positive, scores)
    false_rate, true_rate = (taken - true) / (len(positive) - true[-1]), true / true[-1]
    precision, recall = np.append((true[1:] / taken[1:])[::-1], 1.0), true_rate[::-1]
    turns = np.r_[True, (np.diff(true, 2) != 0) | (np.diff(taken, 2) != 0), True]  # others lie on straight lines
    area = float(np.trapezoid(true_rate, false_rate))
    false_rate, true_rate = false_rate[turns], true_rate[turns]
    roc, found = _thin(false_rate, true_rate), _thin(recall, precision)
    return Curves(
        label,
        roc_auc=area,
        average_precision=float(-np.diff(recall) @ precision[:-1]),
        share=float(positive.mean()),
        roc=Roc(false_rate[roc].tolist(), true_rate[roc].tolist()),
        precision_recall=PrecisionRecall(recall[found].tolist(), precision[found].tolist()),
    )


def _counted(positive: npt.NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """How many rows above each threshold are positive, and how many there are, the highest threshold first; from none
    on. Rows of the same score come together."""
    order = np.argsort(-scores)
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true = np.cumsum(positive[order], dtype=np.float64)[ends]
    return np.append(0.0, true), np.append(0.0, ends + 1.0)


def _thin(x: Floats, y: Floats) -> npt.NDArray[np.int64]:
    """Positions of at most `MOST_POINTS` points, evenly spaced along the curve, its ends among them."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    places = np.searchsorted(length, np.linspace(0, length[-1], MOST_POINTS))
    places[0], places[-1] = 0, len(x) - 1
    return np.unique(places)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
