"""What a step of training costs: `make bench-train`. One thread each, processor time, medians of interleaved runs.

The fused engine beside the loop of every tutorial (DataLoader, zero_grad, forward, backward, step), the same loop on
slices of tensors, scikit-learn's estimators, and the speed of the processor's own sgemm. 8 columns; a linear neuron
with sgd, [16] and [128, 128] with Adam. An epoch of the engine includes its order of rows.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import SGDRegressor
from sklearn.neural_network import MLPRegressor
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from service.domain.network import Network
from tests.benchmarks.figures import Figure
from workers.training.engines.fused.engine import FusedEngine
from workers.training.problem import Data, Problem, State
from workers.training.split import epoch_order
from workers.training.threads import use_one_thread

COLUMNS, RATE = 8, 1e-3
ROWS = 131_072
SECONDS = 0.15  # of processor time that a run should take at least

Pass = Callable[[int], object]


@dataclass(frozen=True)
class Task:
    """A network, its optimiser and the batches that it is trained in."""

    hidden: tuple[int, ...]
    batch: int

    @property
    def name(self) -> str:
        kind = f"{list(self.hidden)} Adam" if self.hidden else "linear SGD"
        return f"{kind}, batch {self.batch}"

    @property
    def operations(self) -> int:
        """Of one step's products: forward, weights' gradient and, but for the first layer, inputs' gradient."""
        sizes = (COLUMNS, *self.hidden, 1)
        products = [a * b for a, b in itertools.pairwise(sizes)]
        return 2 * self.batch * (2 * products[0] + 3 * sum(products[1:]))


TASKS = [Task(hidden, batch) for hidden in ((), (16,), (128, 128)) for batch in (32, 256)]


def table() -> Data:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    y = X @ np.linspace(-1, 1, COLUMNS) + np.sin(2 * X[:, 0]) + 0.3 * generator.normal(size=ROWS)
    return Data(X, y[:, None].astype(np.float32))


