"""Predictions as MLflow's and SageMaker's servers answer them.

MLflow: `{"predictions": […]}`, of classes their labels. SageMaker's Linear Learner: `{"predictions": [{"score": …}]}`,
for classes with `predicted_label`; of two classes the score is the second's probability, of more and of
several targets a list in order.
Source: SageMaker's "Linear learner response formats".
"""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson

from service.domain.arrays import Floats
from service.domain.model.predictor import Predictor, label_text


def as_mlflow(predictor: Predictor, values: Floats) -> bytes:
    """{"predictions": […]}: numbers, objects by target for several, or labels."""
    answers = _labels(predictor, values) if predictor.classes else predictor.answers(values)
    return orjson.dumps({"predictions": answers})


def as_scores(predictor: Predictor, values: Floats) -> bytes:
    """{"predictions": [{"score": …}, …]}"""
    return orjson.dumps({"predictions": _scored(predictor, values)})


def as_score_lines(predictor: Predictor, values: Floats) -> bytes:
    """A line `{"score": …}` for each row."""
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in _scored(predictor, values))


def as_csv(predictor: Predictor, values: Floats) -> bytes:
    """A line for each row, without a header: the number, the numbers of several targets, or the label."""
    rows: list[list[Any]] = values.reshape(len(values), -1).tolist()
    if predictor.classes:
        rows = [[label_text(label)] for label in _labels(predictor, values)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _labels(predictor: Predictor, values: Floats) -> list[Any]:
    return [predictor.classes[best] for best in values.argmax(axis=1).tolist()]


def _scored(predictor: Predictor, values: Floats) -> list[dict[str, Any]]:
    if not predictor.classes:
        return [{"score": value} for value in values.tolist()]
    scores = values[:, 1].tolist() if len(predictor.classes) == 2 else values.tolist()
    labels = _labels(predictor, values)
    return [{"score": score, "predicted_label": label} for score, label in zip(scores, labels, strict=True)]
