"""The linear neuron to hold a network against: the best one on the same rows, loss and penalties.

Squared error has it from the normal equations; smooth losses by L-BFGS; those with a corner by Newton's method with
Hessians from some of the rows. Where the rows are few for its weights it may be shrunk, as far as the validation rows
like it: a network that stops early by those rows has the same advantage, and the verdict is on non-linearity alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from service.domain.arrays import Floats
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from workers.optimum.convex import penalised
from workers.optimum.effort import LONGEST, Size
from workers.optimum.losses import loss_of
from workers.optimum.newton import LOG_2, minimise
from workers.optimum.passes import Basis, Penalty, evaluate
from workers.optimum.quasi_newton import descend, sampled_metric, start_from_some, stride
from workers.training.data.moments import Moments
from workers.training.data.prepare import Prepared
from workers.training.data.rows import DesignRows, network_rows, of_target

ENOUGH = 1e-7  # of the first loss: far below what a verdict can tell
FEWEST_PASSES, MOST_PASSES = 20, 60  # over the rows, in a search by gradients
FEW_ROWS = 20  # rows for each weight: with fewer the optimum fits the training rows' noise
SHRINKAGE = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)  # l2 as a share of the loss's own curvature
CORNERED = 1.0  # what stands for the curvature of a loss with a corner
CORNER = 1e-2  # the width in which corners are rounded off, in standard deviations of the target
MOST_CURVED = 1_000  # weights whose Hessian is looked at
MOST_WHITENED = 1_500
ROWS_FOR_EACH = 50  # rows for each column in a Hessian by which alone a search goes
SAME = 1e-10  # directions flatter than this share of the steepest are the same columns twice


@dataclass(frozen=True, slots=True)
class Minimisation:
    """What is minimised: a loss of the training rows, with the spec's penalties, in a `basis`; `sizes` (w,) are the
    columns' root mean squares. `products` (w, w + 1) are the means ZᵀZ and Zᵀt; None where they do not suffice."""

    rows: DesignRows
    validation: DesignRows
    spec: TrainingSpec
    sizes: Floats
    basis: Basis | None
    outputs: int
    products: Floats | None

    def weights(self, found: Floats) -> Floats:
        """(w, k) of weights in the basis."""
        return found if self.basis is None else self.basis.matrix @ found


def linear_neuron(spec: TrainingSpec, prepared: Prepared, predictor: Predictor, check: Callable[[], None]) -> Predictor:
    """A predictor like the network's with the best linear neuron in its place, by the true classes without smoothing:
    those are what both are judged by. It is linear in the columns, so it has no weights for their bins. Raises what
    `check` raises."""
    bias, outputs, is_bin = spec.network.bias, predictor.network.sizes[-1], prepared.transform.is_bin
    columns = np.flatnonzero(~is_bin) if is_bin.any() else None
    rows, held_out = (network_rows(prepared.parts[name], bias, check, columns) for name in ("train", "validation"))
    whitens = rows.width <= MOST_WHITENED
    squared = whitens and LOSSES[spec.loss].is_quadratic and not spec.optimizer.l1
    means = _means(rows, 1 if squared else stride(rows.count, rows.width, ROWS_FOR_EACH), whitens, squared)
    sizes, basis = _basis(means[:, : rows.width] if whitens else means)
    weights: list[Floats] = []
    for column in range(1 if prepared.classes else outputs):
        products = np.column_stack([means[:, : rows.width], means[:, rows.width + column]]) if squared else None
        ours, theirs = (each if prepared.classes else of_target(each, column) for each in (rows, held_out))
        weights.append(
            _best(Minimisation(ours, theirs, spec, sizes, basis, outputs if prepared.classes else 1, products))
        )
    found = np.hstack(weights).astype(np.float32)
    if columns is not None:
        found = np.insert(found, np.flatnonzero(is_bin) - np.arange(np.count_nonzero(is_bin)), 0, axis=0)
    inputs = len(found) - int(bias)
    network = Network((inputs, outputs), spec.network.activation, bias)
    tensors = {"layers.0.weight": np.ascontiguousarray(found[:inputs].T)}
    if bias:
        tensors["layers.0.bias"] = found[inputs]
    return replace(predictor, network=network, parameters=network.flatten(tensors))


