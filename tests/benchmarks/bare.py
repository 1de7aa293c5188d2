"""The least that a Flask view of a model can be, the measure of bench-predict: orjson parses `{"records": […]}`, numpy
multiplies, orjson answers. It validates nothing, knows one table, and is served as Adaline is, by the same server.

`/linear` and `/network` answer with the numbers of Adaline's own two models, from the file that BARE_MODELS names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import orjson
from flask import Flask, Response, request

Numbers = npt.NDArray[np.float64]
FEATURES = tuple(f"x{number}" for number in range(10))


def app() -> Flask:
    """A factory, as the server wants it."""
    with np.load(os.environ["BARE_MODELS"]) as archive:
        numbers = dict(archive)
    flask = Flask("bare")
    for name in ("linear", "network"):
        flask.add_url_rule(f"/{name}", name, _view(_layers(numbers, name)), methods=["POST"])
    return flask


def _view(layers: list[tuple[Numbers, Numbers]]) -> Callable[[], Response]:
    cells = itemgetter(*FEATURES)

    def predict() -> Response:
        values = np.array([cells(row) for row in orjson.loads(request.get_data())["records"]])
        for number, (weights, bias) in enumerate(layers):
            values = (np.maximum(values, 0.0) if number else values) @ weights + bias
        return Response(
            orjson.dumps({"predictions": values[:, 0]}, option=orjson.OPT_SERIALIZE_NUMPY), mimetype="application/json"
        )

    return predict


def _layers(numbers: dict[str, Numbers], name: str) -> list[tuple[Numbers, Numbers]]:
    """Weights (inputs, outputs) and biases, with centring and scaling put into the first."""
    count = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in numbers)
    layers = [(numbers[f"{name}.{layer}.weight"], numbers[f"{name}.{layer}.bias"]) for layer in range(count)]
    weights, bias = layers[0]
    scaled = weights / numbers["scale"][:, None]
    return [(scaled, bias - numbers["centre"] @ scaled), *layers[1:]]
