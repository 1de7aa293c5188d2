"""The two models that bench-predict and bench-bulk ask every server for: a linear neuron and a network, of ten numbers.

Adaline trains them; what it learnt is handed to the others as plain numbers, so that all compute the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.client import Client
from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.domain.model.predictor import Predictor
from tests.benchmarks.bare import FEATURES
from tests.tables import write_numbers

ROWS = 5000

Numbers = npt.NDArray[np.float64]


def train(client: Client, directory: Path, hidden: Sequence[int]) -> None:
    """The models `linear` and `network` on a server, learnt from a made table."""
    dataset = client.upload(write_numbers(directory / "training.csv", ROWS, len(FEATURES)))
    client.train(dataset, "y", "linear", network={"kind": "linear"})
    network = {"kind": "mlp", "hidden": list(hidden), "activation": "relu"}
    client.train(dataset, "y", "network", network=network, epochs=5)


def numbers_of(client: Client) -> dict[str, Numbers]:
    """`centre` and `scale` of the features, and of each model `<name>.<layer>.weight` (inputs, outputs) and `.bias`."""
    numbers: dict[str, Numbers] = {}
    for name in ("linear", "network"):
        predictor = read(client.file(MANIFEST, name), client.file(WEIGHTS, name))
        numbers |= {"centre": predictor.transform.centre, "scale": predictor.transform.scale}
        numbers |= _layers(name, predictor)
    return numbers


def _layers(name: str, predictor: Predictor) -> dict[str, Numbers]:
    if tuple(predictor.feature_kinds) != FEATURES or predictor.network.sizes[0] != len(FEATURES):
        raise SystemExit(f"another model was trained: {predictor.feature_kinds}")
    tensors = predictor.network.tensors(predictor.parameters)
    last, of_target = predictor.network.n_layers - 1, predictor.target_scale
    layers = {}
    for layer in range(last + 1):
        weights = tensors[f"layers.{layer}.weight"].T.astype(np.float64)
        bias = tensors[f"layers.{layer}.bias"].astype(np.float64)
        if layer == last:  # in the target's units
            weights, bias = weights * of_target.scale, bias * of_target.scale + of_target.centre
        layers |= {f"{name}.{layer}.weight": weights, f"{name}.{layer}.bias": bias}
    return layers


def answers(numbers: dict[str, Numbers], name: str, rows: Numbers) -> Numbers:
    """What a model says of rows (n_rows, n_features): (n_rows,), by numpy alone."""
    values = (rows - numbers["centre"]) / numbers["scale"]
    layers = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in numbers)
    for layer in range(layers):
        values = (np.maximum(values, 0.0) if layer else values) @ numbers[f"{name}.{layer}.weight"]
        values = values + numbers[f"{name}.{layer}.bias"]
    return values[:, 0]