def _best(task: Minimisation) -> Floats:
    """(w, k): the optimum, or of it and shrunk ones the best on the validation rows."""
    start = np.zeros((task.rows.width if task.basis is None else task.basis.matrix.shape[1], task.outputs))
    passes = LONGEST // Size(task.rows.count, task.rows.width, task.outputs).passing()
    optimum, worst = _minimise(task, 0.0, start, passes)
    candidates = [optimum]
    few = task.rows.count < FEW_ROWS * start.size
    each = (passes - MOST_PASSES) // len(SHRINKAGE)
    may_be_shrunk = task.spec.early_stopping is not None and task.validation.count and each >= FEWEST_PASSES
    if may_be_shrunk and (few or worst < LOG_2):
        for share in SHRINKAGE:  # each starts where the last, more shrunk one has ended
            start, _ = _minimise(task, share, start, each)
            candidates.append(start)
    if len(candidates) == 1:
        return task.weights(optimum)
    loss, free = loss_of(task.spec.loss, task.spec.quantile), Penalty(np.zeros(task.rows.width))
    losses = [evaluate(task.validation, loss, free, found, task.basis, 0).loss for found in candidates]
    return task.weights(candidates[int(np.argmin(losses))])


def _minimise(task: Minimisation, share: float, start: Floats, passes: int) -> tuple[Floats, float]:
    """Weights (r, k) under the spec's penalties and `share` of shrinkage, and the greatest loss of a row, which only
    cross-entropy's caller asks for. By gradients so many passes are taken at most, and a few in any case."""
    optimizer, bias, kind = task.spec.optimizer, task.spec.network.bias, LOSSES[task.spec.loss]
    marks = penalised(task.rows.width, bias)
    ridge = marks * (optimizer.l2 + share * (kind.curvature or CORNERED) * task.sizes**2)
    if task.products is not None and task.basis is not None:
        return _least_squares(task.products, ridge, task.basis.matrix), np.inf
    penalty = Penalty(ridge, marks * optimizer.l1, CORNER / task.sizes) if optimizer.l1 else Penalty(ridge)
    smooth = kind.is_smooth and not optimizer.l1
    loss = loss_of(task.spec.loss, task.spec.quantile, 0.0 if smooth else CORNER * _target_spread(task.rows))
    if smooth or start.size > MOST_CURVED:
        curved = start.size <= MOST_CURVED
        if curved and not start.any():
            start = start_from_some(task.rows, loss, penalty, start, task.basis)
        metric = sampled_metric(task.rows, loss, penalty, start, task.basis) if curved else None
        point = descend(task.rows, loss, penalty, start, task.basis, ENOUGH, metric, max(passes, FEWEST_PASSES))
    else:
        every = stride(task.rows.count, len(start), ROWS_FOR_EACH)
        point = minimise(task.rows, loss, penalty, start, task.basis, every, ENOUGH, most_steps=50).point
    return point.weights, point.worst


def _least_squares(products: Floats, ridge: Floats, basis: Floats) -> Floats:
    """(r, 1): where 2 (ZᵀZ w - Zᵀt) + ridge · w has no part along the basis."""
    curved = basis.T @ ((2 * products[:, :-1] + np.diag(ridge)) @ basis)
    return np.asarray(np.linalg.solve(curved, 2 * basis.T @ products[:, -1:]), dtype=np.float64)


def _means(rows: DesignRows, every: int, whitens: bool, targets: bool) -> Floats:
    """The mean products of columns (w, w), and with all targets (w, w + k), which then count by the rows' weights; from
    every n-th row. Where columns are too many, their mean squares (w,)."""
    gathered: Floats = np.zeros(())
    sampled = 0
    for design, target, counts in rows.pieces():
        some = design[::every]
        sampled += len(some)
        if not whitens:
            gathered = gathered + np.sum(some**2, axis=0)
        elif not targets:
            gathered = gathered + some.T @ some
        else:
            weighed = some if counts is None else some * np.sqrt(counts)[:, None]
            right = some if counts is None else some * counts[:, None]
            gathered = gathered + np.hstack([weighed.T @ weighed, right.T @ target.reshape(len(target), -1)])
    return gathered / max(sampled, 1)


def _basis(means: Floats) -> tuple[Floats, Basis | None]:
    """The columns' root mean squares (w,), and directions along which the rows spread alike, from the mean products of
    columns (w, w); no directions from their mean squares (w,)."""
    squares = means if means.ndim == 1 else np.diag(means)
    sizes = np.sqrt(np.maximum(squares, np.finfo(np.float64).tiny))
    if means.ndim == 1:
        return sizes, None
    values, vectors = np.linalg.eigh(means / sizes[:, None] / sizes)
    kept = values > SAME * values[-1]
    return sizes, Basis(vectors[:, kept] / np.sqrt(values[kept]) / sizes[:, None], gentle=True)


def _target_spread(rows: DesignRows) -> float:
    moments = Moments(1)
    for _, target, _ in rows.pieces():
        moments.add(target[:, None])
    return float(moments.deviation[0])
