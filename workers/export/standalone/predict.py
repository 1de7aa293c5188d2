"""Answers as Adaline's /predict does, from the files beside this one. It needs numpy and safetensors, nothing else.

    python predict.py rows.csv > predictions.csv           a CSV written as the one that the model was trained on
    from predict import predict; predict([{"size": 3, "colour": "red"}])

A cell is a number, true or false, a string as it would stand in that CSV, or None where it is missing. manifest.json
says what the features are and how cells become numbers, weights.safetensors holds the network. This text is the same
for every model.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from workers.export.standalone.cells import read_cell

HERE = Path(__file__).resolve().parent


def predict(rows: Sequence[Mapping[str, Any]], folder: Path = HERE) -> list[Any]:
    """For each row a number; {target: number} for several targets; {"label", "probabilities"} for classes. Raises
    KeyError for a feature that a row does not have, ValueError for a cell that cannot be read."""
    model, weights = load(folder)
    if not rows:
        return []
    classes = model["classes"]
    answers = network(model["network"], weights, inputs_of(model, rows))
    if model["network"].get("members", 1) > 1:
        answers = pooled(answers, bool(classes))
    if classes:
        answers = answers / model.get("temperature", 1.0)
        second = sigmoid(answers)  # one score tells two classes apart, else there is one for each
        answers = np.hstack([1 - second, second]) if answers.shape[1] == 1 else softmax(answers)
        names = [class_name(label) for label in classes]
        best = answers.argmax(axis=1)
        return [
            {"label": classes[label], "probabilities": dict(zip(names, row, strict=True))}
            for label, row in zip(best.tolist(), answers.tolist(), strict=True)
        ]
    answers = answers * model["target_scale"]["scale"] + model["target_scale"]["centre"]
    if limits := model.get("target_range"):
        answers = np.clip(answers, limits["low"], limits["high"])
    if isinstance(model["target"], str):
        return list(answers[:, 0].tolist())
    return [dict(zip(model["target"], row, strict=True)) for row in answers.tolist()]


@functools.cache
def load(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest, and the network's weights and biases in float64."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "weights.safetensors")
    return manifest, {name: tensor.astype(np.float64) for name, tensor in tensors.items()}


def class_name(label: Any) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def sigmoid(z: Any) -> Any:
    small = np.exp(-np.abs(z))  # of a negative number: it cannot overflow
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def softmax(scores: Any) -> Any:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def mish(z: Any) -> Any:
    """z·tanh(ln(1 + exp(z))), of which no part overflows."""
    u = np.exp(-np.abs(z))
    return z * np.where(z >= 0, (1 + 2 * u) / (1 + 2 * u + 2 * u * u), u * (u + 2) / (u * (u + 2) + 2))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z * z * z))),
    "silu": lambda z: z * sigmoid(z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
    "mish": mish,
    "identity": lambda z: z,
}


def network(shape: dict[str, Any], weights: dict[str, Any], values: Any) -> Any:
    """Scores (rows, outputs): W a + b in each layer, an activation between two of them. Several members have weights
    (members, outputs, inputs), and scores (members, rows, outputs)."""
    for layer in range(len(shape["sizes"]) - 1):
        if layer:
            values = ACTIVATIONS[shape["activation"]](values)
        values = values @ np.swapaxes(weights[f"layers.{layer}.weight"], -1, -2)
        if shape["bias"]:
            values = values + weights[f"layers.{layer}.bias"][..., None, :]
    return values


def pooled(scores: Any, of_classes: bool) -> Any:
    """What members say together: the mean of their scores; of classes the scores of the mean of their probabilities."""
    if not of_classes:
        return scores.mean(axis=0)
    if scores.shape[2] == 1:
        first, second = (np.logaddexp.reduce(-np.logaddexp(0, z), axis=0) for z in (scores, -scores))
        return second - first
    logs = scores - np.logaddexp.reduce(scores, axis=2, keepdims=True)
    return np.logaddexp.reduce(logs, axis=0)


def inputs_of(model: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
    """What the network reads: columns as numbers, those that it uses, centred, scaled, perhaps clipped, rounded to
    float32."""
    transform, style = model["transform"], model["text_style"]
    blocks = [encoded(feature, column_of(feature, rows, style)) for feature in transform["features"]]
    values = np.hstack(blocks)[:, transform["kept"]]
    scaled = (values - transform["centre"]) / transform["scale"]
    if clip := transform.get("clip"):
        each = zip(transform["features"], blocks, strict=True)
        limits = np.hstack([limits_of(feature, block.shape[1], clip) for feature, block in each])[transform["kept"]]
        scaled = np.clip(scaled, -1e100, 1e100)  # further out a square is not in float64
        scaled = scaled / np.sqrt(1 + (scaled / limits) ** 2)
    return scaled.astype(np.float32).astype(np.float64)


def limits_of(feature: dict[str, Any], width: int, clip: float) -> Any:
    """What each column of a feature is clipped by: its bins by nothing."""
    limits = np.full(width, float(clip))
    limits[1 : len(feature.get("edges", ()))] = np.inf
    return limits


def column_of(feature: dict[str, Any], rows: Sequence[Mapping[str, Any]], style: dict[str, Any]) -> list[Any]:
    """One column of all rows: floats or words, None where a cell is missing."""
    name, cells = feature["name"], []
    for number, row in enumerate(rows, 1):
        if name not in row:
            raise KeyError(f"row {number} has no feature {name!r}")
        try:
            cells.append(read_cell(row[name], name, feature["kind"], style))
        except (ValueError, TypeError, KeyError, OverflowError):
            raise ValueError(f"row {number}, {name!r}: {row[name]!r} is not {feature['kind']}") from None
        if cells[-1] is None and feature["fill"] is None and feature["fill_category"] is None:
            raise ValueError(f"row {number}: {name!r} is missing, and this model fills no gaps")
    return cells


def encoded(feature: dict[str, Any], cells: list[Any]) -> Any:
    """One feature as columns: one of each kept category (and of the others, with their statistics), the parts of a
    time, or the number, with its bins; then whether the cell is missing, where training had such."""
    gaps = np.array([cell is None for cell in cells])
    if feature["kind"] == "categorical":
        known = {category: position for position, category in enumerate(feature["categories"])}
        words = [feature["fill_category"] if cell is None else cell for cell in cells]
        positions = np.array([known.get(word, len(known)) for word in words])
        block = (positions[:, None] == np.arange(len(known) + feature["other"])).astype(np.float64)
        if told := feature.get("statistics"):
            values = dict(zip(told["categories"], told["values"], strict=True))
            block = np.hstack([block, [values.get(word, [0.0] * len(told["outputs"])) for word in words]])
    else:
        numbers = np.array([feature["fill"] if cell is None else cell for cell in cells], dtype=np.float64)
        block = parts_of_time(numbers) if feature["kind"] == "datetime" else numbers[:, None]
        if edges := feature.get("edges"):
            block = np.hstack([block, parts_of_bins(numbers, edges)])
    return np.hstack([block, gaps[:, None]]) if feature["indicator"] else block


def parts_of_bins(numbers: Any, edges: list[float]) -> Any:
    """How much of each bin lies below the number."""
    low, high = np.array(edges[:-1]), np.array(edges[1:])
    return (np.clip(numbers[:, None], low, high) - low) / (high - low)


def parts_of_time(seconds: Any) -> Any:
    """Days since 1970; then the month, weekday and hour as points on a circle."""
    days = np.floor(seconds / 86_400)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    hours = (seconds - days * 86_400) / 3600
    turns = [2 * np.pi * part / period for part, period in ((months, 12), ((days + 3) % 7, 7), (hours, 24))]
    return np.stack(
        [seconds / 86_400, *(np.round(wave(turn), 12) for turn in turns for wave in (np.sin, np.cos))], axis=1
    )
