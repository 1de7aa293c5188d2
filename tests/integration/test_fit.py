"""What is learnt, seen over HTTP, against scikit-learn on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from service.client import Client
from service.domain.arrays import Floats
from tests.tables import shipped, write_shipped
from workers.training.split import TRAIN, VALIDATION, split_rows, split_sha256

SEEDS = range(3)


def least_squares(inputs: Floats, target: Floats) -> Callable[[Floats], Floats]:
    return LinearRegression().fit(inputs, target).predict  # type: ignore[no-any-return]  # scikit-learn leaves it untyped


@pytest.mark.parametrize(
    "spec", [{}, {"optimizer": {"kind": "sgd", "momentum": 0.95}, "epochs": 2000}], ids=["auto", "sgd"]
)
def test_linear_neuron_ends_where_least_squares_does(server: Client, tmp_path: Path, spec: dict[str, object]) -> None:
    dataset = server.upload(write_shipped("diabetes", tmp_path / "diabetes.csv"))
    inputs, target = shipped("diabetes")
    records = [{f"x{number}": value for number, value in enumerate(row)} for row in inputs.tolist()]
    for seed in SEEDS:
        version = server.train(dataset, target="y", model="diabetes", seed=seed, early_stopping=None, **spec)
        report = server.report(version.ref)
        split = split_rows(seed, np.ones(len(target), dtype=bool), 0.2, 0.0)
        assert split_sha256(split) == report["lineage"]["split_sha256"]
        said = np.asarray(server.predict(version.ref, records))
        assert np.mean((said - least_squares(inputs, target)(inputs)) ** 2) < 1e-4 * np.var(target)  # the refit has all
        judged = least_squares(inputs[split == TRAIN], target[split == TRAIN])(inputs[split == VALIDATION])
        best = np.mean((judged - target[split == VALIDATION]) ** 2)
        assert report["metrics"]["validation"]["mse"] == pytest.approx(best, rel=0.01)


@pytest.mark.parametrize(
    ("name", "network", "least"),
    [
        ("breast-cancer", {}, 0.95),
        ("wine", {}, 0.95),
        ("iris", {"kind": "mlp"}, 0.93),
        ("digits", {"kind": "mlp", "hidden": [64]}, 0.95),
    ],
)
def test_classes_are_learnt(
    server: Client, tmp_path: Path, name: str, network: dict[str, object], least: float
) -> None:
    dataset = server.upload(write_shipped(name, tmp_path / f"{name}.csv"))
    reached = []
    for seed in SEEDS:  # 30 rows of iris say little: the mean over splits says more
        version = server.train(dataset, target="y", model=name, network=network, seed=seed)
        reached.append(server.report(version.ref)["metrics"]["validation"]["accuracy"])
    assert np.mean(reached) >= least


def test_same_spec_data_and_seed_give_the_same_bytes(server: Client, houses: Path) -> None:
    dataset = server.upload(houses)
    spec = {
        "target": "price",
        "model": "twice",
        "network": {"kind": "mlp", "hidden": [8, 8], "dropout": 0.1},
        "epochs": 20,
    }
    first, second = (server.train(dataset, **spec) for _ in range(2))
    hashes = [{file["name"]: file["sha256"] for file in version.json["files"]} for version in (first, second)]
    assert first.version != second.version
    for name in ("weights.safetensors", "manifest.json"):
        assert hashes[0][name] == hashes[1][name]
