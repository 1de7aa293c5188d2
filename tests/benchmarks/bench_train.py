"""What a step of training costs: `make bench-train`. One thread each, processor time, medians of rounds of all in turn.

The fused engine beside the loop of every tutorial (DataLoader, zero_grad, forward, backward, step), the same loop on
slices of tensors, scikit-learn's estimators, and the speed of the processor's own sgemm. 8 columns; a linear neuron
with sgd, [16] and [128, 128] with Adam. An epoch of the engine includes its order of rows. Then eight members, trained
in one pass, beside one network.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.linear_model import SGDRegressor
from sklearn.neural_network import MLPRegressor
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from service.domain.model.network import Network
from tests.benchmarks.figures import Figure
from workers.training.engines.fused import FusedEngine
from workers.training.order import in_order
from workers.training.problem import Data, Problem, State
from workers.training.threads import use_one_thread

COLUMNS, RATE = 8, 1e-3
ROWS = 131_072
SECONDS = 0.15  # of processor time that a run should take at least
SGEMM_SIZES = 256, 512, 1024, 2048

MEMBERS, MOST_TIMES = 8, 6.5  # what eight members may cost, in steps of one network
WIDE = 256  # layers of this width should reach most of sgemm's speed

Pass = Callable[[int], object]


@dataclass(frozen=True)
class Task:
    """A network or several, their optimiser and the batches that they are trained in."""

    hidden: tuple[int, ...]
    batch: int
    members: int = 1

    @property
    def name(self) -> str:
        kind = f"{list(self.hidden)} Adam" if self.hidden else "linear SGD"
        return f"{f'{self.members} x ' if self.members > 1 else ''}{kind}, batch {self.batch}"

    @property
    def operations(self) -> int:
        """Of one step's products: forward, weights' gradient and, but for the first layer, inputs' gradient."""
        sizes = (COLUMNS, *self.hidden, 1)
        products = [a * b for a, b in itertools.pairwise(sizes)]
        return 2 * self.members * self.batch * (2 * products[0] + 3 * sum(products[1:]))


TASKS = [Task(hidden, batch) for hidden in ((), (16,), (128, 128)) for batch in (32, 256)]
ENSEMBLES = [
    Task(hidden, batch, MEMBERS)
    for hidden, batch in (((16,), 32), ((64, 64), 32), ((64, 64), 256), ((WIDE, WIDE), 1024))
]


def table() -> Data:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    y = X @ np.linspace(-1, 1, COLUMNS) + np.sin(2 * X[:, 0]) + 0.3 * generator.normal(size=ROWS)
    return Data(X, y[:, None].astype(np.float32))


