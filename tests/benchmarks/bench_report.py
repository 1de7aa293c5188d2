"""What explaining a wide model costs beside training it: `make bench-report`.

A table of 300 numbers is trained as the worker trains it, from the Parquet file to the weights; then its report, its
pictures and its card are made. A report may take 10 % of the training, or 2 s where that is more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from service.domain.spec import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.certificate import Certified
from workers.explain.files import shown
from workers.explain.understanding import understand
from workers.training.report import make_report, scores_of

WIDTH = 300
SHARE, SECONDS = 0.1, 2.0


def cases(rows: int) -> dict[str, tuple[str, TrainingSpec]]:
    """A name, the kind of the target's column and the spec."""
    split = Split(0.2, 0.1)
    adam = OptimizerSpec("adam", learning_rate=0.001)
    batch = 64 if rows < 50_000 else 256
    mlp = {"optimizer": adam, "batch_size": batch, "epochs": 20, "split": split}
    return {
        "linear": ("numeric", spec_of(split=split, epochs=100)),
        "mlp [64] relu": ("numeric", spec_of(network=NetworkSpec("mlp", (64,)), **mlp)),
        "mlp [64] gelu": ("numeric", spec_of(network=NetworkSpec("mlp", (64,), "gelu"), **mlp)),
        "mlp [256, 128], 5 classes": (
            "categorical",
            spec_of(task="multiclass", network=NetworkSpec("mlp", (256, 128)), **mlp),
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)  # as the worker does
    print(f"{WIDTH} columns, processor seconds of one thread, medians of {options.runs} runs")
    heads = ("training", "understanding", "whole report", "files", "share", "allowed")
    print(f"{'rows':>8} {'model':26}" + "".join(f"{head:>15}" for head in heads))
    late = 0
    for rows in options.rows:
        generator = np.random.default_rng(0)
        X = generator.normal(size=(rows, WIDTH))
        y = X[:, :20] @ generator.normal(size=20) + np.sin(2 * X[:, 0]) + generator.normal(size=rows)
        targets = {
            "numeric": y.tolist(),
            "categorical": [f"k{c}" for c in np.digitize(y, np.quantile(y, [0.2, 0.4, 0.6, 0.8]))],
        }
        for name, (kind, spec) in cases(rows).items():
            kinds = {**{f"x{place}": "numeric" for place in range(WIDTH)}, "y": kind}
            cells = {**{f"x{place}": X[:, place] for place in range(WIDTH)}, "y": targets[kind]}
            with tempfile.TemporaryDirectory(prefix="bench-report-") as directory:
                path = write_table(Path(directory) / "table.parquet", cells, kinds)
                training, understanding, whole, files = map(
                    statistics.median, zip(*(measured(path, spec, kinds) for _ in range(options.runs)), strict=True)
                )
            allowed = max(SHARE * training, SECONDS)
            late += whole + files > allowed
            seconds = (training, understanding, whole, files)
            print(
                f"{rows:>8,} {name:26}"
                + "".join(f"{value:>13.2f} s" for value in seconds)
                + f"{(whole + files) / training:>15.1%}{allowed:>13.2f} s"
            )
    return int(late > 0)


def measured(path: Path, spec: TrainingSpec, kinds: dict) -> tuple[float, float, float, float]:
    """Processor seconds of the training, of what explains the model, of the report with that, and of its files."""
    began = time.process_time()
    made = run(path, spec, kinds)
    trained = time.process_time()
    scores = {name: scores_of(made.predictor, part) for name, part in made.prepared.parts.items()}
    started = time.process_time()
    understand(made.predictor, made.prepared, scores, spec.seed)
    understood = time.process_time()
    report = make_report(spec, made.prepared, made.predictor, made.progress, None, Certified(), None, "", 0.0, [])
    reported = time.process_time()
    shown(report, made.predictor.feature_kinds)
    return trained - began, understood - started, reported - understood, time.process_time() - reported


if __name__ == "__main__":
    sys.exit(main())
