"""Probabilities of classes from a network's scores, and what several networks' scores say together."""

from __future__ import annotations

import functools

import numpy as np

from service.domain.arrays import Floats

FEW_CLASSES = 7  # numpy adds up so few numbers one after the other


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z))."""
    # exp of a negative argument only: no overflow on either side
    small = np.exp(-np.abs(z))
    values: Floats = np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    return values


def softmax(scores: Floats) -> Floats:
    """Probabilities (n_rows, n_classes) of scores, each row shifted by its largest score first."""
    if scores.shape[1] > FEW_CLASSES:
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities
    # class by class: the same sums in the same order, without a loop of its own for each row
    by_class = list(scores.T)
    probabilities = np.exp(scores - functools.reduce(np.maximum, by_class)[:, None])
    probabilities /= functools.reduce(np.add, list(probabilities.T))[:, None]
    return probabilities


def class_probabilities(scores: Floats) -> Floats:
    """(n_rows, n_classes): the softmax of several scores, or the sigmoid of a single one and its complement."""
    if scores.shape[1] > 1:
        return softmax(scores)
    second = sigmoid(scores[:, 0])
    return np.stack([1 - second, second], axis=1)


def pooled_scores(scores: Floats, is_classifier: bool) -> Floats:
    """What members (k, n_rows, n_outputs) say together, as scores (n_rows, n_outputs) of one network.

    The mean of their scores; of a classifier those of the mean of their probabilities (Lakshminarayanan, Pritzel &
    Blundell 2017, section 2.4): log p̄, of two classes log p̄ - log(1 - p̄), so that `class_probabilities` gives p̄.
    """
    if not is_classifier:
        mean: Floats = scores.mean(axis=0)
        return mean
    if scores.shape[2] == 1:
        # the members' number is in both sums alike
        log_odds: Floats = _log_sum(-np.logaddexp(0, -scores)) - _log_sum(-np.logaddexp(0, scores))
        return log_odds
    shifted = scores - scores.max(axis=2, keepdims=True)
    sums: Floats = _log_sum(shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))) - np.log(len(scores))
    return sums


def _log_sum(logs: Floats) -> Floats:
    """The log of the sum over members of exp(logs)."""
    total: Floats = np.logaddexp.reduce(logs, axis=0)
    return total
