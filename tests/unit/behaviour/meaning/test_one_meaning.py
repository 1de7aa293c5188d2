"""A row means the same in training and in prediction, as JSON and as CSV, alone and in a batch."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Columns, from_json, from_text
from service.domain.cells.written import MISSING_WORDS
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.domain.model.predictor import Predictor
from service.domain.resolving.limits import Limits
from service.domain.resolving.resolve import resolve
from service.domain.spec.schema import read_spec
from tests.unit.workers.ingest.reading import ingest
from tests.unit.workers.training.running import run
from workers.training.split import TEST, TRAIN, VALIDATION

LIMITS = Limits(max_parameters=100_000, max_classes=1000, max_categories=5)
steady = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = (
    "red",
    "it's",
    'the "best", yes',
    "two\nlines",
    "two\r\nlines",
    "Ω≈ç √",
    "sp aced",
    "a;b|c\td",
    "=1+1",
    "nope",
)
TIMES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ",
         "%Y-%m-%dT%H:%M:%S.%f+00:00", "%Y/%m/%d %H:%M:%S UTC")  # fmt: skip
NUMBERS = ("{!r}", "{:.17e}", "{:+.17g}", " {!r}", "{:.0f}.", "{:.3f}")
Cell = tuple[str, Any]  # as it stands in the CSV, and as JSON


def number(generator: np.random.Generator) -> Cell:
    text = str(generator.choice(NUMBERS)).format(float(generator.normal() * 10.0 ** generator.integers(-6, 7)))
    return text, float(text)


def time(generator: np.random.Generator) -> Cell:
    moment = datetime(2024, 2, 29) + timedelta(seconds=float(generator.uniform(-3e9, 3e9)))
    if generator.random() < 0.3:
        text = moment.isoformat() + "-05:30"
        return text, (moment + timedelta(hours=5.5)).isoformat() + "Z"
    pattern = str(generator.choice(TIMES))
    text = moment.strftime(pattern)
    kept = datetime.strptime(text, pattern).replace(tzinfo=None)
    return text, kept.isoformat()


def word(generator: np.random.Generator) -> Cell:
    text = WORDS[generator.integers(len(WORDS))]
    return text, text


def flag(generator: np.random.Generator) -> Cell:
    truth = bool(generator.random() < 0.5)
    return str(generator.choice(["true", "TRUE", "Yes", "t"] if truth else ["false", "False", "NO", "f"])), truth


MAKERS = {"size": number, "when": time, "colour": word, "sold": flag}


def cells_of(generator: np.random.Generator, rows: int, gaps: float) -> dict[str, list[Cell]]:
    return {
        name: [
            (str(generator.choice(MISSING_WORDS)), None) if generator.random() < gaps else make(generator)
            for _ in range(rows)
        ]
        for name, make in MAKERS.items()
    }


def target_of(generator: np.random.Generator, rows: int, task: str) -> list[Cell]:
    if task == "regression":
        return [number(generator) for _ in range(rows)]
    labels = ("well", "ill", "may, be")[: 2 if task == "binary" else 3]
    return [(labels[row % len(labels)], None) for row in range(rows)]


def as_csv(cells: dict[str, list[Cell]]) -> str:
    out = io.StringIO(newline="")
    rows = zip(*[[text for text, _ in column] for column in cells.values()], strict=True)
    csv.writer(out, lineterminator="\n").writerows([list(cells), *rows])
    return out.getvalue()


def predicted(predictor: Predictor, read_cells: Any, cells: dict[str, list[Any]]) -> np.ndarray:
    """Predictions as the API makes them of these cells."""
    kinds = predictor.feature_kinds
    rows = len(next(iter(cells.values())))
    return predictor.predict(Columns({name: read_cells(name, kind, cells[name]) for name, kind in kinds.items()}, rows))


@steady
@given(
    st.integers(0, 10_000),
    st.sampled_from(["regression", "binary", "multiclass"]),
    st.sampled_from([0.0, 0.15]),
    st.sampled_from(["mean", "median", "most_frequent"]),
    st.sampled_from(["linear", "mlp"]),
)
def test_predictions_are_those_of_training_whatever_way_the_rows_come(
    tmp_path: Path, seed: int, task: str, gaps: float, missing: str, network: str
) -> None:
    generator = np.random.default_rng(seed)
    rows = 50
    cells = cells_of(generator, rows, gaps)
    texts = {**cells, "y": target_of(generator, rows, task)}
    done = ingest(tmp_path, as_csv(texts), types={"sold": "boolean"})
    assert (done.table.rows, done.rejects) == (rows, [])
    assert done.kinds == {
        "size": "numeric", "when": "datetime", "colour": "categorical", "sold": "boolean",
        "y": "numeric" if task == "regression" else "categorical",
    }  # fmt: skip
    body = {"dataset": "ds_1", "model": "m", "target": "y", "missing": missing, "epochs": 5, "split": {"test": 0.1},
            "network": {"kind": network}}  # fmt: skip
    spec = replace(resolve(read_spec(body), done.table, LIMITS).spec, device="cpu", early_stopping=None)
    trained = run(done.path, spec, done.kinds, LIMITS.max_categories)
    expected = in_table_order(trained.prepared, trained.predictor)
    predictor = read(trained.files[MANIFEST], trained.files[WEIGHTS])  # as the API has it
    json_cells = {name: [json for _, json in column] for name, column in cells.items()}
    texts = {name: [text for text, _ in column] for name, column in cells.items()}
    scale = np.abs(expected).max()
    close = {"rtol": 1e-6, "atol": 1e-6 * scale}
    np.testing.assert_allclose(predicted(predictor, from_json, json_cells), expected, **close)
    np.testing.assert_allclose(predicted(predictor, from_text, texts), expected, **close)
    for row in range(0, rows, 7):
        alone = {name: [column[row]] for name, column in json_cells.items()}
        np.testing.assert_allclose(predicted(predictor, from_json, alone)[0], expected[row], **close)


def in_table_order(prepared: Any, predictor: Predictor) -> np.ndarray:
    """The predictions made in training, of the matrix that the engine read."""
    shape = (len(prepared.split), len(prepared.classes)) if prepared.classes else (len(prepared.split),)
    made = np.full(shape, np.nan)
    for name, code in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        made[prepared.split == code] = predictor.scores(prepared.parts[name].inputs)
    assert not np.isnan(made).any()
    return made
