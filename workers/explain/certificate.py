"""How far a linear neuron is from the best one possible: the exact optimum of its loss, beside what was learnt.

Squared error by QR and SVD, cross-entropy and Huber by Newton's method, absolute and pinball by a linear program; or
the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.domain.columns import Floats, Kind
from service.domain.predictor import Predictor
from service.domain.spec import TrainingSpec
from workers.explain.convex import NotFound, convex
from workers.explain.least_squares import least_squares, triangle
from workers.explain.linear_program import absolute
from workers.explain.rows import Rows, exact_rows
from workers.training.prepare import Prepared

MOST_WEIGHTS = 2_000  # in all classes: the Hessian has this number squared
DELETED = "the dataset was deleted while the model was trained"
MOST_WORK = 2e12  # rows · weights²: about what a minute of one core does


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate, or why there is none; for a network neither."""

    certificate: dict[str, Any] | None = None
    left_out: str | None = None


def certify_each(
    table: Callable[[], AbstractContextManager[Path]],
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    prepared: Prepared,
    predictor: Predictor,
    keep_bytes: int,
    check: Callable[[], None],
) -> dict[str, Certified]:
    """The certificate of each target: their loss is a sum and the outputs share no weight, so each has an optimum of
    its own."""
    return {
        name: certify(table, spec, kinds, rows, one, keep_bytes, check)
        for name, rows, one in zip(predictor.targets, prepared.each(), predictor.each(), strict=True)
    }


def certify(
    table: Callable[[], AbstractContextManager[Path]],
    spec: TrainingSpec,
    kinds: dict[str, Kind],
    prepared: Prepared,
    predictor: Predictor,
    keep_bytes: int,
    check: Callable[[], None],
) -> Certified:
    """The certificate of a trained neuron; its rows are read from `table` again, in float64, and kept in memory when
    they take at most `keep_bytes`. Raises what `check` raises."""
    if spec.network.kind != "linear":
        return Certified()
    weights = linear_weights(predictor)
    if reason := _out_of_reach(spec, weights, len(prepared.train)):
        return Certified(left_out=reason)
    with ExitStack() as opened:
        try:
            path = opened.enter_context(table())
        except KeyError:
            return Certified(left_out=DELETED)
        try:
            rows = exact_rows(path, kinds, prepared, spec.network.bias, keep_bytes, check)
            return Certified(_certificate(rows, spec, prepared, weights))
        except NotFound as error:
            return Certified(left_out=str(error))
        except FileNotFoundError:
            return Certified(left_out=DELETED)


def linear_weights(predictor: Predictor) -> Floats:
    """(w, k) float64 of a network without hidden layers: its weights, the bias last."""
    tensors = predictor.network.tensors(predictor.parameters)
    rows = [tensors["layers.0.weight"].T]
    if predictor.network.bias:
        rows.append(tensors["layers.0.bias"][None, :])
    return np.vstack(rows).astype(np.float64)


def objective_l2(spec: TrainingSpec) -> float:
    """The penalty that the optimum is of: a decoupled decay belongs to no objective."""
    return 0.0 if spec.optimizer.kind == "adamw" else spec.optimizer.l2


def _certificate(rows: Rows, spec: TrainingSpec, prepared: Prepared, weights: Floats) -> dict[str, Any]:
    transform, scale, bias, l2 = prepared.transform, prepared.target_scale, spec.network.bias, objective_l2(spec)
    if spec.loss == "mse":
        return least_squares(triangle(rows), weights[:, 0], bias, l2, transform, scale)
    if spec.loss in ("mae", "quantile"):
        return absolute(rows, spec.loss, spec.quantile, weights, bias, transform, scale)
    return convex(rows, spec.loss, weights, bias, l2, transform, scale, prepared.classes)


def _out_of_reach(spec: TrainingSpec, weights: Floats, rows: int) -> str | None:
    """Why this loss, penalty or size has no exact optimum here."""
    if not len(weights):
        return "the model has no weights: every column is constant over the training rows"
    if spec.optimizer.l1:
        return "l1 makes the loss one without an exact optimum by linear algebra"
    if spec.loss in ("mae", "quantile") and objective_l2(spec):
        return f"{spec.loss} with l2 is neither least squares nor a linear program"
    if spec.loss == "mse":
        return None
    size = weights.size
    if size > MOST_WEIGHTS or rows * size**2 > MOST_WORK:
        return (
            f"Newton's method is used for up to {MOST_WEIGHTS:,} weights and {MOST_WORK:.0e} rows · weights²; this "
            f"model has {size:,} weights and {rows:,} rows"
        )
    return None
