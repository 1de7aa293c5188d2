"""What categories say of the target beyond all else that is known of their rows: effects, shrunk where rows are few.

The model is y = a + Xβ + Σ u_c + e, with the other inputs X and an effect u for each category of the features that are
estimated; e has the variance s², u the variance t². An effect is the mean residual of n rows times n / (n + s²/t²):
the empirical Bayes estimate (Micci-Barreca 2001), or the best linear prediction of a mixed model (Henderson 1975).
Slopes and effects are found in turns (backfitting: Breiman & Friedman 1985).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from service.domain.arrays import Floats, Integers
from workers.training.data.cross_fitted import FOLDS

TURNS = 8
PENALTY = 1.0  # of standardised inputs, beside sums over rows: it matters only where there are hardly more rows
SURE = 3.0  # standard errors that the variance between categories must be above what chance gives


@dataclass(slots=True)
class GroupSums:
    """Sums over the rows of each category in each fold: of residuals (FOLDS, m, k), of weights (FOLDS, m), and of
    squared residuals (k,) in all."""

    residuals: Floats
    weights: Floats
    squares: Floats

    @classmethod
    def empty(cls, categories: int, outputs: int) -> GroupSums:
        return cls(np.zeros((FOLDS, categories, outputs)), np.zeros((FOLDS, categories)), np.zeros(outputs))

    def add(self, codes: Integers, folds: Integers, residuals: Floats, weights: Floats) -> None:
        """Rows by the number of their category (n,), -1 for rows of none, their residuals (n, k) and weights (n,)."""
        there = codes >= 0
        shape = self.weights.shape
        places = folds[there] * shape[1] + codes[there]
        counted = weights[there]
        self.weights += np.bincount(places, counted, self.weights.size).reshape(shape)
        for output, column in enumerate(residuals[there].T):
            self.residuals[..., output] += np.bincount(places, counted * column, self.weights.size).reshape(shape)
            self.squares[output] += float(counted @ (column * column))


@dataclass(frozen=True, slots=True)
class Effects:
    """Of each category and output (m, k): from all rows, and (FOLDS, m, k) from all but those of a fold. `is_sure` says
    whether categories differ by more than chance."""

    whole: Floats
    folded: Floats
    is_sure: bool


def effects_of(sums: GroupSums) -> Effects:
    """Effects from sums of residuals; their variances are those of the analysis of variance (Searle, Casella &
    McCulloch 1992)."""
    weights, residuals = sums.weights.sum(axis=0), sums.residuals.sum(axis=0)
    there = weights > 0
    total, groups = float(weights.sum()), int(np.count_nonzero(there))
    nothing = Effects(np.zeros_like(residuals), np.zeros_like(sums.residuals), False)
    between_freedom, within_freedom = groups - 1, total - groups
    if between_freedom < 1 or within_freedom < 1:
        return nothing
    mean = residuals.sum(axis=0) / total
    of_groups = (residuals[there] ** 2 / weights[there, None]).sum(axis=0)
    within = np.maximum(sums.squares - of_groups, 0.0) / within_freedom
    between = np.maximum(of_groups - total * mean**2, 0.0) / between_freedom
    size = (total - float((weights**2).sum()) / total) / between_freedom
    variance = (between - within) / size
    chance = 1 + SURE * np.sqrt(2 / between_freedom + 2 / within_freedom)
    sure = (between > chance * within) & (variance > 0)
    if not sure.any():
        return nothing
    shrinkage = np.where(variance > 0, within / np.where(variance > 0, variance, 1.0), np.inf)

    def shrunk(some_residuals: Floats, some_weights: Floats) -> Floats:
        above = some_residuals - some_weights[..., None] * mean
        below = some_weights[..., None] + shrinkage
        found: Floats = np.where(some_weights[..., None] > 0, above / np.where(below > 0, below, 1.0), 0.0)
        return found

    others = shrunk(residuals - sums.residuals, np.maximum(weights - sums.weights, 0.0))
    return Effects(shrunk(residuals, weights), others, True)


@dataclass(frozen=True, slots=True)
class EffectSample:
    """Some training rows: inputs (n, w), targets (n, k), weights (n,), and the numbers of their categories (n,) of each
    feature that is estimated."""

    inputs: Floats
    targets: Floats
    weights: Floats
    codes: Sequence[Integers]


@dataclass(frozen=True, slots=True)
class Backfitted:
    """What explains the targets beside the categories: y ≈ intercept (k,) + inputs (n, w) @ slopes (w, k), and the
    first guess of the effects (m, k) of each feature."""

    intercept: Floats
    slopes: Floats
    effects: list[Floats] = field(default_factory=list)


def backfit(sample: EffectSample, sizes: Sequence[int]) -> Backfitted:
    """Slopes and effects of a sample, each given the other, in turns."""
    weights = sample.weights / sample.weights.sum()
    centre, middle = weights @ sample.inputs, weights @ sample.targets
    moved = sample.inputs - centre
    spread = np.sqrt(weights @ (moved * moved))
    moved /= np.where(spread > 0, spread, 1.0)
    weighted = moved * sample.weights[:, None]
    inverse = np.linalg.inv(weighted.T @ moved + PENALTY * np.eye(moved.shape[1]))
    targets, outputs = sample.targets - middle, sample.targets.shape[1]
    effects = [np.zeros((size, outputs)) for size in sizes]
    folds = np.zeros(len(targets), np.int64)
    slopes = np.zeros((moved.shape[1], outputs))
    for _ in range(TURNS):
        slopes = inverse @ (weighted.T @ (targets - _told(sample.codes, effects)))
        residuals = targets - moved @ slopes
        for number, codes in enumerate(sample.codes):
            others = _told(sample.codes, effects) - of_rows(effects[number], codes)
            sums = GroupSums.empty(sizes[number], outputs)
            sums.add(codes, folds, residuals - others, sample.weights)
            effects[number] = effects_of(sums).whole
    scaled = slopes / np.where(spread > 0, spread, 1.0)[:, None]
    return Backfitted(middle - centre @ scaled, scaled, effects)


def of_rows(effects: Floats, codes: Integers) -> Floats:
    """(n, k) the effects (m, k) of rows by the numbers of their categories; 0 for rows of none."""
    return np.vstack([effects, np.zeros((1, effects.shape[1]))])[codes]


def _told(codes: Sequence[Integers], effects: Sequence[Floats]) -> Floats:
    """(n, k) what all features say of each row."""
    told: Floats = np.sum([of_rows(one, of) for one, of in zip(effects, codes, strict=True)], axis=0)
    return told
