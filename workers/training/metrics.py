"""How good predictions are, by scikit-learn's definitions, and the trivial baseline to hold them against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

from service.domain.columns import Floats
from service.domain.predictor import Label

Metrics = dict[str, Any]


def regression_metrics(truth: Floats, predictions: Floats) -> Metrics:
    """mse, rmse, mae, r2 in the target's units; r2 is None where the truth does not vary."""
    mse = float(sk.mean_squared_error(truth, predictions))
    varies = len(truth) > 1 and float(truth.min()) < float(truth.max())
    return {
        "mse": mse,
        "rmse": math.sqrt(mse),
        "mae": float(sk.mean_absolute_error(truth, predictions)),
        "r2": float(sk.r2_score(truth, predictions)) if varies else None,
    }


def number_metrics(truth: Floats, predictions: Floats, targets: Sequence[str]) -> Metrics:
    """Of one target (n,); of several (n, k) the mean over them, None where one of them has none, and `by_target`."""
    if truth.ndim == 1:
        return regression_metrics(truth, predictions)
    each = {target: regression_metrics(truth[:, index], predictions[:, index]) for index, target in enumerate(targets)}
    means: Metrics = {}
    for name in next(iter(each.values())):
        values = [metrics[name] for metrics in each.values()]
        means[name] = None if None in values else float(np.mean(values))
    return {**means, "by_target": each}


def class_metrics(truth: npt.NDArray[np.int64], probabilities: Floats, labels: tuple[Label, ...]) -> Metrics:
    """accuracy, log_loss, roc_auc, f1, confusion (rows: truth, columns: prediction, in the order of the classes).

    Two classes: f1 and roc_auc are of the second. More: the mean over classes; roc_auc is one against the rest,
    None where a class has no row.
    """
    count = len(labels)
    pairs = np.bincount(truth * count + probabilities.argmax(axis=1), minlength=count * count)
    confusion = pairs.reshape(count, count)
    right, support = confusion.diagonal(), confusion.sum(axis=1)
    judged = [1] if count == 2 else list(range(count))
    auc = None
    if support.all():
        auc = float(np.mean([roc_auc(truth == number, probabilities[:, number]) for number in judged]))
    said_or_true = support + confusion.sum(axis=0)
    f1 = 2 * right / np.maximum(said_or_true, 1)  # 0 where a class is neither said nor true
    return {
        "accuracy": float(right.sum() / len(truth)),
        "log_loss": _log_loss(truth, probabilities),
        "roc_auc": auc,
        "f1": float(np.mean(f1[judged])),
        "confusion": confusion.tolist(),
    }


def roc_auc(positive: npt.NDArray[np.bool_], scores: Floats) -> float:
    """The share of pairs of a positive and another row in which the positive has the higher score; ties count half
    (Mann & Whitney 1947). Two sorts: scikit-learn's curve takes ten times as long for a million rows."""
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    lower = np.searchsorted(below, above, "left").sum() + np.searchsorted(below, above, "right").sum()
    return float(lower) / 2 / (len(above) * len(below))


def _log_loss(truth: npt.NDArray[np.int64], probabilities: Floats) -> float:
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.clip(chosen, np.finfo(np.float64).eps, 1)).mean())


def baseline(
    train_truth: Floats, truth: Floats, labels: tuple[Label, ...], targets: Sequence[str] = ("target",)
) -> Metrics:
    """The metrics of always saying the training rows' mean, or their class shares (so: the majority)."""
    if not labels:
        return number_metrics(truth, np.full(truth.shape, train_truth.mean(axis=0)), targets)
    shares = np.bincount(train_truth.astype(np.int64), minlength=len(labels)) / len(train_truth)
    return class_metrics(truth.astype(np.int64), np.tile(shares, (len(truth), 1)), labels)
