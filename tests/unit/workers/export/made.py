"""Models with fitted transforms and random weights, rows to ask them about, and what answers for them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from service.domain.cells.columns import Columns, from_json
from service.domain.cells.kinds import Kind
from service.domain.model.artifact import dump
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from tests.unit.workers.training.running import moment
from workers.export.script import script
from workers.training.data.fit import fit

DAY = 86_400.0
KINDS: dict[str, Kind] = {
    "size": "numeric", "wide": "numeric", "same": "numeric", "flag": "boolean", "when": "datetime",
    "born": "datetime", "colour": "categorical", "code": "categorical",
}  # fmt: skip
COLOURS = ("red", "blue", "it's", 'the "best", yes', "Ω≈ç √", "two\nlines", "a;b|c\td", "=1+1")
CODES = tuple(f"c{number}" for number in range(40))
TARGETS = {"regression": "y", "binary": "y", "multiclass": "y", "several": ("prediction", "long name, 1", "z")}
CLASSES: dict[str, tuple[Any, ...]] = {"binary": (False, True), "multiclass": ("no", "yes", "may, be", "Ω")}
Cells = dict[str, list[Any]]


def random_cells(seed: int, rows: int, gaps: float, unseen: bool = False) -> Cells:
    """Features by column, as JSON has them; a share of the cells is missing. With `unseen` some are of no training."""
    draw = np.random.default_rng(seed)
    more = ("never", "seen before") if unseen else ()
    far = 3.0 if unseen else 1.0
    made: Cells = {
        "size": draw.normal(5, 2 * far, rows).tolist(),
        "wide": (10 ** draw.uniform(-3, 6, rows) * draw.choice([-1, 1], rows)).tolist(),
        "same": [7.0] * rows,
        "flag": draw.choice([True, False], rows).tolist(),
        "when": [time_text(moment(round(it, 3))) for it in draw.uniform(-25_000 * DAY, 30_000 * DAY, rows)],
        "born": [time_text(moment(round(it / DAY) * DAY)) for it in draw.uniform(0, 20_000 * DAY * far, rows)],
        "colour": draw.choice(np.array([*COLOURS, *more], dtype=object), rows).tolist(),
        "code": draw.choice(np.array([*CODES, *more], dtype=object), rows).tolist(),
    }
    return {
        name: [None if missing else cell for cell, missing in zip(cells, draw.random(rows) < gaps, strict=True)]
        for name, cells in made.items()
    }


def time_text(time: datetime) -> str:
    return time.isoformat() + "Z"


def columns_of(cells: Cells, kinds: Mapping[str, Kind] = KINDS) -> Columns:
    return Columns({name: from_json(name, kind, cells[name]) for name, kind in kinds.items()}, len(cells["size"]))


def made(
    task: str = "regression", activation: str = "relu", hidden: tuple[int, ...] = (8, 5), scaler: str = "standard",
    missing: str = "mean", bias: bool = True, seed: int = 0, most_categories: int = 12, scale_target: bool = True,
    members: int = 1, numeric_bins: int = 0,
) -> Predictor:  # fmt: skip
    """A transform as training fits it on a random table, and a network with random weights behind it."""
    gaps = 0.0 if missing in ("error", "drop") else 0.1
    cells = random_cells(seed + 1000, 400, gaps)
    transform = fit(lambda: iter([columns_of(cells)]), KINDS, missing, scaler, most_categories, numeric_bins)
    classes = CLASSES.get(task, ())
    target = TARGETS[task]
    outputs = len(classes) if len(classes) > 2 else 1 if isinstance(target, str) else len(target)
    network = Network((transform.n_outputs, *hidden, outputs), activation, bias, members)
    draw = np.random.default_rng(seed)
    parameters = draw.normal(0, 0.5, network.n_parameters).astype(np.float32)
    if scaler == "none":  # the network reads numbers up to a million: weights small enough that answers differ
        parameters *= np.float32(1e-3)
    scales = (
        [TargetScale(*one) for one in draw.uniform(0.5, 3, (3, 2)).tolist()] if scale_target else [TargetScale()] * 3
    )
    return Predictor(
        "regression" if task == "several" else task, target, transform, network, parameters,
        (TargetScale(),) if classes else tuple(scales[: 1 if isinstance(target, str) else 3]), classes,
    )  # fmt: skip


def by_onnx(data: bytes, cells: Cells, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Any]:
    """What onnxruntime answers, with its own defaults, by the name of the output."""
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    wanted = {one.name: one.type for one in session.get_inputs()}
    feeds = {name: _fed(cells[name], kind) for name, kind in kinds.items() if name in wanted}
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, feeds), strict=True))


def _fed(cells: Sequence[Any], kind: str) -> Any:
    """A column as it is documented: computed here, not by what the service reads cells with."""
    if kind == "categorical":
        return np.array([cell or "" for cell in cells], dtype=object)[:, None]
    if kind == "datetime":
        epoch = datetime.fromisoformat("1970-01-01T00:00:00Z")
        cells = [cell and (datetime.fromisoformat(cell) - epoch).total_seconds() for cell in cells]
    return np.array([np.nan if cell is None else float(cell) for cell in cells])[:, None]


ASKED = """
import runpy, sys
before = set(sys.modules)
sys.argv = sys.argv[1:]
status = 0
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as leaving:
    status = leaving.code
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
others = loaded - set(sys.stdlib_module_names) - {"numpy", "safetensors"}
if others:
    sys.exit(f"more than numpy and safetensors was imported: {sorted(others)}")
sys.exit(status)
"""


def write_files(directory: Path, predictor: Predictor) -> None:
    for name, data in {**dump(predictor), "predict.py": script()}.items():
        (directory / name).write_bytes(data)


def by_script(directory: Path, table: str) -> list[dict[str, str]]:
    """What `python predict.py rows.csv` prints, in a process that sees no more than it needs."""
    rows = directory / "rows.csv"
    rows.write_bytes(table.encode())
    command = [sys.executable, "-I", "-c", ASKED, str(directory / "predict.py"), str(rows)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))


def as_csv(cells: Cells) -> str:
    """The same cells as text: none for a missing one."""
    out = io.StringIO(newline="")
    columns = [["" if cell is None else cell if isinstance(cell, str) else json.dumps(cell) for cell in it]
               for it in cells.values()]  # fmt: skip
    csv.writer(out, lineterminator="\n").writerows([list(cells), *zip(*columns, strict=True)])
    return out.getvalue()
