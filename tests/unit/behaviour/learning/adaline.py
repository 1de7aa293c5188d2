"""The API, with workers in this process: tables go in, reports come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from flask.testing import FlaskClient

from service.wiring import Deps
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as work


@dataclass(frozen=True)
class Adaline:
    """The API, with workers in this process."""

    client: FlaskClient
    deps: Deps

    def upload(self, frame: pd.DataFrame, **options: str) -> str:
        data = frame.to_csv(index=False).encode()
        answer = self.client.post("/v1/datasets", data=data, query_string=options, content_type="text/csv")
        ingest(self.deps, answer.json["id"])
        return str(answer.json["id"])

    def validate(self, dataset: str, **spec: Any) -> Any:
        return self.client.post("/v1/jobs/validate", json={"dataset": dataset, "model": "m", "target": "y", **spec})

    def job(self, dataset: str, **spec: Any) -> dict[str, Any]:
        answer = self.client.post("/v1/jobs", json={"dataset": dataset, "model": "m", "target": "y", **spec})
        assert answer.status_code == 202, answer.json
        work(self.deps, answer.json["id"])
        return dict(self.client.get(f"/v1/jobs/{answer.json['id']}").json)

    def learn(self, dataset: str, **spec: Any) -> dict[str, Any]:
        done = self.job(dataset, **spec)
        assert done["state"] == "succeeded", done["error"]
        return dict(self.client.get(f"/v1/models/m/versions/{done['model']['version']}/report").json)
