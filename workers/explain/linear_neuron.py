"""The linear neuron to hold a network against: the best one on the same rows, loss and penalties.

Found by Newton's method with Hessians from some of the rows, or by L-BFGS where there are too many weights for that.
Where the rows are few for its weights it may be shrunk, as far as the validation rows like it: a network that stops
early by those rows has the same advantage, and the verdict is to be on non-linearity alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from service.domain.columns import Floats
from service.domain.network import Network
from service.domain.predictor import Predictor
from service.domain.spec import TrainingSpec
from workers.explain.convex import penalised, stride
from workers.explain.losses import loss_of
from workers.explain.newton import LOG_2, Penalty, evaluate, minimise
from workers.explain.rows import Rows, network_rows
from workers.training.fit import Moments
from workers.training.prepare import Prepared

ENOUGH = 1e-7  # of the first loss: far below what a verdict can tell
FEW_ROWS = 20  # rows for each weight: with fewer the optimum fits the training rows' noise
SHRINKAGE = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)  # l2 as a share of the loss's own curvature
CURVES = {"mse": 2.0, "cross_entropy": 0.25}  # of the loss, at most; 1 for the others
CORNER = 1e-2  # the width in which corners are rounded off, in standard deviations of the target
MOST_NEWTON_WEIGHTS = 1_000
MOST_WHITENED = 1_500
LBFGS_STEPS = 60
SAME = 1e-10  # directions flatter than this share of the steepest are the same columns twice


@dataclass(frozen=True, slots=True)
class Task:
    """What is minimised: a loss of the training rows, with the spec's penalties, in `basis` (w, r); `sizes`
    (w,) are the columns' root mean squares."""

    rows: Rows
    validation: Rows
    spec: TrainingSpec
    sizes: Floats
    basis: Floats | None
    outputs: int

    def weights(self, found: Floats) -> Floats:
        """(w, k) of weights in the basis."""
        return found if self.basis is None else self.basis @ found


def linear_neuron(spec: TrainingSpec, prepared: Prepared, predictor: Predictor, check: Callable[[], None]) -> Predictor:
    """A predictor like the network's with the best linear neuron in its place. Raises what `check` raises."""
    bias, outputs = spec.network.bias, predictor.network.sizes[-1]
    weights: list[Floats] = []
    sizes, basis = _basis(network_rows(prepared.train, bias, check))
    for column in range(1 if prepared.classes else outputs):
        rows, held_out = (network_rows(prepared.parts[name], bias, check, column) for name in ("train", "validation"))
        weights.append(_best(Task(rows, held_out, spec, sizes, basis, outputs if prepared.classes else 1)))
    found = np.hstack(weights).astype(np.float32)
    inputs = len(found) - int(bias)
    network = Network((inputs, outputs), spec.network.activation, bias)
    tensors = {"layers.0.weight": np.ascontiguousarray(found[:inputs].T)}
    if bias:
        tensors["layers.0.bias"] = found[inputs]
    return replace(predictor, network=network, parameters=network.flatten(tensors))


def _best(task: Task) -> Floats:
    """(w, k): the optimum, or of it and shrunk ones the best on the validation rows."""
    start = np.zeros((task.rows.width if task.basis is None else task.basis.shape[1], task.outputs))
    optimum, worst = _minimise(task, 0.0, start)
    candidates = [optimum]
    few = task.rows.count < FEW_ROWS * start.size
    if task.spec.early_stopping is not None and task.validation.count and (few or worst < LOG_2):
        for share in SHRINKAGE:  # each starts where the last, more shrunk one has ended
            start, _ = _minimise(task, share, start)
            candidates.append(start)
    if len(candidates) == 1:
        return task.weights(optimum)
    loss, free = loss_of(task.spec.loss, task.spec.quantile), Penalty(np.zeros(task.rows.width))
    losses = [evaluate(task.validation, loss, free, found, task.basis, 0).loss for found in candidates]
    return task.weights(candidates[int(np.argmin(losses))])


def _minimise(task: Task, share: float, start: Floats) -> tuple[Floats, float]:
    """Weights (r, k) under the spec's penalties and `share` of shrinkage, and the greatest loss of a row."""
    optimizer, bias = task.spec.optimizer, task.spec.network.bias
    marks = penalised(task.rows.width, bias)
    ridge = marks * (optimizer.l2 + share * CURVES.get(task.spec.loss, 1.0) * task.sizes**2)
    penalty = Penalty(ridge, marks * optimizer.l1, CORNER / task.sizes) if optimizer.l1 else Penalty(ridge)
    loss = loss_of(task.spec.loss, task.spec.quantile, CORNER * _target_spread(task.rows))
    if start.size <= MOST_NEWTON_WEIGHTS:
        every = stride(task.rows.count, len(start))
        point = minimise(task.rows, loss, penalty, start, task.basis, every, ENOUGH, most_steps=50).point
        return point.weights, point.worst
    worst = np.inf

    def at(flat: Floats) -> tuple[float, Floats]:
        nonlocal worst
        point = evaluate(task.rows, loss, penalty, flat.reshape(start.shape), task.basis, 0)
        worst = point.worst
        return point.loss, point.gradient.reshape(-1)

    steps = {"maxiter": LBFGS_STEPS, "maxcor": 20}
    found = minimize(at, start.reshape(-1), jac=True, method="L-BFGS-B", tol=ENOUGH, options=steps).x
    return found.reshape(start.shape), worst


def _basis(rows: Rows) -> tuple[Floats, Floats | None]:
    """The columns' root mean squares (w,), and (w, r) directions along which the rows spread alike, both from some of
    the rows; no directions for very many columns."""
    every = stride(rows.count, rows.width)
    whitens = rows.width <= MOST_WHITENED
    gram = np.zeros((rows.width, rows.width) if whitens else rows.width)
    sampled = 0
    for design, _, _ in rows.pieces():
        some = design[::every]
        sampled += len(some)
        gram += some.T @ some if whitens else np.sum(some**2, axis=0)
    gram /= max(sampled, 1)
    sizes = np.sqrt(np.maximum(np.diag(gram) if whitens else gram, np.finfo(np.float64).tiny))
    if not whitens:
        return sizes, None
    values, vectors = np.linalg.eigh(gram / sizes[:, None] / sizes)
    kept = values > SAME * values[-1]
    return sizes, vectors[:, kept] / np.sqrt(values[kept]) / sizes[:, None]


def _target_spread(rows: Rows) -> float:
    moments = Moments(1)
    for _, target, _ in rows.pieces():
        moments.add(target[:, None])
    return float(moments.deviation[0])
