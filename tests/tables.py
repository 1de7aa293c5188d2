"""Tables that the tests and benchmarks upload: those that ship with scikit-learn, and made ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv
from sklearn import datasets

AT_ONCE_ROWS = 1_000_000
LOADERS = {
    "diabetes": datasets.load_diabetes,
    "breast-cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "iris": datasets.load_iris,
    "digits": datasets.load_digits,
}


def shipped(name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Features (n, m) and target (n,) of a set that ships with scikit-learn."""
    inputs, target = LOADERS[name](return_X_y=True)
    return inputs.astype(np.float64), target.astype(np.float64)


def write_shipped(name: str, path: Path) -> Path:
    """The set as a CSV with the columns x0…, y: floats as Python writes them, so that they read back exactly."""
    inputs, target = shipped(name)
    whole = bool((target == target.round()).all())
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{number}" for number in range(inputs.shape[1])), "y"])
        for row, value in zip(inputs.tolist(), target.tolist(), strict=True):
            writer.writerow([*row, int(value) if whole else value])
    return path


def write_numbers(path: Path, rows: int, columns: int, seed: int = 7) -> Path:
    """Random numbers with a linear target: 1,000,000 rows of 10 columns are about 115 MB."""
    draw = np.random.default_rng(seed)
    weights = draw.standard_normal(columns)
    names = [*(f"x{number}" for number in range(columns)), "y"]
    with pacsv.CSVWriter(path, pa.schema([(name, pa.float64()) for name in names])) as writer:
        for start in range(0, rows, AT_ONCE_ROWS):
            n = min(AT_ONCE_ROWS, rows - start)
            inputs = np.round(draw.standard_normal((n, columns)), 7)
            target = np.round(inputs @ weights + 0.1 * draw.standard_normal(n), 7)
            writer.write_table(pa.table([*inputs.T, target], names=names))
    return path