def fused(task: Task, data: Data) -> Pass:
    network = Network((COLUMNS, *task.hidden, 1), members=task.members)
    problem = Problem(network, "mse", "adam" if task.hidden else "sgd")
    engine, state = FusedEngine(problem, {"train": data}), State.start(problem)
    epochs = iter(range(1, 10**9))

    def run(steps: int) -> None:
        epoch = next(epochs)
        rows = min(steps * task.batch, ROWS)
        for _ in range(-(-steps * task.batch // rows)):
            engine.epoch(state, epoch, in_order(0, epoch, (rows, COLUMNS)), task.batch, RATE, lambda: None)

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


def one_network(task: Task, data: Data) -> Pass:
    return fused(replace(task, members=1), data)


Contenders = Mapping[str, Callable[[Task, Data], Pass]]
CONTENDERS: Contenders = {"fused": fused, "tutorial": tutorial, "sliced": sliced, "scikit-learn": scikit_learn}
BESIDE_MEMBERS: Contenders = {"fused": fused, "one network": one_network}


def microseconds(run: Pass, steps: int) -> float:
    started = time.process_time()
    run(steps)
    return (time.process_time() - started) / steps * 1e6


def sgemm(size: int) -> float:
    """Operations a second of products of this size, the median of some tenths of a second: as long as a run takes."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    out = np.empty_like(a)
    taken = []
    for _ in range(max(5, 2**33 // size**3)):
        started = time.process_time()
        np.dot(a, a, out)
        taken.append(time.process_time() - started)
    return 2 * size**3 / statistics.median(taken)


@dataclass(frozen=True)
class Found:
    """Of some rounds, in each of which all took their turn: microseconds of a step by contender, sgemm's operations a
    second. What is compared was measured in the same round; of rounds it is the median."""

    task: Task
    taken: dict[str, list[float]]
    sgemm: list[float]

    def microseconds(self, name: str) -> float:
        return statistics.median(self.taken[name])

    def ratio(self, name: str) -> float:
        """Times the fused engine."""
        return statistics.median(a / b for a, b in zip(self.taken[name], self.taken["fused"], strict=True))

    @property
    def share(self) -> float:
        """Of sgemm's speed."""
        speeds = (self.task.operations / step * 1e6 for step in self.taken["fused"])
        return statistics.median(ours / peak for ours, peak in zip(speeds, self.sgemm, strict=True))


def measure(task: Task, data: Data, contenders: Contenders, rounds: int, size: int) -> Found:
    made = {name: make(task, data) for name, make in contenders.items()}
    steps = {}
    for name, run in made.items():
        run(4)
        steps[name] = min(max(int(SECONDS * 1e6 / microseconds(run, 20)), 20), ROWS // task.batch)
    found = Found(task, {name: [] for name in made}, [])
    for _ in range(rounds):
        for name, run in made.items():
            found.taken[name].append(microseconds(run, steps[name]))
        found.sgemm.append(sgemm(size))
    return found


def targets(task: Task, found: Found) -> list[tuple[str, float, float]]:
    """What issue 5 asks for: a name, what was reached, what is wanted."""
    ratio = found.ratio
    if task.members > 1:
        if max(task.hidden) >= WIDE:
            return [("share of sgemm", found.share, 0.85)]
        return [(f"{MEMBERS} networks", MEMBERS * ratio("one network"), MEMBERS / MOST_TIMES)]
    if task.batch == 32 and not task.hidden:
        return [("tutorial", ratio("tutorial"), 100), ("SGDRegressor", ratio("scikit-learn"), 3)]
    if task.batch == 32 and task.hidden == (16,):
        return [("tutorial", ratio("tutorial"), 100), ("MLPRegressor", ratio("scikit-learn"), 40)]
    if task.batch == 32:
        return [("tutorial", ratio("tutorial"), 8), ("MLPRegressor", ratio("scikit-learn"), 5)]
    return [("share of sgemm", found.share, 0.65)] if task.hidden == (128, 128) else []


def shown(task: Task, found: Found) -> list[Figure]:
    """For README: steps of 32 rows beside the tutorial's loop and scikit-learn, wide ones beside sgemm; members beside
    as many networks."""
    step = f"a step of {task.name}"
    ours = f"{found.microseconds('fused'):.2g} µs"
    if task.members > 1 and max(task.hidden) < WIDE:
        each = f"{MEMBERS * found.microseconds('one network'):.2g} µs"
        return [Figure(step, ours, f"{MEMBERS} networks", each, MEMBERS * found.ratio("one network"))]
    if task.members == 1 and task.batch == 32:
        peers = {"tutorial": "the tutorial's PyTorch loop", "scikit-learn": "scikit-learn"}
        return [
            Figure(step, ours, peer, f"{theirs:,.0f} µs" if theirs >= 100 else f"{theirs:.3g} µs", found.ratio(name))
            for name, peer in peers.items()
            for theirs in [found.microseconds(name)]
        ]
    if max(task.hidden, default=0) < 128:
        return []
    peak = statistics.median(found.sgemm)
    told = f"{found.share * peak / 1e9:.0f} GFLOP/s", "the processor's own sgemm", f"{peak / 1e9:.0f} GFLOP/s"
    return [Figure(f"products of {step}", *told, found.share)]


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args(arguments)
    use_one_thread()
    data, size = table(), max(SGEMM_SIZES, key=sgemm)
    kernels = os.environ.get("OPENBLAS_CORETYPE", "its own choice")
    print(f"sgemm of one thread on {size} × {size} numbers (OpenBLAS kernels: {kernels})")
    print("microseconds of processor time a step, medians; in brackets times the fused engine")
    print(f"{'':26}" + "".join(f"{name:>18}" for name in CONTENDERS) + f"{'of sgemm, GFLOP/s':>20}")
    asked: list[str] = []
    figures: list[Figure] = []
    for task in [*TASKS, *ENSEMBLES]:
        contenders = CONTENDERS if task.members == 1 else BESIDE_MEMBERS
        if task == ENSEMBLES[0]:
            print(f"{'':26}" + "".join(f"{name:>18}" for name in contenders))
        found = measure(task, data, contenders, options.runs, size)
        cells = [f"{found.microseconds(name):.1f} ({found.ratio(name):.2g})" for name in contenders if name != "fused"]
        cells = [f"{found.microseconds('fused'):.2f}", *cells]
        cells += [""] * (len(CONTENDERS) - len(contenders))
        end = f"{found.share:>10.0%}{statistics.median(found.sgemm) / 1e9:10.0f}"
        print(f"{task.name:26}" + "".join(f"{cell:>18}" for cell in cells) + end, flush=True)
        for name, reached, wanted in targets(task, found):
            asked.append(
                f"{task.name}, {name}: {reached:.2f}, wanted {wanted:g}{'' if reached >= wanted else '  MISSED'}"
            )
        figures += shown(task, found)
    print("\n".join(asked))
    return figures


if __name__ == "__main__":
    main()
