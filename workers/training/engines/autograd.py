"""The reference engine: torch's autograd and optimisers, on data that lives on the device. Batches are slices.

One gather puts the epoch's rows in order; every batch is then a slice of it, without a DataLoader and without
a copy. On a GPU steps of equal size are CUDA graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import numpy as np
import torch

from service.domain.arrays import Floats, Integers
from service.domain.cells.chunks import CHUNK_ROWS, GATHERED_BYTES
from service.domain.vocabulary.optimizers import OPTIMIZERS
from workers.training.engines.captured import CapturedSteps
from workers.training.engines.lbfgs import Lbfgs, Point
from workers.training.engines.networks import TorchNetwork
from workers.training.engines.steps import Batch, Steps
from workers.training.engines.subnormals import subnormals_as_zero
from workers.training.order import Order, places_of
from workers.training.problem import Data, Enough, Problem, State

WORTH_CAPTURING = 8  # steps of equal size in an epoch: capturing costs about as many


class AutogradEngine:
    """Trains on the part "train"."""

    def __init__(
        self, problem: Problem, parts: Mapping[str, Data], device: str = "cpu", graphs: bool | None = None
    ) -> None:
        """`graphs`: whether steps are captured; by itself on a GPU. On a processor nothing is, but the steps are made
        as a graph would make them."""
        self._problem = problem
        self._device = torch.device(device)
        self._parts = {name: self._on_device(data) for name, data in parts.items()}
        self._steps = Steps(problem, self._device)
        self._graphs = graphs if graphs is not None else self._device.type == "cuda"
        self._captured: tuple[int, CapturedSteps] | None = None
        self._lbfgs = Lbfgs(self._whole) if OPTIMIZERS[problem.optimizer].is_quasi_newton else None

    @subnormals_as_zero()
    def epoch(
        self, state: State, epoch: int, order: Order, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        if self._lbfgs is not None:
            return self._lbfgs.iterate(state, learning_rate, check)
        order, before = places_of(order), state.step
        self._steps.enter(state)
        equal = len(order) // batch_size
        # dropout draws from a generator whose place a graph would have to keep
        captured = equal * batch_size if self._graphs and equal >= WORTH_CAPTURING and not self._problem.dropout else 0
        with _products(self._problem.precision):
            total = self._take_captured(state, order[:captured], batch_size, learning_rate, check) if captured else 0.0
            total += self._take(state, epoch, order[captured:], batch_size, learning_rate, check)
        self._steps.leave(state)
        return total / max(min((state.step - before) * batch_size, len(order)), 1)

    def _take_captured(
        self, state: State, order: Integers, batch_size: int, learning_rate: float, check: Callable[[], None]
    ) -> float:
        """Steps of equal size; the sum of the rows' losses."""
        if self._captured is None or self._captured[0] != batch_size:
            self._captured = batch_size, CapturedSteps(self._steps, self._parts["train"], batch_size)
        captured = self._captured[1]
        captured.begin(torch.from_numpy(order).to(self._device), learning_rate)
        with suppress(Enough):
            for _ in range(len(order) // batch_size):
                check()
                captured.take()
                state.step += 1
        return float(captured.total)

    def _take(
        self,
        state: State,
        epoch: int,
        order: Integers,
        batch_size: int,
        learning_rate: float,
        check: Callable[[], None],
    ) -> float:
        """Steps call by call; the sum of the rows' losses."""
        generator = torch.Generator(self._device).manual_seed(dropout_seed(self._problem.seed, epoch))
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        with suppress(Enough):
            for batch in self._batches(order, batch_size):
                check()
                total += self._steps.take(batch, learning_rate, generator) * len(batch[0])
                state.step += 1
        return float(total)

    def loss(self, state: State, part: str) -> float:
        self._steps.load(state)
        whole = self._parts[part]
        n_rows = len(whole[0])
        total = 0.0
        with torch.inference_mode():
            for start in range(0, n_rows, CHUNK_ROWS):
                batch = _rows(whole, slice(start, start + CHUNK_ROWS))
                total += float(self._steps.mean_loss(self._steps.scores(batch[0]), batch, True)) * len(batch[0])
        return total / max(n_rows, 1)

    def _on_device(self, data: Data) -> Batch:
        if data.is_stored:
            raise ValueError("the rows are on the disk; this engine trains on rows in memory")
        weights = None if data.weights is None else torch.from_numpy(data.weights[:]).to(self._device)
        inputs, targets = torch.from_numpy(data.inputs[:]), torch.from_numpy(data.targets[:])
        return inputs.to(self._device), targets.to(self._device), weights

    def _whole(self, weights: Floats) -> Point:
        """The training loss at these weights and its gradient, over all rows and in float64."""
        problem, whole = self._problem, self._parts["train"]
        flat = torch.from_numpy(weights).to(self._device)
        network = TorchNetwork(problem.network, flat.clone())
        loss, n_rows = 0.0, len(whole[0])
        for start in range(0, n_rows, CHUNK_ROWS):
            inputs, targets, counts = _rows(whole, slice(start, start + CHUNK_ROWS))
            exact = targets.double() if targets.is_floating_point() else targets
            batch = inputs.double(), exact, None if counts is None else counts.double()
            share = self._steps.mean_loss(network.scores(batch[0]), batch) * (len(inputs) / n_rows)
            share.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            loss += float(share.detach())
        penalised = flat * self._steps.is_weight
        objective = loss + problem.l2 / 2 * float(penalised @ penalised)
        gradient = network.gradient.add_(penalised, alpha=problem.l2)
        return Point(weights, loss, objective, gradient.cpu().numpy())

    def _batches(self, order: Integers, batch_size: int) -> Iterable[Batch]:
        if batch_size >= len(order) == len(self._parts["train"][0]):  # all rows in a batch: their order does not matter
            return [self._parts["train"]]
        return _Slices(self._parts["train"], order, batch_size)


class _Slices:
    """Batches in order: a piece of rows is gathered at once, its batches are slices."""

    def __init__(self, whole: Batch, order: Integers, batch_size: int) -> None:
        self._whole, self._batch_size = whole, batch_size
        inputs = whole[0]
        self._order = torch.from_numpy(order).to(inputs.device)
        in_piece = GATHERED_BYTES // max(inputs.shape[1] * inputs.element_size(), 1)
        self._piece = max(in_piece // batch_size, 1) * batch_size

    def __iter__(self) -> Iterator[Batch]:
        for start in range(0, len(self._order), self._piece):
            rows = self._order[start : start + self._piece]
            inputs, targets, weights = self._whole
            weights = None if weights is None else weights.index_select(0, rows)
            piece = inputs.index_select(0, rows), targets.index_select(0, rows), weights
            for first in range(0, len(rows), self._batch_size):
                yield _rows(piece, slice(first, first + self._batch_size))


@contextmanager
def _products(precision: str) -> Iterator[None]:
    """float32 products by tensor cores in TF32 (10 bits of mantissa), where that was asked for."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _rows(batch: Batch, rows: slice) -> Batch:
    inputs, targets, weights = batch
    return inputs[rows], targets[rows], None if weights is None else weights[rows]


def dropout_seed(seed: int, epoch: int) -> int:
    """What dropout draws from in an epoch: of (seed, epoch) alone, so that nothing random needs saving."""
    return int(np.random.Philox(key=[seed, epoch]).random_raw()) >> 1
