"""Networks that read numbers by bins as well, from the outside: what is asked, what is answered, what is told."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, upload

N = 600
NETWORK = {"kind": "mlp", "hidden": [8]}


def table(deps: Deps, client: FlaskClient) -> str:
    """y goes up and down in steps of a, which has gaps, and rises with b; c has two values."""
    draw = np.random.default_rng(6)
    a, b, c = draw.uniform(0, 100, N), draw.normal(size=N), draw.integers(0, 2, N)
    y = 10 * (a // 12.5 % 2) + b + 2 * c + 0.1 * draw.normal(size=N)
    gaps = draw.random(N) < 0.1
    cells = (["" if gap else repr(x) for x, gap in zip(a.tolist(), gaps, strict=True)], b.tolist(), c.tolist(), y)
    lines = ["a,b,c,y", *(f"{w},{x!r},{z},{v!r}" for w, x, z, v in zip(*cells[:3], cells[3].tolist(), strict=True))]
    return str(upload(deps, client, "\n".join(lines).encode(), types=json.dumps({"c": "numeric"}))["id"])


def trained(deps: Deps, client: FlaskClient, dataset: str, **spec: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The job, its report, and where its version is."""
    job = ended(deps, client, dataset, **{"network": NETWORK, "epochs": 150, "early_stopping": None, **spec})
    assert job["state"] == "succeeded", job["error"]
    return job, report_of(client, job), f"/v1/models/{job['model']['name']}/versions/{job['model']['version']}"


def test_steps_of_a_column_are_learnt_and_told_of_the_column(deps: Deps, client: FlaskClient) -> None:
    dataset = table(deps, client)
    _, plain, _ = trained(deps, client, dataset)
    job, report, place = trained(deps, client, dataset, numeric_bins=8)
    assert job["spec"]["numeric_bins"] == report["lineage"]["spec"]["numeric_bins"] == 8
    errors = [told["metrics"]["validation"]["rmse"] for told in (plain, report)]
    assert errors[1] < 0.7 * errors[0]
    assert {one["feature"] for one in report["importance"]} == {"a", "b", "c"}
    assert report["importance"][0]["feature"] == "a"
    curve = {one["feature"]: one for one in report["partial_dependence"]}["a"]
    low, high = (np.interp(x, curve["values"], curve["predictions"]) for x in (30.0, 18.75))
    assert high - low > 5
    assert report["verdict"]["linear"]["validation"]["rmse"] == pytest.approx(
        plain["verdict"]["linear"]["validation"]["rmse"], rel=1e-6
    )
    manifest = client.get(f"{place}/files/manifest.json").json
    inputs = manifest["inputs"]
    assert [len([name for name in inputs if name.startswith(f"{column} in [")]) for column in "abc"] == [8, 8, 0]
    assert "at most 8 bins" in client.get(f"{place}/files/model-card.md").text
    assert client.get(f"{place}/files/model.onnx").status_code == 200


def test_one_row_is_answered_as_it_is_among_others(deps: Deps, client: FlaskClient) -> None:
    job, _, _ = trained(deps, client, table(deps, client), numeric_bins=8, scaler="robust_clip")
    ref = f"{job['model']['name']}:{job['model']['version']}"
    rows = [{"a": 30.0, "b": 0.1, "c": 1}, {"a": None, "b": -9.0, "c": 0}, {"a": 1e12, "b": 0.0, "c": 1}]
    ask = f"/v1/models/{ref}/predict"
    together = client.post(ask, json={"records": rows}).json["predictions"]
    alone = [client.post(ask, json={"records": [row]}).json["predictions"][0] for row in rows]
    assert alone == pytest.approx(together, rel=1e-12)
    refused = client.post(f"{ask}?contributions=true", json={"records": rows})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/contributions")


@pytest.mark.parametrize("mend", [{"numeric_bins": 0}, {"network": {"kind": "mlp"}}])
def test_a_linear_neuron_with_bins_is_refused_with_mends_that_work(
    deps: Deps, client: FlaskClient, mend: dict[str, Any]
) -> None:
    dataset = table(deps, client)
    asked = {"network": {"kind": "linear"}, "numeric_bins": 8, "epochs": 2}
    problem = ended(deps, client, dataset, **asked)
    (error,) = problem["errors"]
    assert error["pointer"] == "/numeric_bins"
    assert '"numeric_bins": 0, or "network": {"kind": "mlp"}' in error["detail"]
    assert ended(deps, client, dataset, **{**asked, **mend})["state"] == "succeeded"


def test_of_two_kinds_the_network_alone_has_bins(deps: Deps, client: FlaskClient) -> None:
    job, report, _ = trained(
        deps, client, table(deps, client), network={"kind": "auto", "hidden": [8]}, numeric_bins=8, refit="auto"
    )
    assert job["validated"]["spec"]["numeric_bins"] == job["spec"]["numeric_bins"] == 8
    assert report["choice"]["kind"] == "mlp"
    assert report["choice"]["mlp"]["loss"] == pytest.approx(report["metrics"]["validation"]["mse"], rel=1e-6)
    assert report["choice"]["linear"]["loss"] == pytest.approx(
        report["verdict"]["linear"]["validation"]["mse"], rel=1e-6
    )
    assert report["refit"] is not None