def fused(task: Task, data: Data) -> Pass:
    problem = Problem(Network((COLUMNS, *task.hidden, 1)), "mse", "adam" if task.hidden else "sgd")
    engine, state = FusedEngine(problem, {"train": data}), State.start(problem)
    epochs = iter(range(1, 10**9))

    def run(steps: int) -> None:
        epoch = next(epochs)
        rows = min(steps * task.batch, ROWS)
        for _ in range(-(-steps * task.batch // rows)):
            engine.epoch(state, epoch, epoch_order(0, epoch, rows), task.batch, RATE, lambda: None)

    return run


def model_of(task: Task) -> tuple[nn.Module, torch.optim.Optimizer]:
    sizes = (COLUMNS, *task.hidden, 1)
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    kind = torch.optim.Adam if task.hidden else torch.optim.SGD
    return model, kind(model.parameters(), lr=RATE)


def tutorial(task: Task, data: Data) -> Pass:
    model, optimizer = model_of(task)
    loss_of = nn.MSELoss()
    dataset = TensorDataset(torch.from_numpy(data.inputs), torch.from_numpy(data.targets))
    loader = DataLoader(dataset, batch_size=task.batch, shuffle=True)

    def run(steps: int) -> None:
        for number, (inputs, targets) in enumerate(loader):
            if number == steps:
                return
            optimizer.zero_grad()
            loss = loss_of(model(inputs), targets)
            loss.backward()
            optimizer.step()

    return run


def sliced(task: Task, data: Data) -> Pass:
    model, optimizer = model_of(task)
    loss_of = nn.MSELoss()
    all_inputs, all_targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)

    def run(steps: int) -> None:
        order = torch.randperm(ROWS)[: steps * task.batch]
        X, y = all_inputs[order], all_targets[order]
        for start in range(0, len(order), task.batch):
            optimizer.zero_grad()
            loss = loss_of(model(X[start : start + task.batch]), y[start : start + task.batch])
            loss.backward()
            optimizer.step()

    return run


def scikit_learn(task: Task, data: Data) -> Pass:
    """SGDRegressor makes a step for each row; MLPRegressor batches, as the others do."""
    if task.hidden:
        estimator = MLPRegressor(
            hidden_layer_sizes=task.hidden, batch_size=task.batch, learning_rate_init=RATE, alpha=0.0
        )
    else:
        estimator = SGDRegressor(penalty=None, learning_rate="constant", eta0=RATE)

    def run(steps: int) -> None:
        rows = slice(0, steps * task.batch)
        estimator.partial_fit(data.inputs[rows], data.targets[rows, 0])

    return run


CONTENDERS = {"fused": fused, "tutorial": tutorial, "sliced": sliced, "scikit-learn": scikit_learn}


def microseconds(run: Pass, steps: int) -> float:
    started = time.process_time()
    run(steps)
    return (time.process_time() - started) / steps * 1e6


def sgemm_peak() -> float:
    """Operations a second of the best sgemm of one thread."""
    best = 0.0
    for size in (256, 512, 1024, 2048):
        a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
        out = np.empty_like(a)
        for _ in range(max(5, 2**28 // size**3)):
            started = time.perf_counter()
            np.dot(a, a, out)
            best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best


def measure(task: Task, data: Data, runs: int) -> dict[str, float]:
    """Microseconds of a step, by contender: medians of `runs`, each contender in turn."""
    made = {name: make(task, data) for name, make in CONTENDERS.items()}
    steps = {}
    for name, run in made.items():
        run(4)
        steps[name] = min(max(int(SECONDS * 1e6 / microseconds(run, 20)), 20), ROWS // task.batch)
    taken: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(runs):
        for name, run in made.items():
            taken[name].append(microseconds(run, steps[name]))
    return {name: statistics.median(values) for name, values in taken.items()}


def targets(task: Task, found: dict[str, float], peak: float) -> list[tuple[str, float, float]]:
    """What issue 5 asks for: a name, what was reached, what is wanted."""
    ratio = {name: value / found["fused"] for name, value in found.items()}
    share = task.operations / found["fused"] * 1e6 / peak
    if task.batch == 32 and not task.hidden:
        return [("tutorial", ratio["tutorial"], 100), ("SGDRegressor", ratio["scikit-learn"], 3)]
    if task.batch == 32 and task.hidden == (16,):
        return [("tutorial", ratio["tutorial"], 100), ("MLPRegressor", ratio["scikit-learn"], 40)]
    if task.batch == 32:
        return [("tutorial", ratio["tutorial"], 8), ("MLPRegressor", ratio["scikit-learn"], 5)]
    return [("share of sgemm", share, 0.65)] if task.hidden == (128, 128) else []


def shown(task: Task, found: dict[str, float], peak: float) -> list[Figure]:
    """For README: steps of 32 rows beside the tutorial's loop and scikit-learn, wide ones beside sgemm."""
    step = f"a step of {task.name}"
    ours = f"{found['fused']:.2g} µs"
    if task.batch == 32:
        peers = {"tutorial": "the tutorial's PyTorch loop", "scikit-learn": "scikit-learn"}
        return [
            Figure(step, ours, peer, f"{found[name]:.3g} µs", found[name] / found["fused"])
            for name, peer in peers.items()
        ]
    if task.hidden != (128, 128):
        return []
    reached = task.operations / found["fused"] * 1e6
    told = f"{reached / 1e9:.0f} GFLOP/s", "the processor's own sgemm", f"{peak / 1e9:.0f} GFLOP/s"
    return [Figure(f"products of {step}", *told, reached / peak)]


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args(arguments)
    use_one_thread()
    data, peak = table(), sgemm_peak()
    kernels = os.environ.get("OPENBLAS_CORETYPE", "its own choice")
    print(f"sgemm of one thread: {peak / 1e9:.0f} GFLOP/s (OpenBLAS kernels: {kernels})")
    print("microseconds of processor time a step, medians; in brackets times the fused engine")
    print(f"{'':26}" + "".join(f"{name:>18}" for name in CONTENDERS) + f"{'of sgemm':>10}")
    asked: list[str] = []
    figures: list[Figure] = []
    for task in TASKS:
        found = measure(task, data, options.runs)
        peers = [f"{value:.1f} ({value / found['fused']:.1f})" for name, value in found.items() if name != "fused"]
        share = task.operations / found["fused"] * 1e6 / peak
        cells = [f"{found['fused']:.2f}", *peers]
        print(f"{task.name:26}" + "".join(f"{cell:>18}" for cell in cells) + f"{share:>10.0%}", flush=True)
        for name, reached, wanted in targets(task, found, peak):
            asked.append(
                f"{task.name}, {name}: {reached:.2f}, wanted {wanted:g}{'' if reached >= wanted else '  MISSED'}"
            )
        figures += shown(task, found, peak)
    print("\n".join(asked))
    return figures


if __name__ == "__main__":
    main()
