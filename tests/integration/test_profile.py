"""What a profile says before anyone trains is what a training says of itself."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np
import pytest

from service.client import Client
from tests.tables import shipped, write_shipped


def test_curvature_and_optimum_are_known_before_training(server: Client, server_url: str, tmp_path: Path) -> None:
    dataset = server.upload(write_shipped("diabetes", tmp_path / "diabetes.csv"), name="profiled")
    profile = httpx.get(f"{server_url}/v1/datasets/{dataset.id}/profile", params={"correlate": "y"}).json()
    version = server.train(dataset, target="y", model="profiled", split={"validation": 0.0}, epochs=1)
    report = server.report(version.ref)
    for kind in ("scaled", "raw"):
        found, reported = profile["linear"]["curvature"][kind], report["curvature"][kind]
        assert found["lambda_max"] == pytest.approx(reported["lambda_max"], rel=1e-5)
        assert found["lambda_min"] == pytest.approx(reported["lambda_min"], rel=1e-4)
    inputs, target = shipped("diabetes")
    design = np.column_stack([inputs, np.ones(len(inputs))])
    weights, residuals, _, _ = np.linalg.lstsq(design, target, rcond=None)
    optimum = profile["linear"]["optimum"]
    assert [item["value"] for item in optimum["coefficients"]] == pytest.approx(weights[:-1], rel=1e-6)
    assert optimum["mse"] == pytest.approx(residuals[0] / len(inputs), rel=1e-9)
    correlations = {item["column"]: item["correlation"] for item in profile["correlations"]["values"]}
    for place in range(10):
        assert correlations[f"x{place}"] == pytest.approx(np.corrcoef(inputs[:, place], target)[0, 1], abs=1e-12)
