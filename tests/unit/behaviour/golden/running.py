"""Runs as a client sees them: uploads and specs go in through the API, and what it answers about them is kept.

Of the workers two functions are known, those that run what waits: modules may move without a change here.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.golden.specs import BATCHES, COMPARISONS, RUNS, Run, Spec
from tests.unit.behaviour.golden.tables import CSV, TABLES
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as work

ASKED_ROWS = 3
_ID = re.compile(r"\b(ds|job|mdl)_[0-9a-z]{26}\b")

Json = dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """A job that has run: what the API says of it, and the files and the answers of the version that it published."""

    job: Json
    result: Json | None
    messages: list[str]
    report: Json | None
    files: dict[str, bytes]
    answers: dict[str, Any]


class House:
    """An API and its workers in this process. Uploads and models are made when they are first asked for."""

    def __init__(self, deps: Deps, client: FlaskClient) -> None:
        self.deps, self.client = deps, client
        self._datasets: dict[str, Json] = {}
        self._runs: dict[str, Ended] = {}

    def dataset(self, name: str) -> Json:
        """The dataset of a table, with its profile."""
        if name not in self._datasets:
            media_type, made = TABLES[name]
            id = self._posted(f"/v1/datasets?name={name}", data=made(), content_type=media_type)["id"]
            ingest(self.deps, id)
            found = self._got(f"/v1/datasets/{id}")
            assert found["state"] == "ready", found["error"]
            self._datasets[name] = {**found, "profile": self._got(f"/v1/datasets/{id}/profile")}
        return self._datasets[name]

    def run(self, name: str) -> Ended:
        """A run of RUNS or COMPARISONS or BATCHES, made once."""
        if name not in self._runs:
            if name in BATCHES:
                self._runs[name] = self._batch(*BATCHES[name])
            elif name in COMPARISONS:
                self._runs[name] = self._ended(self._worked("/v1/jobs", self._spec(COMPARISONS[name], None)))
            else:
                self._runs[name] = self._trained(name, RUNS[name])
        return self._runs[name]

    def _trained(self, name: str, run: Run) -> Ended:
        model = model_of(name)
        for spec in run.before:
            self._worked("/v1/jobs", self._spec(Run(run.table, spec), model))
        return self._ended(self._worked("/v1/jobs", self._spec(run, model)), run.table)

    def _batch(self, run: str, table: str, form: str) -> Ended:
        self.run(run)
        body = {"model": model_of(run), "dataset": self.dataset(table)["id"], "format": form}
        return self._ended(self._worked("/v1/batch-predictions", body))

    def _spec(self, run: Run, model: str | None) -> Spec:
        spec = {"dataset": self.dataset(run.table)["id"], **run.spec}
        split = spec.get("split", {})
        if "validation_dataset" in split:
            spec["split"] = {**split, "validation_dataset": self.dataset(split["validation_dataset"])["id"]}
        return spec if model is None else {**spec, "model": model}

    def _worked(self, path: str, body: Spec) -> str:
        id: str = self._posted(path, json=body)["id"]
        work(self.deps, id)
        return id

    def _ended(self, id: str, asked: str | None = None) -> Ended:
        """Of a training job, `asked` is the table whose first rows its model is asked."""
        job = self._got(f"/v1/jobs/{id}")
        events = self._got(f"/v1/jobs/{id}/events")["data"]
        messages = [event["data"]["text"] for event in events if event["type"] == "message"]
        report, files, answers, result = None, {}, {}, None
        if job["state"] == "succeeded" and job["kind"] == "train":
            version = f"/v1/models/{job['model']['name']}/versions/{job['model']['version']}"
            report = self._got(f"{version}/report")
            files = {one["name"]: self._file(f"{version}/files/{one['name']}") for one in self._got(version)["files"]}
            answers = self._answers(job["model"], str(asked), report)
            result = {**self._got(f"/v1/jobs/{id}/result"), **self._versions(job["model"]["name"])}
        elif job["state"] == "succeeded" and job["kind"] == "predict":
            files = {"result": self._file(f"/v1/jobs/{id}/result")}
        elif job["state"] == "succeeded":
            result = self._got(f"/v1/jobs/{id}/result")
        return Ended(job, result, messages, report, files, answers)

    def _answers(self, model: Json, table: str, report: Json) -> dict[str, Any]:
        """What the version says of a few rows, with all that can be asked of it."""
        extras = ["flags=true", "on_error=null"]
        if report["task"] == "regression" and report["intervals"]:
            extras.append("intervals=0.6")
        if report["weights"] is not None and report["lineage"]["spec"]["network"]["kind"] == "linear":
            extras.append("contributions=true")
        media_type, made = TABLES[table]
        path = f"/v1/models/{model['name']}:{model['version']}/predict?{'&'.join(extras)}"
        data = _first_rows(made(), ASKED_ROWS) if media_type == CSV else made()
        answer = self.client.post(path, data=data, content_type=media_type)
        assert answer.status_code == 200, answer.json
        return {**answer.json, "model": None}

    def _versions(self, name: str) -> Json:
        """Which versions there are, and what the bare name and the aliases mean."""
        found = self._got(f"/v1/models/{name}")
        listed = self._got(f"/v1/models/{name}/versions")["data"]
        return {"aliases": found["aliases"], "numbers": [[one["version"], one["aliases"]] for one in listed]}

    def _posted(self, path: str, **body: Any) -> Json:
        answer = self.client.post(path, **body)
        assert answer.status_code in (200, 202), answer.json
        return dict(answer.json)

    def _got(self, path: str) -> Json:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.json)
        return dict(answer.json)

    def _file(self, path: str) -> bytes:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.json)
        return answer.data


def model_of(name: str) -> str:
    """The model that a run publishes."""
    return name.replace("/", "-")


def without_ids(text: str) -> str:
    """Ids hold the time at which they were made."""
    return _ID.sub(r"\1_", text)


def _first_rows(data: bytes, count: int) -> bytes:
    """A CSV file's header and its first rows. No cell of these tables has a line break."""
    rows = data.splitlines(keepends=True)[: count + 1]
    assert len(list(csv.reader(io.StringIO(b"".join(rows).decode())))) == count + 1
    return b"".join(rows)
