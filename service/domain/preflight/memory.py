"""What memory a run would take, from the sizes of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.domain.cells.chunks import CHUNK_ROWS, GATHERED_BYTES, SAMPLE_CELLS, rows_at_once
from service.domain.plain import plain
from service.domain.preflight.plan import Plan
from service.domain.resolving.limits import most_bins
from service.domain.spec.engines import lbfgs_pairs
from service.domain.spec.training import EarlyStopping, TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS, Optimizer

FLOAT32, FLOAT64 = 4, 8
FEW_CATEGORIES = 10  # each has an input of its own
ENCODING_COPIES = 8  # of a chunk in float64 on its way from Parquet to the matrix
QUANTILE_CELLS = 2**25  # numbers that edges of bins are taken from, at most
SAMPLE_COPIES = 4  # of the rows that categories are told apart by
JUDGING_COPIES = 3  # of a layer's values in float64: what comes in, the sums, what goes out
SEARCHING = (
    12  # float64 vectors of lbfgs that pass: three points and their gradients, the path, what torch computes with
)
PUBLISHING = 8  # float32 vectors that pass at the end: layers in float64, a graph of them, its bytes
JUDGED_COPIES = 3  # of the weights that held-out rows have judged, as float32 and float64, beside the refit
SAVING = 2  # copies of all that a checkpoint holds, while it is written


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes beyond what an idle worker takes. `limit` is what a training process may take here (None: no limit);
    `least` is what is taken wherever the table is: all that grows with the weights and with the rows of a step."""

    matrix: int
    weights: int
    optimizer: int
    workspace: int
    limit: int | None
    least: int

    @property
    def total(self) -> int:
        return self.matrix + self.weights + self.optimizer + self.workspace

    def to_json(self) -> dict[str, Any]:
        parts = plain(self)
        limit = parts.pop("limit")
        del parts["least"]
        total = {"total_bytes": self.total, **{f"{name}_bytes": size for name, size in parts.items()}}
        return {**total, "limit_bytes": limit}


def memory(plan: Plan, beside: int = 0) -> Memory:
    """The prepared parts; the weights; the optimiser's vectors; and the most that passes: a chunk of the table as it is
    encoded and the rows that effects of categories are estimated from, an epoch's rows in order with what the engine
    computes on them, rows that are judged in float64, a checkpoint, or the model as it is published. A refit reads its
    rows when the others are gone, and has no more. `beside` is what another prepared table takes, which stays until the
    end."""
    rows, sizes, weights = plan.rows, plan.network.sizes, plan.network.n_parameters * FLOAT32
    row = sizes[0] * FLOAT32
    n_read = min(plan.figures.table.rows, rows_at_once(sizes[0]))
    encoding = ENCODING_COPIES * n_read * sizes[0] * FLOAT64
    if bins := plan.spec.n_bins:
        numbers = sum(most_bins(feature, bins) > 0 for feature in plan.features)
        encoding += FLOAT64 * min(rows.train * numbers, QUANTILE_CELLS)
    if any(feature.facts.encoding == "categories" and feature.distinct > FEW_CATEGORIES for feature in plan.features):
        encoding += SAMPLE_COPIES * min(rows.train * sizes[0], SAMPLE_CELLS) * FLOAT64
    judging = JUDGING_COPIES * min(max(rows.train, rows.validation), CHUNK_ROWS) * plan.network.widest * FLOAT64
    gathered = min(rows.train * row, max(GATHERED_BYTES, plan.batch * row))
    chosen = OPTIMIZERS[plan.spec.optimizer.kind]
    optimizer = optimizer_bytes(chosen, plan.network.n_parameters)
    engine = _engine_bytes(plan.spec, chosen, weights, optimizer)
    best = weights if isinstance(plan.spec.early_stopping, EarlyStopping) else 0
    judged = JUDGED_COPIES * weights if plan.spec.refits else 0
    stepping = _activations(plan, chosen) + (SEARCHING * 2 * weights if chosen.is_quasi_newton else 0)
    ended = 2 * weights if plan.spec.refits else 0  # the run before the refit, in its checkpoints
    ending = max(SAVING * (weights + optimizer + best + ended), PUBLISHING * weights)
    return Memory(
        matrix=(rows.train + rows.validation + rows.test) * row + beside,
        weights=weights,
        optimizer=optimizer,
        workspace=best + judged + engine + max(encoding, gathered + rows.train * FLOAT64 + stepping, judging, ending),
        limit=plan.limits.training_memory_bytes,
        least=weights + optimizer + best + judged + engine + max(stepping, ending),
    )


def optimizer_bytes(optimizer: Optimizer, n_weights: int) -> int:
    """What an optimiser keeps beside the weights."""
    if optimizer.is_quasi_newton:  # the weights once more, and pairs of steps and changes of the gradient
        return n_weights * FLOAT64 * (1 + 2 * lbfgs_pairs(n_weights))
    return n_weights * FLOAT32 * len(optimizer.moments)


def _engine_bytes(spec: TrainingSpec, chosen: Optimizer, weights: int, optimizer: int) -> int:
    """What an engine has besides: the gradient; torch has weights and moments of its own too."""
    if chosen.is_quasi_newton:
        return 2 * weights
    return weights if spec.engine == "fused" else 2 * weights + optimizer


def _activations(plan: Plan, chosen: Optimizer) -> int:
    """Numbers held in a step, forward and backward; lbfgs takes its rows in pieces, in float64."""
    sizes, members = plan.network.sizes, plan.network.members
    if chosen.is_quasi_newton:
        return 3 * min(plan.rows.train, CHUNK_ROWS) * sum(sizes) * FLOAT64
    return 2 * max(plan.batch, min(plan.rows.validation, CHUNK_ROWS)) * members * sum(sizes[1:]) * FLOAT32
