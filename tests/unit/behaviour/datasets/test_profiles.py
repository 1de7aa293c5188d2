from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.domain.descent.gram import Gram
from service.wiring import Deps
from tests import samples


def test_profile_is_correlated_with_a_column(client: FlaskClient, deps: Deps) -> None:
    x = np.array([1.0, 2, 3, 6])
    z = np.array([1.0, 0, 0, 1])
    rows = np.array([x, z, 2 * x - 3 * z + 5])
    means = rows.mean(axis=1)
    centred = rows - means[:, None]
    gram = Gram(("x", "z", "y"), 4, np.full(3, 4.0), means, centred @ centred.T)
    row = samples.dataset(deps, gram_key=deps.blobs.put(gram.to_bytes()).key)
    answer = client.get(f"/v1/datasets/{row.id}/profile?correlate=y").json
    assert answer["rows"] == 40
    expected = np.corrcoef(rows)[2]
    found = {item["column"]: item["correlation"] for item in answer["correlations"]["values"]}
    assert found == {"x": pytest.approx(expected[0]), "z": pytest.approx(expected[1])}
    optimum = answer["linear"]["optimum"]
    assert {item["feature"]: item["value"] for item in optimum["coefficients"]} == pytest.approx({"x": 2, "z": -3})
    assert (optimum["intercept"], optimum["mse"]) == (pytest.approx(5), pytest.approx(0, abs=1e-9))
    scaled = np.vstack([(rows[:2] - means[:2, None]) / rows[:2].std(axis=1, keepdims=True), np.ones(4)])
    assert answer["linear"]["curvature"]["scaled"]["lambda_max"] == pytest.approx(
        np.linalg.eigvalsh(scaled @ scaled.T / 2).max()
    )
    unknown = client.get(f"/v1/datasets/{row.id}/profile?correlate=colour")
    assert (unknown.status_code, unknown.json["code"]) == (422, "parameter_invalid")


def test_dataset_without_a_matrix_says_why(client: FlaskClient, deps: Deps) -> None:
    profile = deps.blobs.put(b'{"rows":1,"columns":[],"gram":null,"gram_left_out":"the table has no number"}')
    row = samples.dataset(deps, profile_key=profile.key)
    answer = client.get(f"/v1/datasets/{row.id}/profile?correlate=x")
    assert answer.status_code == 422
    assert "the table has no number" in answer.json["detail"]
