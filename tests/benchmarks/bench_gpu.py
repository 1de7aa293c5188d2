"""What training on a GPU makes of it: `make bench-gpu`. Medians of interleaved runs, each waited for to its end.

Wide steps beside plain products of the same shapes in the same precision: the products are what cannot be saved. Small
steps as launches of one CUDA graph, beside the same steps call by call.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from service.domain.model.network import Network
from workers.training.engines.autograd import AutogradEngine
from workers.training.problem import Data, Problem, State

COLUMNS, RATE = 32, 1e-3
WIDE, WIDE_BATCH, WIDE_STEPS = (1024, 1024, 1024), 65_536, 16
SMALL, SMALL_BATCH, SMALL_STEPS = (128, 128), 256, 400


def epochs(hidden: tuple[int, ...], batch: int, steps: int, precision: str, graphs: bool) -> Callable[[], None]:
    """An epoch of so many equal steps, on an engine that has made one already."""
    generator = np.random.default_rng(0)
    rows = batch * steps
    inputs = generator.standard_normal((rows, COLUMNS), dtype=np.float32)
    problem = Problem(Network((COLUMNS, *hidden, 1), "relu"), "mse", "adam", precision=precision)
    engine = AutogradEngine(problem, {"train": Data(inputs, inputs[:, :1].copy())}, "cuda", graphs)
    state, order = State.start(problem), generator.permutation(rows)

    def epoch() -> None:
        engine.epoch(state, 1, order, batch, RATE, lambda: None)

    epoch()
    return epoch


def products(hidden: tuple[int, ...], batch: int, steps: int, precision: str) -> Callable[[], None]:
    """The products of the same steps: forward, weights' gradient and, but for the first layer, inputs' gradient."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    shapes = list(itertools.pairwise((COLUMNS, *hidden, 1)))
    layers = [
        (torch.randn(batch, fan_in, device="cuda", dtype=kind), torch.randn(fan_in, fan_out, device="cuda", dtype=kind))
        for fan_in, fan_out in shapes
    ]
    deltas = [torch.randn(batch, fan_out, device="cuda", dtype=kind) for _, fan_out in shapes]

    def multiply() -> None:
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        for _ in range(steps):
            for number, ((values, weights), delta) in enumerate(zip(layers, deltas, strict=True)):
                torch.mm(values, weights)
                torch.mm(values.T, delta)
                if number:
                    torch.mm(delta, weights.T)
        torch.set_float32_matmul_precision("highest")

    multiply()
    return multiply


def medians(runs: int, *tasks: Callable[[], None]) -> list[float]:
    """Seconds of each, in turns."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(runs):
        for task, seconds in zip(tasks, taken, strict=True):
            torch.cuda.synchronize()
            began = time.perf_counter()
            task()
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in taken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("no GPU is here: nothing is measured")
        return
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; µs a step, medians of {options.runs} runs")
    for precision in ("float32", "tf32", "bf16"):
        step, limit = medians(
            options.runs,
            epochs(WIDE, WIDE_BATCH, WIDE_STEPS, precision, graphs=True),
            products(WIDE, WIDE_BATCH, WIDE_STEPS, precision),
        )
        print(
            f"{list(WIDE)}, batch {WIDE_BATCH:,}, {precision:8}{1e6 * step / WIDE_STEPS:10.0f}; its products alone "
            f"{1e6 * limit / WIDE_STEPS:10.0f}: {limit / step:.0%} of their speed (wanted: 50 %)"
        )
    graph, eager = medians(
        options.runs,
        epochs(SMALL, SMALL_BATCH, SMALL_STEPS, "float32", graphs=True),
        epochs(SMALL, SMALL_BATCH, SMALL_STEPS, "float32", graphs=False),
    )
    print(
        f"{list(SMALL)}, batch {SMALL_BATCH}, one graph {1e6 * graph / SMALL_STEPS:8.0f}; call by call "
        f"{1e6 * eager / SMALL_STEPS:8.0f}: {eager / graph:.1f} times as fast (wanted: 5)"
    )


if __name__ == "__main__":
    main()
