"""Make a peer's models with the peer's own Python: `PYTHON save_models.py mlserver|mlflow MODELS.npz DIRECTORY`.

Each is a Pipeline(StandardScaler, LinearRegression or MLPRegressor) that holds the numbers of Adaline's model: all
servers compute the same function, so that their answers can be compared. A script, for the peer has no Adaline.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MLSERVER = {"parallel_workers": 0, "debug": False, "host": "127.0.0.1"}


def pipeline(numbers: dict[str, np.ndarray], name: str):
    """Fitted on a handful of rows for its form, then given the numbers: `<name>.0.weight` (inputs, outputs), …"""
    layers = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in numbers)
    weights = [numbers[f"{name}.{layer}.weight"] for layer in range(layers)]
    biases = [numbers[f"{name}.{layer}.bias"] for layer in range(layers)]
    rows = np.random.default_rng(0).standard_normal((50, len(numbers["centre"])))
    hidden = [matrix.shape[1] for matrix in weights[:-1]]
    model = (
        MLPRegressor(hidden_layer_sizes=hidden, activation="relu", max_iter=1000, tol=1.0)
        if hidden
        else LinearRegression()
    )
    fitted = make_pipeline(StandardScaler(), model).fit(rows, rows.sum(axis=1))
    fitted[0].mean_, fitted[0].scale_ = numbers["centre"], numbers["scale"]
    if hidden:
        model.coefs_, model.intercepts_ = weights, biases
    else:
        model.coef_, model.intercept_ = weights[0][:, 0], biases[0][0]
    return fitted


def for_mlserver(directory: Path, name: str, fitted) -> None:
    import joblib  # noqa: TID251  # MLServer's scikit-learn runtime reads nothing else

    folder = directory / name
    folder.mkdir(parents=True)
    joblib.dump(fitted, folder / "model.joblib")
    settings = {
        "name": name,
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "1"},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    (directory / "settings.json").write_text(json.dumps(MLSERVER))


def for_mlflow(directory: Path, name: str, fitted) -> None:
    import mlflow.sklearn

    mlflow.sklearn.save_model(fitted, directory / name, serialization_format="cloudpickle")


if __name__ == "__main__":
    peer, models, directory = sys.argv[1:]
    with np.load(models) as archive:
        numbers = dict(archive)
    for name in ("linear", "network"):
        {"mlserver": for_mlserver, "mlflow": for_mlflow}[peer](Path(directory), name, pipeline(numbers, name))
