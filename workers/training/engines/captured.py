"""An epoch of equal batches on a GPU as launches of one CUDA graph, a step each.

A small network's step is some thirty kernels of a few microseconds, and launching each from Python takes longer than
it runs. A graph holds them all. What changes from step to step is on the device: where in the order of rows the next
batch begins, the learning rate, the sum of the losses. (`torch.cuda.graph`; the warm-up on a stream of its own is what
its documentation asks for.)
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from workers.training.engines.steps import Batch, Steps

WARM_UP = 3  # steps before the capture: what libraries allocate at first use must not be in it


class CapturedSteps:
    """Steps of `batch_size` rows of `whole`. Where there are no graphs (a processor), each is made call by call."""

    def __init__(self, steps: Steps, whole: Batch, batch_size: int) -> None:
        device = whole[0].device
        self._steps, self._whole, self._batch_size = steps, whole, batch_size
        self._order = torch.zeros(len(whole[0]), dtype=torch.int64, device=device)
        self._offsets = torch.arange(batch_size, device=device)
        self._next = torch.zeros((), dtype=torch.int64, device=device)
        self._rate = torch.zeros((), device=device)
        self.total = torch.zeros((), dtype=torch.float64, device=device)
        """Sum of the rows' losses since `begin`."""
        self._replay: Callable[[], None] | None = None

    def begin(self, order: Tensor, rate: float) -> None:
        """An epoch, or a piece of one, whose rows come in this order. The weights have been entered."""
        if self._replay is None:
            self._replay = self._capture() if order.device.type == "cuda" else self._step
        self._order[: len(order)].copy_(order)
        self._next.zero_()
        self.total.zero_()
        self._rate.fill_(rate)

    def take(self) -> None:
        """The next step. Raises RuntimeError before `begin`."""
        if self._replay is None:
            raise RuntimeError("begin comes before take")
        self._replay()

    def _step(self) -> None:
        rows = self._order.index_select(0, self._next + self._offsets)
        inputs, targets, weights = self._whole
        own = None if weights is None else weights.index_select(0, rows)
        loss = self._steps.take((inputs.index_select(0, rows), targets.index_select(0, rows), own), self._rate)
        self.total.add_(loss * self._batch_size)
        self._next.add_(self._batch_size)

    def _capture(self) -> Callable[[], None]:
        """Steps on the first rows at a rate of 0, and everything back as it was before them."""
        before = self._steps.snapshot()
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._next.zero_()
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        self._next.zero_()
        with torch.cuda.graph(graph):
            self._step()
        self._steps.restore(before)
        return graph.replay
