"""Whether a graph answers as our own model does: both are asked about random rows, before anybody can download it.

The rows have gaps, categories that were never seen, values at the ends of the range that training saw and far beyond,
days at the turn of years and of February. onnxruntime runs the graph as it stands, without optimising it first, which
takes longer than all the rest for a small graph.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from service.domain.arrays import Floats
from service.domain.cells.columns import Categories, Columns, Values
from service.domain.model.feature import Feature
from service.domain.model.predictor import Predictor, label_text

ROWS = 200
MOST_PRODUCTS = 20_000_000  # weights times rows: a large network is asked about fewer rows
FEWEST_ROWS = 16
TOLERANCE = 1e-6
NEVER_SEEN = "a category that was never seen"
GAPS, UNSEEN, ENDS = 0.15, 0.1, 0.2  # shares of the cells
FAR = 1e300
TURNS = np.array(["1900-02-28T23:59:59", "1968-02-29", "1969-12-31T23:59:59", "1970-01-01", "1999-12-31T12:00",
                  "2000-02-29T23:00", "2000-03-01", "2023-12-31T23:59:59", "2024-02-29", "2100-02-28", "2100-03-01"],
                 dtype="datetime64[s]").astype(np.float64)  # fmt: skip


class GraphWrong(Exception):
    """The graph does not answer as the model does; the text says where they part."""


def check(data: bytes, predictor: Predictor, outputs: list[str]) -> None:
    """Ask both. Raises GraphWrong, and what onnxruntime raises for a graph that it does not read."""
    session = ort.InferenceSession(data, _options(), providers=["CPUExecutionProvider"])
    columns = random_rows(predictor)
    with np.errstate(all="ignore"):  # what overflows does so in both
        expected = predictor.predict(columns).reshape(columns.n_rows, -1)
    labels, values = _asked(session, predictor, outputs, columns)
    usual = float(np.median(np.abs(expected[np.isfinite(expected)]))) if np.isfinite(expected).any() else 0.0
    apart = ~np.isclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE * usual, equal_nan=True)
    if apart.any():
        row, column = np.argwhere(apart)[0]
        raise GraphWrong(f"random row {row} gives {values[row, column]!r} in place of {expected[row, column]!r}")
    _check_labels(predictor, expected, labels)
    if unfilled := [one for one in predictor.transform.features if not one.fills]:
        _, values = _asked(session, predictor, outputs, _without(columns.take(np.arange(1)), unfilled))
        if not np.isnan(values).all():
            raise GraphWrong("a row with a gap that is not imputed has a prediction")


def random_rows(predictor: Predictor, rows: int | None = None, seed: int = 0) -> Columns:
    """Rows that the model takes: gaps stand only where it fills them."""
    if rows is None:
        rows = min(ROWS, max(FEWEST_ROWS, MOST_PRODUCTS // predictor.network.n_parameters))
    draw = np.random.Generator(np.random.Philox(key=seed))
    return Columns(
        {
            one.name: _cells(one, predictor.text_style.missing_numbers(one.name), rows, draw)
            for one in predictor.transform.features
        },
        rows,
    )


def feeds_of(columns: Columns) -> dict[str, npt.NDArray[Any]]:
    """The rows as the graph's inputs."""
    return {name: _fed(values) for name, values in columns.data.items()}


def _check_labels(predictor: Predictor, expected: Floats, labels: list[Any]) -> None:
    """The most probable class, where that is one."""
    if not predictor.classes:
        return
    ranked = np.sort(expected, axis=1)
    for row in np.flatnonzero(ranked[:, -1] - ranked[:, -2] > 2 * TOLERANCE).tolist():
        label = label_text(predictor.classes[int(expected[row].argmax())])
        if label_text(labels[row]) != label:
            raise GraphWrong(f"its label of random row {row} is {labels[row]!r} in place of {label}")


def _cells(feature: Feature, not_numbers: Collection[float], rows: int, draw: np.random.Generator) -> Values:
    gaps = draw.random(rows) < (GAPS if feature.fills else 0)
    if feature.encoding == "categories":
        told = feature.statistics.categories if feature.statistics else ()
        words = (*(category for category in (*feature.categories, *told) if category), NEVER_SEEN)  # "" is a gap there
        unseen = draw.random(rows) < UNSEEN
        codes = np.where(unseen, len(words) - 1, draw.integers(0, len(words), rows))
        return Categories(np.where(gaps, -1, codes).astype(np.int32), words)
    if feature.facts.holds == "truths":
        return np.where(gaps, np.nan, draw.integers(0, 2, rows))
    low, high = feature.low or 0.0, 1.0 if feature.high is None else feature.high
    width = min(high - low, FAR) or abs(high) or 1.0
    ends = [low, high, low - width, high + width]
    ends += TURNS.tolist() if feature.encoding == "calendar" else [0.0, low - 100 * width, high + 100 * width]
    share = draw.random(rows)
    values = np.where(draw.random(rows) < ENDS, draw.choice(ends, rows), low * (1 - share) + high * share)
    if feature.facts.holds == "numbers" and not_numbers:  # what is written for a missing cell is no number there
        values = np.where(np.isin(values, list(not_numbers)), np.nextafter(values, np.inf), values)
    return np.where(gaps, np.nan, values)


def _without(columns: Columns, features: list[Feature]) -> Columns:
    gaps = {one.name: Categories.of([None]) if one.encoding == "categories" else np.array([np.nan]) for one in features}
    return Columns({**columns.data, **gaps}, 1)


def _fed(values: Values) -> npt.NDArray[Any]:
    if isinstance(values, Categories):
        return np.array([*values.values, ""], dtype=object)[values.codes][:, None]
    return values[:, None]


def _asked(session: Any, predictor: Predictor, outputs: list[str], columns: Columns) -> tuple[list[Any], Floats]:
    """The labels, if there are classes, and the values (n_rows, n_outputs) that the graph gives."""
    answers = session.run(outputs, feeds_of(columns))
    labels = answers.pop(0)[:, 0].tolist() if predictor.classes else []
    return labels, np.hstack(answers)


@functools.cache
def _options() -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # what it has to say is in what it raises
    return options
