"""From a table's bytes to what a job on it has ended as, asked over HTTP; workers run in the process of the test."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from flask.testing import FlaskClient

from service.wiring import Deps
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run

BEYOND = "the prediction is not a finite number"
TOO_LARGE = re.compile("the learning rate [^ ]+ is too large")


def upload(deps: Deps, client: FlaskClient, data: bytes, **options: str) -> dict[str, Any]:
    """The dataset once it is read."""
    answer = client.post("/v1/datasets", data=data, query_string=options, content_type="text/csv")
    assert answer.status_code in (200, 202), answer.json
    ingest(deps, answer.json["id"])
    found: dict[str, Any] = client.get(f"/v1/datasets/{answer.json['id']}").json
    return found


def ended(deps: Deps, client: FlaskClient, dataset: str, **spec: Any) -> dict[str, Any]:
    """The job once it has ended, or the problem that refused it. `validate` says the same of whether it can be run."""
    named = {} if spec.get("kind") == "descent-comparison" else {"model": "ends"}
    body = {"dataset": dataset, "target": "y", **named, **spec}
    looked = client.post("/v1/jobs/validate", json=body)
    answer = client.post("/v1/jobs", json=body)
    json.loads(looked.data, parse_constant=_no_constant)
    assert looked.status_code in (200, 422), looked.json
    assert (looked.status_code == 200) == (answer.status_code == 202), (looked.json, answer.json)
    if answer.status_code != 202:
        assert answer.status_code == 422, answer.json
        return dict(answer.json)
    run(deps, answer.json["id"])
    job: dict[str, Any] = client.get(f"/v1/jobs/{answer.json['id']}").json
    return {**job, "validated": looked.json}


def report_of(client: FlaskClient, job: dict[str, Any]) -> dict[str, Any]:
    """The report of the version that a job has made; every number in it is one."""
    model = job["model"]
    answer = client.get(f"/v1/models/{model['name']}/versions/{model['version']}/report")
    assert answer.status_code == 200, answer.json
    return dict(json.loads(answer.data, parse_constant=_no_constant))


def what_is_wrong_beside(deps: Deps, client: FlaskClient, dataset: str) -> str | None:
    """Of a job that predicts for the whole dataset, and of what is told of the dataset itself."""
    for part in ("profile", "profile?correlate=y", "rows"):
        told = client.get(f"/v1/datasets/{dataset}/{part}")
        if told.status_code not in (200, 422):
            return f"{part}: {told.status_code} {told.json}"
        json.loads(told.data, parse_constant=_no_constant)
    started = client.post("/v1/batch-predictions", json={"model": "ends", "dataset": dataset, "format": "csv"})
    assert started.status_code == 202, started.json
    run(deps, started.json["id"])
    job = client.get(f"/v1/jobs/{started.json['id']}").json
    if job["state"] == "failed" and BEYOND not in job["error"]["detail"]:
        return f"batch prediction: {job['error']}"
    return None


def _no_constant(name: str) -> float:
    raise AssertionError(f"{name} in an answer")


def what_is_wrong(deps: Deps, client: FlaskClient, dataset: str, rows: bytes, **spec: Any) -> str | None:
    """Of a job that may fail, but only with a cause that is true; None where nothing is."""
    job = ended(deps, client, dataset, **spec)
    if "state" not in job:
        return None  # refused, with a problem
    if job["state"] == "failed":
        error = job["error"]
        if error["code"] == "internal":
            return f"internal: {error['detail']}"
        by_auto = spec.get("optimizer", {}).get("learning_rate", "auto") == "auto"
        return error["detail"] if by_auto and TOO_LARGE.search(error["detail"]) else None
    if job["state"] != "succeeded":
        return f"the job is {job['state']}"
    if job["kind"] == "descent-comparison":
        result = client.get(f"/v1/jobs/{job['id']}/result")
        json.loads(result.data, parse_constant=_no_constant)
        return None if result.status_code == 200 else f"result: {result.status_code} {result.json}"
    if not report_of(client, job)["history"]:
        return "no epoch"
    model = job["model"]
    address = f"/v1/models/{model['name']}:{model['version']}/predict?on_error=null"
    answer = client.post(address, data=rows, content_type="text/csv")
    if answer.status_code != 200:
        return f"predict: {answer.status_code} {answer.json}"
    refused = {error["line"]: error["detail"] for error in answer.json.get("errors", ())}
    for line, said in enumerate(answer.json["predictions"], 2):
        if said is None and any(why in refused[line] for why in (BEYOND, "is missing")):
            continue  # which is true, at the very end; and where nothing fills gaps
        if not isinstance(said, dict | int | float) or (isinstance(said, float) and not math.isfinite(said)):
            return f"predicted {said} for line {line}"
    return None
