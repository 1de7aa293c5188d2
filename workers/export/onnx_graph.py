"""A model as one graph of ONNX, from the columns as a user has them to the answer.

An input for each feature, named as it, (rows, 1): float64 for numbers, booleans (0 and 1) and times (seconds since 1970
in UTC), NaN where missing; strings for categories, "" where missing. Outputs (rows, 1): `prediction`, or one named as
each of several targets; for classes `label`, and `probabilities` (rows, n_classes). All is computed in float64 from
float32 inputs and weights, as `Predictor` does it. A gap that nothing fills, which `/predict` refuses, gives NaN.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import math
from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from service.domain.model.network import LEAKY_SLOPE
from service.domain.model.predictor import Predictor, label_text
from workers.export.encoding import Encoding
from workers.export.graph import Graph

ONNX = "model.onnx"
PREDICTION, LABEL, PROBABILITIES = "prediction", "label", "probabilities"
ABOUT = (
    "Trained by Adaline. Inputs are the columns of the table, unscaled; metadata_props describe them and the outputs."
)


def onnx_model(predictor: Predictor) -> bytes:
    """The file. Raises ValueError (UnicodeError) for names that ONNX cannot hold."""
    features = predictor.feature_kinds
    outputs = output_names(predictor)
    graph = Graph([*features, *outputs])
    encoding = Encoding(graph, predictor.transform, predictor.text_style)
    scores = _network(graph, predictor, encoding.inputs(predictor.transform))
    answer = _probabilities(graph, predictor, scores) if predictor.classes else _in_units(graph, predictor, scores)
    if unfilled := encoding.unfilled():
        answer = graph.node("Where", unfilled, graph.constant([math.nan]), answer)
    if predictor.classes:
        best = graph.node("ArgMax", answer, axis=1, keepdims=1)
        labels, kind = _labels(graph, predictor)
        graph.output(graph.node("Gather", labels, best, axis=0), outputs[0], kind)
        graph.output(answer, outputs[1], TensorProto.DOUBLE, len(predictor.classes))
    elif len(outputs) == 1:
        graph.output(answer, outputs[0], TensorProto.DOUBLE)
    else:
        for index, name in enumerate(outputs):
            graph.output(graph.columns(answer, [index]), name, TensorProto.DOUBLE)
    return graph.to_bytes(_version(), ABOUT, _metadata(predictor, outputs))


def output_names(predictor: Predictor) -> list[str]:
    """The outputs in order; one that is named as a feature is too gets a `_` more."""
    names = [LABEL, PROBABILITIES] if predictor.classes else [PREDICTION]
    if not isinstance(predictor.target, str):
        names = list(predictor.target)
    taken = set(predictor.feature_kinds)
    for index, name in enumerate(names):
        while name in taken:
            name += "_"
        taken.add(name)
        names[index] = name
    return names


def _network(graph: Graph, predictor: Predictor, values: str) -> str:
    network = predictor.network
    tensors = network.tensors(predictor.parameters)
    for layer in range(network.n_layers):
        if layer:
            values = ACTIVATIONS[network.activation](graph, values)
        terms = [graph.constant(tensors[f"layers.{layer}.weight"], np.float32)]
        if network.bias:
            terms.append(graph.constant(tensors[f"layers.{layer}.bias"], np.float32))
        values = graph.node("Gemm", values, *(graph.cast(term, TensorProto.DOUBLE) for term in terms), transB=1)
    return values


def _gelu(graph: Graph, z: str) -> str:
    cube = graph.node("Mul", graph.node("Mul", z, z), z)
    inner = graph.node("Add", z, graph.node("Mul", cube, graph.constant([0.044715])))
    bent = graph.node("Tanh", graph.node("Mul", inner, graph.constant([math.sqrt(2 / math.pi)])))
    half = graph.node("Mul", z, graph.constant([0.5]))
    return graph.node("Mul", half, graph.node("Add", bent, graph.constant([1.0])))


def _leaky(graph: Graph, z: str) -> str:
    return graph.node("Max", z, graph.node("Mul", z, graph.constant([LEAKY_SLOPE])))


ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "relu": lambda graph, z: graph.node("Relu", z),
    "leaky_relu": _leaky,
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "sigmoid": lambda graph, z: graph.node("Sigmoid", z),
    "gelu": _gelu,
    "silu": lambda graph, z: graph.node("Mul", z, graph.node("Sigmoid", z)),
    "identity": lambda graph, z: z,
}


def _in_units(graph: Graph, predictor: Predictor, scores: str) -> str:
    scaled = graph.node("Mul", scores, graph.constant([one.scale for one in predictor.target_scales]))
    return graph.node("Add", scaled, graph.constant([one.centre for one in predictor.target_scales]))


def _probabilities(graph: Graph, predictor: Predictor, scores: str) -> str:
    if predictor.temperature != 1:
        scores = graph.node("Div", scores, graph.constant([predictor.temperature]))
    if predictor.network.sizes[-1] > 1:
        return graph.node("Softmax", scores, axis=1)
    second = graph.node("Sigmoid", scores)
    return graph.join([graph.node("Sub", graph.constant([1.0]), second), second])


def _labels(graph: Graph, predictor: Predictor) -> tuple[str, int]:
    """The classes as a constant, in the type that they have in JSON."""
    for type, dtype, kind in (
        (bool, np.bool_, TensorProto.BOOL),
        (int, np.int64, TensorProto.INT64),
        (float, np.float64, TensorProto.DOUBLE),
    ):
        if all(isinstance(label, type) for label in predictor.classes):
            return graph.constant(predictor.classes, dtype), kind
    return graph.words(map(label_text, predictor.classes)), TensorProto.STRING


def _metadata(predictor: Predictor, outputs: list[str]) -> dict[str, str]:
    said = {
        "task": predictor.task,
        "target": predictor.target,
        "features": [{"name": name, "kind": kind} for name, kind in predictor.feature_kinds.items()],
        "outputs": outputs,
        "classes": list(predictor.classes),
        "missing": {"numbers": "NaN", "categories": ""},
        "datetime": "seconds since 1970-01-01T00:00:00Z",
        "versions": {"adaline": _version()},
    }
    return {
        name: text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for name, text in said.items()
    }


@functools.cache
def _version() -> str:
    return importlib.metadata.version("adaline")
