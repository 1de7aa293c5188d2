"""Which engine trains: `fused` (one compiled kernel, on one core) wherever it can, else `autograd` (torch)."""

from __future__ import annotations

from itertools import pairwise

from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.words import unless_auto

# A layer of more weights than this, in steps of so few rows, is a product of a matrix and a vector: torch does it at
# the speed of memory, the fused kernel fills whole vectors (two layers of 512, one row: 300 µs a step, and 440)
WIDE_LAYER, FEW_ROWS = 200_000, 4
# The bowl's matrix is made once, at the cost of some epochs over the rows for each input
WIDEST_BOWL, EPOCHS_FOR_AN_INPUT = 2000, 0.5


PAIRS, PAIR_NUMBERS = 10, 2**25


def lbfgs_pairs(n_weights: int) -> int:
    """How many of its last steps lbfgs keeps: fewer where they would hold more numbers than PAIR_NUMBERS."""
    return max(1, min(PAIRS, PAIR_NUMBERS // max(n_weights, 1)))


def choose_engine(spec: TrainingSpec, inputs: int) -> tuple[str, str]:
    """The engine for a spec whose choices are made, but for what the worker settles, and why. The network reads about
    `inputs` columns."""
    if spec.engine != "auto":
        return spec.engine, "as asked"
    if reason := not_fused(spec):
        return "autograd", reason
    sizes = (inputs, *(spec.network.hidden or ()), 1)
    largest = max(a * b for a, b in pairwise(sizes))
    if isinstance(spec.batch_size, int) and spec.batch_size <= FEW_ROWS and largest > WIDE_LAYER:
        return "autograd", f"steps of {spec.batch_size} row(s) through a layer of {largest:,} weights"
    return "fused", "one compiled kernel for the whole epoch"


def not_fused(spec: TrainingSpec) -> str | None:
    """Why the fused engine cannot train this; None where it can."""
    if spec.network.dropout:
        return "the fused engine has no dropout"
    optimizer = unless_auto(OPTIMIZERS, spec.optimizer.kind)
    if optimizer is not None and not optimizer.is_fused:
        return f"the fused engine has no {optimizer.name}"
    if spec.device == "gpu":
        return "the fused engine runs on processors only"
    if spec.precision != "float32":
        return f"the fused engine computes in float32, not {spec.precision}"
    return None


def needs_no_rows(spec: TrainingSpec, rows: int, inputs: int) -> bool:
    """Whether the fused engine descends on the bowl itself: all rows in a step, a linear neuron's squared error, sgd.

    Not where making the bowl costs more than the epochs: each input costs a pass over the rows.
    """
    full = spec.step_rows(rows) == rows
    descends = OPTIMIZERS[spec.optimizer.kind].is_gradient_descent
    bowl = spec.network.kind == "linear" and LOSSES[spec.loss].is_quadratic and descends
    plain = not spec.optimizer.l1 and spec.optimizer.clip_norm is None
    worth = spec.epochs == "auto" or inputs * EPOCHS_FOR_AN_INPUT <= spec.epochs
    return spec.engine == "fused" and full and bowl and plain and worth and inputs <= min(WIDEST_BOWL, rows)
