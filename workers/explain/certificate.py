"""How far a linear neuron is from the best one possible: the exact optimum of its loss, beside what was learnt.

Squared error by QR and SVD, cross-entropy and Huber by Newton's method, absolute and pinball by a linear program; or
the reason why there is none. Which way is taken follows from the size (`workers.optimum.effort`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from service.domain.arrays import Floats
from service.domain.cells.kinds import Kind
from service.domain.descent.rates import penalty_of
from service.domain.model.predictor import Predictor
from service.domain.report.neuron import Certificate
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from workers.optimum.convex import NoOptimum, convex
from workers.optimum.effort import BUDGET, Size, Way, allowance, to_convex, to_least_squares
from workers.optimum.least_squares import gentle_triangle, least_squares, space_of, triangle
from workers.optimum.linear_program import absolute, too_many_cells
from workers.training.data.prepare import Prepared
from workers.training.data.rows import DesignRows, exact_rows, network_rows, of_target

DELETED = "the dataset was deleted during training"
FLOAT32 = "it is computed from the network's inputs, which have seven digits; the table is too large to be read again"
FLOAT32_DIGITS = 7
CLIPPED = "there are no coefficients in the columns' units: the scaler clips the columns"


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate, or why there is none; for a network neither."""

    certificate: Certificate | None = None
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as training left it after so many `epochs`, and the `table` that it learnt from, which raises KeyError
    where it is gone. Its rows are kept in memory when they take at most `keep_bytes`. The certificate may take `budget`
    units of work (`workers.explain.effort`), or a share of the training's."""

    table: Callable[[], AbstractContextManager[Path]]
    spec: TrainingSpec
    kinds: dict[str, Kind]
    prepared: Prepared
    predictor: Predictor
    epochs: int
    keep_bytes: int
    budget: int = BUDGET


def certify(trained: Trained, check: Callable[[], None]) -> dict[str, Certified]:
    """The certificate of each target: their loss is a sum and the outputs share no weight, so each has an optimum of
    its own. Raises what `check` raises."""
    spec, targets = trained.spec, trained.predictor.targets
    if spec.network.kind != "linear":
        return dict.fromkeys(targets, Certified())
    weights = linear_weights(trained.predictor)
    size = Size(len(trained.prepared.train), *weights.shape)
    if reason := _out_of_reach(spec, size):
        return dict.fromkeys(targets, Certified(left_out=reason))
    way = _way(trained, size)
    if way is None:
        return dict.fromkeys(targets, Certified(left_out=_too_large(size, partial(_has_way, trained))))
    with ExitStack() as opened:
        try:
            reads = way.exact and trained.prepared.table is None
            path = opened.enter_context(trained.table()) if reads else None
        except KeyError:
            return dict.fromkeys(targets, Certified(left_out=DELETED))
        try:
            made = list(_certificates(_rows(trained, path, way, check), trained, weights, way))
        except FileNotFoundError:
            return dict.fromkeys(targets, Certified(left_out=DELETED))
    return dict(zip(targets, made, strict=True))


def linear_weights(predictor: Predictor) -> Floats:
    """(w, k) float64 of a network without hidden layers: its weights, the bias last."""
    tensors = predictor.network.tensors(predictor.parameters)
    rows = [tensors["layers.0.weight"].T]
    if predictor.network.bias:
        rows.append(tensors["layers.0.bias"][None, :])
    return np.vstack(rows).astype(np.float64)


