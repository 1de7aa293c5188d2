"""What libraries alone take for a CSV of rows, in a process: `python -m … MODEL MODELS.npz ROWS.csv OUT.csv`.

pyarrow reads the file with every core, numpy multiplies, pyarrow writes; prints the seconds, libraries being loaded.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tests.benchmarks.bare import FEATURES
from tests.benchmarks.prediction_models import answers


def predict(numbers: dict[str, np.ndarray], model: str, rows: Path, out: Path) -> None:
    table = pacsv.read_csv(rows)
    inputs = np.array([table.column(name).to_numpy() for name in FEATURES]).T  # by columns: numpy is faster so
    pacsv.write_csv(pa.table({"prediction": answers(numbers, model, inputs)}), out)


if __name__ == "__main__":
    model, models, rows, out = sys.argv[1:]
    with np.load(models) as archive:
        numbers = dict(archive)
    began = time.perf_counter()
    predict(numbers, model, Path(rows), Path(out))
    print(time.perf_counter() - began)
