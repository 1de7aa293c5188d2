from __future__ import annotations

import pytest
from flask.testing import FlaskClient


def test_given_request_id_is_used_and_told(client: FlaskClient) -> None:
    answer = client.get("/v1/datasets/ds_none", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["X-Request-Id"] == "mine-1"
    assert answer.json["request_id"] == "mine-1"


@pytest.mark.parametrize("given", ["", "two words", "é", "x" * 129])
def test_unusable_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"].startswith("req_")


def test_path_with_nul_is_not_found(client: FlaskClient) -> None:
    assert client.get("/v1/datasets/ds_%00").status_code == 404
