"""What is compared by bench-tables: each model takes the rows to learn from and answers the rows to judge by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from service.client import Client
from tests.benchmarks.stack import computed_seconds
from tests.benchmarks.tables.entries import Entry
from tests.benchmarks.tables.judge import Floats
from tests.integration.processes import Running

LEVEL = 0.9  # of the intervals that are asked for
HERE = Path(__file__).parents[3]
FIT_TABLE = HERE / "tests" / "benchmarks" / "peers" / "fit_table.py"
PEER_PYTHON = HERE / ".venv" / "peers-tables" / "bin" / "python"
PEERS = {  # name: the package that it needs
    "LightGBM": "lightgbm",
    "XGBoost": "xgboost",
    "CatBoost": "catboost",
    "sklearn linear": "sklearn",
    "sklearn MLP": "sklearn",
    "RealMLP-TD": "pytabkit",
    "TabM": "pytabkit",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One table at one seed: rows to learn from and rows to judge by, and the sorted labels where there are classes."""

    entry: Entry
    learn: pd.DataFrame
    test: pd.DataFrame
    seed: int
    directory: Path

    @property
    def labels(self) -> list[str] | None:
        return sorted(self.learn[self.entry.target].unique()) if self.entry.has_classes else None


@dataclass(frozen=True, slots=True)
class Answer:
    """`values`: a number (n,) or probabilities (n, classes) for each row to judge by; `seconds` of processor time;
    `intervals` (n, 2) of LEVEL around numbers where a model gives them."""

    values: Floats
    seconds: float
    intervals: Floats | None = None


def adaline(running: Running, url: str, spec: Mapping[str, Any]) -> Callable[[Task], Answer]:
    """Adaline over HTTP: its processor time is that of every process of the stack, from the POST of the job to the
    predictions, report and pictures among it."""
    client = Client(url, timeout=600)

    def answer(task: Task) -> Answer:
        target = task.entry.target
        types = {"types": {target: "categorical"}} if task.entry.has_classes else {}
        path = task.directory / "learn.csv"
        task.learn.to_csv(path, index=False)
        dataset = client.upload(path, **types)
        began = computed_seconds(running)
        version = client.train(dataset, target=target, model=_model_name(task.entry), seed=task.seed, **dict(spec))
        labels, rows = task.labels, task.test.drop(columns=target)
        told = client.predict_with(version.ref, rows, **{} if labels else {"intervals": LEVEL})
        said = told["predictions"]
        values = [[row["probabilities"][label] for label in labels] for row in said] if labels else said
        intervals = None if labels else np.asarray(told["intervals"], dtype=np.float64)
        return Answer(np.asarray(values, dtype=np.float64), computed_seconds(running) - began, intervals)

    return answer


def _model_name(entry: Entry) -> str:
    return entry.name.replace("/", "-").lower()


def peer(name: str, python: Path) -> Callable[[Task], Answer]:
    """A peer in a process of its own, run by the Python that has it. Raises CalledProcessError when it fails."""

    def answer(task: Task) -> Answer:
        files = [task.directory / f"{part}.parquet" for part in ("learn", "test")]
        for frame, file in zip((task.learn, task.test), files, strict=True):
            frame.to_parquet(file, index=False)
        out = task.directory / "answer.npz"
        command = [python, "-W", "ignore", FIT_TABLE, name, *files, task.entry.target, str(task.seed), out]
        subprocess.run([str(part) for part in command], check=True, cwd=task.directory, stdout=subprocess.DEVNULL)
        with np.load(out) as archive:
            return Answer(archive["values"], float(archive["seconds"]))

    return answer


def present(names: Sequence[str], python: Path) -> list[str]:
    """The peers whose packages `python` has; says of the others that they are left out."""
    found = []
    for name in names:
        if python.exists() and _imports(python, PEERS[name]):
            found.append(name)
        else:
            print(f"{name} is left out: {python} has no {PEERS[name]}")
    return found


def own_python() -> Path:
    """The Python that has the peers: an environment of theirs where it was made, else this one."""
    return PEER_PYTHON if PEER_PYTHON.exists() else Path(sys.executable)


def _imports(python: Path, package: str) -> bool:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    return subprocess.run([str(python), "-c", code], check=False).returncode == 0
