"""What explaining a model costs beside training it: `make bench-report`.

A table of numbers is trained as the worker trains it, from the Parquet file to the weights; then its certificate or
verdict, its report, its pictures and its card are made. Of 300 columns all that may take 10 % of the training, or 2 s
where that is more; of 1,000,000 rows of ten columns and a network 0.3 s for a number, 1 s in any case. The last column
says what the certificate has left out.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from service.domain.cells.kinds import Kind
from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import Run, run, spec_of, write_table
from workers.explain.certificate import Certified, Trained, certify
from workers.explain.linear_neuron import linear_neuron
from workers.jobs.report import Evidence, Learnt, Origin, judged_report, published_report
from workers.show.files import shown

SPLIT = Split(0.2, 0.1)
SHARE, SECONDS = 0.1, 2.0
KEEP_BYTES = 2**30
PARTS = ("training", "certificate", "verdict", "report", "files")


@dataclass(frozen=True)
class Case:
    """A table's shape, how many classes its target has (0: a number) and how many targets it has, and how it is
    trained; `seconds` it may take."""

    name: str
    rows: int
    columns: int
    classes: int
    spec: TrainingSpec
    seconds: float = SECONDS
    targets: int = 1

    @property
    def target(self) -> str:
        return (
            f"{self.classes} classes" if self.classes else "number" if self.targets == 1 else f"{self.targets} numbers"
        )


def cases() -> Iterator[Case]:
    for rows in (2_000, 20_000, 50_000):
        for classes in (0, 2, 3):
            yield Case("linear", rows, 300, classes, linear(classes))
            yield Case("mlp [64]", rows, 300, classes, network(classes, (64,), 256))
    yield Case("mlp [64] gelu", 20_000, 300, 0, network(0, (64,), 64, "gelu"))
    yield Case("mlp [256, 128]", 20_000, 300, 5, network(5, (256, 128), 64))
    for rows in (20_000, 50_000):
        for classes in (5, 10):
            yield Case("linear", rows, 300, classes, linear(classes))
    yield from (Case("linear", 200_000, 300, classes, linear(classes)) for classes in (0, 2, 3, 5, 10))
    for rows in (2_000, 50_000, 200_000):
        yield Case("linear huber", rows, 300, 0, linear(0, loss="huber"))
        yield Case("linear l2", rows, 300, 5, linear(5, l2=0.01))
        yield Case("linear", rows, 300, 0, linear(0, targets=5), targets=5)
    for rows in (600, 2_000, 50_000):
        yield Case("linear mae", rows, 300, 0, linear(0, loss="mae"))
        yield Case("linear quantile", rows, 300, 0, linear(0, loss="quantile"))
    for classes in (0, 2, 3):
        yield Case("linear", 1_000_000, 10, classes, linear(classes), 1.0)
        yield Case("mlp [16]", 1_000_000, 10, classes, network(classes, (16,), 2048), 1.0 if classes else 0.3)


def linear(classes: int, loss: str = "mse", l2: float = 0.0, targets: int = 1) -> TrainingSpec:
    optimizer = OptimizerSpec("sgd", l2=l2)
    if classes:
        return spec_of(
            task=task_of(classes), split=SPLIT, epochs=20, batch_size=128, schedule="cosine",
            early_stopping=EarlyStopping(), optimizer=optimizer,
        )  # fmt: skip
    if loss == "mse":
        return spec_of(targets_of(targets), split=SPLIT, epochs=100, optimizer=optimizer)
    return spec_of(split=SPLIT, epochs=20, batch_size=128, schedule="cosine", loss=loss, quantile=0.9)


def network(classes: int, hidden: tuple[int, ...], batch: int, activation: str = "relu") -> TrainingSpec:
    return spec_of(
        task=task_of(classes), split=SPLIT, epochs=20 if batch < 2048 else 5, batch_size=batch,
        network=NetworkSpec("mlp", hidden, activation), optimizer=OptimizerSpec("adam", learning_rate=0.001),
        early_stopping=EarlyStopping(),
    )  # fmt: skip


def targets_of(count: int) -> str | tuple[str, ...]:
    return "y" if count == 1 else tuple(f"y{number}" for number in range(count))


def task_of(classes: int) -> str:
    return {0: "regression", 2: "binary"}.get(classes, "multiclass")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--rows", type=int, nargs="+", default=[600, 2_000, 20_000, 50_000, 200_000, 1_000_000])
    parser.add_argument("--models", nargs="+", help="whose name begins so")
    options = parser.parse_args()
    torch.set_num_threads(1)  # as the worker does
    print(f"processor seconds of one thread, medians of {options.runs} run(s)")
    print(f"{'table':16}{'target':>10}  {'model':16}" + "".join(f"{name:>12}" for name in (*PARTS, "all", "allowed")))
    late = 0
    with tempfile.TemporaryDirectory(prefix="bench-report-") as directory:
        path, kinds = table(Path(directory), 200, 3, 0, 1)
        measured(path, spec_of(epochs=1), kinds)  # what the first run alone has to load
        for case in cases():
            if case.rows not in options.rows or not case.name.startswith(tuple(options.models or [""])):
                continue
            path, kinds = table(Path(directory), case.rows, case.columns, case.classes, case.targets)
            taken, left_out = zip(*(measured(path, case.spec, kinds) for _ in range(options.runs)), strict=True)
            seconds = {name: statistics.median(one[name] for one in taken) for name in PARTS}
            whole = sum(seconds.values()) - seconds["training"]
            allowed = max(SHARE * seconds["training"], case.seconds)
            late += whole > allowed
            print(
                f"{f'{case.rows:,} x {case.columns}':16}{case.target:>10}  {case.name:16}"
                + "".join(f"{value:>10.2f} s" for value in (*seconds.values(), whole, allowed)),
                "" if whole <= allowed else "late",
                left_out[0],
                flush=True,
            )
    return int(late > 0)


def table(directory: Path, rows: int, columns: int, classes: int, targets: int) -> tuple[Path, dict[str, Kind]]:
    """Twenty columns that matter, one of them bent, and noise; for classes cut where the rows are equally many."""
    names = [f"x{place}" for place in range(columns)]
    path = directory / "table.parquet"
    generator = np.random.default_rng(0)
    X = generator.normal(size=(rows, columns))
    cells = dict(zip(names, X.T, strict=True))
    kinds: dict[str, Kind] = dict.fromkeys(names, "numeric")
    for name in spec_of(targets_of(targets)).targets:
        told = X[:, :20]
        y = told @ generator.normal(size=told.shape[1]) + np.sin(2 * X[:, 0]) + generator.normal(size=rows)
        cuts = np.quantile(y, np.arange(1, classes) / classes) if classes else []
        cells[name] = np.array([f"k{number}" for number in range(classes)])[np.digitize(y, cuts)] if classes else y
        kinds[name] = "categorical" if classes else "numeric"
    return write_table(path, cells, kinds), kinds


def measured(path: Path, spec: TrainingSpec, kinds: dict[str, Kind]) -> tuple[dict[str, float], str]:
    """Processor seconds of each part, as `workers.jobs.train` goes through them; and what the certificate has not."""
    marks = [time.process_time()]

    def mark() -> None:
        marks.append(time.process_time())

    made: Run = run(path, spec, kinds)
    mark()
    features = {name: kind for name, kind in kinds.items() if name not in spec.targets}
    trained = Trained(
        lambda: contextlib.nullcontext(path), spec, features, made.prepared, made.predictor, made.progress.epoch,
        KEEP_BYTES,
    )  # fmt: skip
    certified = certify(trained, lambda: None)
    mark()
    neuron = None
    if spec.network.kind == "mlp":
        neuron = linear_neuron(spec, made.prepared, made.predictor, lambda: None)
    mark()
    learnt = Learnt(spec, made.prepared, made.predictor, made.progress, None)
    judged = judged_report(learnt, Evidence(made.held, neuron), Origin("", None, "", {}, 0.0), [])
    report = published_report(judged, learnt, certified)
    mark()
    list(shown(report, made.predictor.feature_kinds))
    mark()
    return dict(zip(PARTS, np.diff(marks).tolist(), strict=True)), without(next(iter(certified.values())))


def without(certified: Certified) -> str:
    """What a certificate has left out."""
    if certified.left_out:
        return f"no certificate: {certified.left_out}"
    return (certified.certificate.note if certified.certificate else None) or ""


if __name__ == "__main__":
    sys.exit(main())
