"""Uploads that are read as a worker reads them, and what the preflight says of a spec on them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.preflight.looking import Look, Upload
from workers.ingest.run import run as ingest


@pytest.fixture
def upload(client: FlaskClient, deps: Deps) -> Upload:
    """Upload a table and read it, as a worker does; its id."""

    def uploaded(frame: pd.DataFrame) -> str:
        data = frame.to_csv(index=False).encode()
        id: str = client.post("/v1/datasets", data=data, headers={"Content-Type": "text/csv"}).json["id"]
        ingest(deps, id)
        assert client.get(f"/v1/datasets/{id}").json["state"] == "ready"
        return id

    return uploaded


@pytest.fixture
def look(client: FlaskClient, upload: Upload) -> Look:
    """The answer for a table and the choices of a spec."""

    def looked(frame: pd.DataFrame, target: str = "y", **choices: Any) -> dict[str, Any]:
        model = {} if "kind" in choices else {"model": "m"}  # a comparison publishes none
        body = {"dataset": upload(frame), **model, "target": target, **choices}
        answer = client.post("/v1/jobs/validate", json=body)
        assert answer.status_code == 200, answer.json
        found: dict[str, Any] = answer.json
        return found

    return looked