def _way(trained: Trained, size: Size) -> Way | None:
    """How to go about it within what it may take; None where there is no such way."""
    spec, prepared, loss = trained.spec, trained.prepared, LOSSES[trained.spec.loss]
    allowed = allowance(size, trained.epochs, trained.budget)
    if loss.is_quadratic:
        return to_least_squares(size, allowed)
    if not loss.is_smooth:
        return Way()
    outputs = size.outputs if prepared.classes else 1
    errors = bool(prepared.classes) and not penalty_of(spec) and prepared.train.data.weights is None
    # each of several targets has a search of its own
    kept = 8 * size.cells <= trained.keep_bytes
    return to_convex(Size(size.rows, size.width, outputs), allowed * outputs // size.outputs, errors, kept)


def _has_way(trained: Trained, size: Size) -> bool:
    return _way(trained, size) is not None


def _rows(trained: Trained, path: Path | None, way: Way, check: Callable[[], None]) -> DesignRows:
    """The rows of the table in float64, or the network's inputs."""
    prepared, bias = trained.prepared, trained.spec.network.bias
    if not way.exact:
        return network_rows(prepared.train, bias, check)
    once = LOSSES[trained.spec.loss].is_quadratic
    return exact_rows(path, trained.kinds, prepared, bias, 0 if once else trained.keep_bytes, check)


def _certificates(rows: DesignRows, trained: Trained, weights: Floats, way: Way) -> Iterator[Certified]:
    """The certificate of each target in turn."""
    spec, scales, several = trained.spec, trained.prepared.target_scales, len(trained.prepared.target_scales) > 1
    bias, l2, transform = spec.network.bias, penalty_of(spec), trained.prepared.transform
    found, loss = None, LOSSES[spec.loss]
    if loss.is_quadratic:
        found = triangle(rows) if way.whole else gentle_triangle(rows) or triangle(rows)
    space = None if found is None else space_of(found, bias, l2)
    for column, scale in enumerate(scales):
        own = of_target(rows, column) if several or (not way.exact and not trained.prepared.classes) else rows
        learnt = weights[:, column : column + 1] if several else weights
        try:
            if found is not None:
                made = least_squares(found, learnt[:, 0], bias, l2, transform, scale, column, space)
            elif not loss.is_smooth:
                made = absolute(own, spec.loss, spec.quantile, learnt, bias, transform, scale)
            else:
                made = convex(own, spec.loss, learnt, bias, l2, transform, scale, trained.prepared.classes, way)
        except NoOptimum as error:
            yield Certified(left_out=str(error))
        else:
            made = made if transform.clip is None else _with_note(made, CLIPPED)
            yield Certified(made if way.exact else _of_float32(made))


def _of_float32(made: Certificate) -> Certificate:
    """A certificate with what its numbers are worth."""
    kept = None if made.digits is None else min(made.digits, FLOAT32_DIGITS)
    return _with_note(replace(made, digits=kept), FLOAT32)


def _with_note(made: Certificate, note: str) -> Certificate:
    return replace(made, note=note if made.note is None else f"{note}; {made.note}")


def _too_large(size: Size, affordable: Callable[[Size], bool]) -> str:
    """Why there is no way, and what would be one."""
    ways = {
        "fewer features (`exclude`)": replace(size, width=min(size.width, 2)),
        "fewer rows": replace(size, rows=min(size.rows, 20 * size.outputs)),
        "fewer classes": replace(size, outputs=3) if size.outputs > 3 else size,
    }
    mends = [mend for mend, smaller in ways.items() if affordable(smaller)]
    with_mends = f"; with {' or '.join(mends)} there is one" if mends else ""
    return (
        f"the exact optimum of {size.weights:,} weights over {size.rows:,} rows takes too long compared with the "
        f"training"
        f"{with_mends}"
    )


def _out_of_reach(spec: TrainingSpec, size: Size) -> str | None:
    """Why this loss or penalty has no exact optimum here."""
    if not size.width:
        return "the model has no weights: every column is constant in the training rows"
    if spec.optimizer.l1:
        return "with l1 there is no exact optimum by linear algebra"
    if spec.label_smoothing:
        return "with label_smoothing training aims at other shares than the rows' own classes, whose optimum this is"
    if LOSSES[spec.loss].is_smooth:
        return None
    if penalty_of(spec):
        return f"{spec.loss} with l2 is neither least squares nor a linear program"
    return too_many_cells(spec.loss, size.cells, size.outputs)
