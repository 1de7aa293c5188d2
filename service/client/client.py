"""Client: every call of the HTTP API as a method. It is the server that waits: nothing here polls by sleeping."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload
from urllib.parse import quote

import httpx

from service.client import downloads, waiting
from service.client.connection import Call, Connection
from service.client.errors import DatasetFailed, JobCancelled, JobFailed, NotFound
from service.client.metadata import NO_FILTER, filters
from service.client.records import Alias, Dataset, Event, Job, Json, Model, Version
from service.client.rows import Rows, body_of, prediction, unbroken
from service.client.uploads import PREVIEW_BYTES, Source, opened, parameters
from service.client.version_files import download


class Client:
    """One Adaline server: `with Client() as client: …`. Threads may share it.

    `timeout` is how many seconds an answer may take, beyond the time that the server was asked to hold it.
    Every method raises Problem (see service.client.errors) for an answer that is not 2xx, and Unreachable for none.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        timeout: float = 30.0,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection(url, timeout, headers, transport)
        self.url = self._connection.url

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def upload(self, source: Source, name: str | None = None, wait: bool = True, **options: Any) -> Dataset:
        """Stream a table (a path, bytes or a binary file) to the server; with `wait`, until it is ready.

        Options: delimiter, encoding, header (bool), types (kind by column), null_values (words), decimal.
        Raises DatasetFailed.
        """
        with opened(source, name) as upload:
            call = Call(
                "POST",
                "/v1/datasets",
                params=parameters(upload.name, options),
                content=upload.content,
                headers={**upload.headers, **(waiting.PREFER_WAIT if wait else {})},
                repeatable=True,  # the same bytes and options are the same dataset
                wait_seconds=waiting.WAIT_SECONDS if wait else 0,
            )
            dataset = Dataset.of(self._connection.json(call))
        return self.ready(dataset) if wait else dataset

    def preview(self, source: Source, **options: Any) -> Json:
        """What would be read of a table, by its first part: dialect, columns, rows. Nothing is stored.

        Options: those of `upload`. Raises Invalid for what is no table.
        """
        with opened(source, None) as upload:
            first = upload.content.read(PREVIEW_BYTES)
            params = {**parameters(None, options), "preview": True}
            answer: Json = self._connection.json(
                Call("POST", "/v1/datasets", params=params, content=first, headers=upload.headers, repeatable=True)
            )
        return answer

    def ready(self, dataset: Dataset | str) -> Dataset:
        """The dataset, once it is ready. Raises DatasetFailed when it could not be read as a table."""
        if isinstance(dataset, str):
            dataset = self.dataset(dataset)
        if dataset.state == "ingesting":
            dataset = waiting.held(
                self._connection, Dataset, f"/v1/datasets/{_quote(dataset.id)}", lambda it: it.state != "ingesting"
            )
        if dataset.state == "failed":
            raise DatasetFailed(dataset)
        return dataset

    def datasets(self) -> Iterator[Dataset]:
        """All datasets, newest first."""
        return waiting.pages(self._connection, Dataset, "/v1/datasets")

    def dataset(self, id: str) -> Dataset:
        return waiting.get(self._connection, Dataset, f"/v1/datasets/{_quote(id)}")

    def delete_dataset(self, id: str, force: bool = False) -> None:
        """Raises Conflict, whose `references` say what was made from it, where there is such and no `force`."""
        params = {"force": "true"} if force else None
        self._connection.send(Call("DELETE", f"/v1/datasets/{_quote(id)}", params=params))

    @overload
    def train(
        self,
        dataset: Dataset | str,
        target: str | Sequence[str],
        model: str,
        wait: Literal[True] = True,
        on_event: Callable[[Event], None] | None = None,
        **spec: Any,
    ) -> Version: ...

    @overload
    def train(
        self,
        dataset: Dataset | str,
        target: str | Sequence[str],
        model: str,
        wait: Literal[False],
        on_event: None = None,
        **spec: Any,
    ) -> Job: ...

    def train(
        self,
        dataset: Dataset | str,
        target: str | Sequence[str],
        model: str,
        wait: bool = True,
        on_event: Callable[[Event], None] | None = None,
        **spec: Any,
    ) -> Version | Job:
        """Train a model: the published version, or with `wait=False` the job that will make it.

        `spec` takes the other fields of a TrainingSpec (`network={"kind": "mlp", "hidden": [16]}`, `epochs=50`, …).
        Raises JobFailed, JobCancelled.
        """
        id = dataset.id if isinstance(dataset, Dataset) else dataset
        targets = target if isinstance(target, str) else list(target)
        job = self.submit({"dataset": id, "target": targets, "model": model, **spec})
        if not wait:
            return job
        if on_event is not None:
            for event in self.events(job.id):
                on_event(event)
        return self.version_of(self.wait(job.id))

    def compare(self, dataset: Dataset | str, target: str, **spec: Any) -> Json:
        """Compare batch, stochastic and mini-batch descent on a dataset, with and without scaling.

        What each took until the tolerance, the loss curves, and a sentence on them. `spec` takes the other fields of a
        ComparisonSpec (`tolerance=0.01`, `epochs=50`, …). Raises JobFailed, JobCancelled.
        """
        id = dataset.id if isinstance(dataset, Dataset) else dataset
        job = self.submit({"kind": "descent-comparison", "dataset": id, "target": target, **spec})
        comparison: Json = self.result(self.wait(job.id).id)["comparison"]
        return comparison

    def submit(self, spec: Mapping[str, Any], idempotency_key: str | None = None) -> Job:
        """Queue a job: of the spec's `kind`, or a training.

        A key of its own makes each call safe to repeat when its answer is lost.
        """
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return Job.of(
            self._connection.json(Call("POST", "/v1/jobs", json=dict(spec), headers=headers, repeatable=True))
        )

    def validate(self, spec: Mapping[str, Any]) -> Json:
        """What would be run for this spec, and why: the resolved spec, notes, warnings (code, detail, pointer),
        curvature, rates, and an estimate of memory and time. Nothing is stored. Raises Invalid."""
        answer: Json = self._connection.json(Call("POST", "/v1/jobs/validate", json=dict(spec), repeatable=True))
        return answer

    def jobs(
        self,
        state: str | None = None,
        kind: str | None = None,
        model: str | None = None,
        metadata: Mapping[str, Any] = NO_FILTER,
    ) -> Iterator[Job]:
        """All jobs, newest first; those that have all of this metadata. Their specs are empty: see `job`."""
        params = {"state": state, "kind": kind, "model": model, **filters(metadata)}
        return waiting.pages(self._connection, Job, "/v1/jobs", **params)

    def job(self, id: str) -> Job:
        return waiting.get(self._connection, Job, f"/v1/jobs/{_quote(id)}")

    def cancel(self, id: str) -> Job:
        """Ask a job to stop. Raises Conflict when it has ended otherwise."""
        return Job.of(self._connection.json(Call("POST", f"/v1/jobs/{_quote(id)}/cancel", repeatable=True)))

    def wait(self, id: str) -> Job:
        """The job, once it has succeeded. Raises JobFailed, JobCancelled."""
        job = waiting.held(self._connection, Job, f"/v1/jobs/{_quote(id)}", lambda it: it.is_terminal)
        if job.state == "cancelled":
            raise JobCancelled(job)
        if job.state == "failed":
            raise JobFailed(job)
        return job

    def result(self, id: str) -> Json:
        """What a job has made: `{"model", "metrics", "promotion"}` or `{"comparison"}`; a batch prediction has a
        file, see `download_result`. Raises Conflict for one without a result."""
        result: Json = self._connection.json(Call("GET", f"/v1/jobs/{_quote(id)}/result"))
        return result

    def batch_predict(
        self, ref: str, dataset: Dataset | str, format: str = "csv", idempotency_key: str | None = None
    ) -> Job:
        """Queue a prediction for every row of a dataset: `wait` for the job, then `download_result`.

        `format` is csv or parquet. The reference means the version that it means now.
        """
        id = dataset.id if isinstance(dataset, Dataset) else dataset
        body = {"model": ref, "dataset": id, "format": format}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return Job.of(
            self._connection.json(Call("POST", "/v1/batch-predictions", json=body, headers=headers, repeatable=True))
        )

    def download_result(self, id: str) -> Iterator[bytes]:
        """The file that a batch prediction has made, in pieces; after a lost connection from where it broke off."""
        return downloads.pieces(self._connection, f"/v1/jobs/{_quote(id)}/result")

    def events(self, id: str, after: int = 0) -> Iterator[Event]:
        """What happens in a job, as it happens, until the job ends; from the first event, or after one."""
        return waiting.events(self._connection, f"/v1/jobs/{_quote(id)}", after)

    def models(self, metadata: Mapping[str, Any] = NO_FILTER) -> Iterator[Model]:
        """All models, newest first; those with a version that has all of this metadata."""
        return waiting.pages(self._connection, Model, "/v1/models", **filters(metadata))

    def model(self, name: str) -> Model:
        return waiting.get(self._connection, Model, f"/v1/models/{_quote(name)}")

    def versions(self, name: str, metadata: Mapping[str, Any] = NO_FILTER) -> Iterator[Version]:
        """All versions of a model, newest first; those that have all of this metadata. Their `spec` and `metadata` are
        empty: see `version`."""
        return waiting.pages(self._connection, Version, f"/v1/models/{_quote(name)}/versions", **filters(metadata))

    def compare_versions(self, name: str, a: int | str, b: int | str) -> Json:
        """Two versions of a model, by number or alias: how their specs, metrics and lineage differ, whether they were
        judged on the same rows, which is better, and a sentence that says so or why nobody can."""
        call = Call("GET", f"/v1/models/{_quote(name)}/compare", params={"a": str(a), "b": str(b)})
        comparison: Json = self._connection.json(call)
        return comparison

    def version(self, ref: str, number: int | None = None) -> Version:
        """What `name`, `name@alias` or `name:version` means; or the version of that number."""
        return waiting.get(self._connection, Version, self._path(ref, number))

    def version_of(self, job: Job) -> Version:
        """The version that a job has published. Raises ValueError when it has published none."""
        if not job.model or job.model.get("version") is None:
            raise ValueError(f"job {job.id} ({job.state}) has published no version")
        return self.version(job.model["name"], job.model["version"])

    def report(self, ref: str, number: int | None = None) -> Json:
        """The report of a version: metrics, baseline, history, curvature, certificate, lineage."""
        report: Json = self._connection.json(Call("GET", f"{self._path(ref, number)}/report"))
        return report

    def files(self, ref: str, number: int | None = None) -> list[str]:
        """The names of a version's files."""
        return [file["name"] for file in self.version(ref, number).files]

    def file(self, file: str, ref: str, number: int | None = None) -> bytes:
        """One file of a version."""
        return self._connection.send(
            Call("GET", f"{self._path(ref, number)}/files/{_quote(file)}", headers={"Accept": "*/*"})
        ).content

    def download(self, ref: str, to: str | Path | None = None, *, replace: bool = False) -> Path:
        """All files of a version, into the directory `to`, else `<model>-<version>` here; which one is returned.

        Each is whole and checked by its hash, or not there; what is there already is not sent again. Raises Occupied
        for files of other content, unless they are to be replaced; DownloadDamaged.
        """
        version = self.version(ref)
        return download(self._connection, version, Path(to or f"{version.model}-{version.version}"), replace)

    def delete_version(self, name: str, number: int) -> None:
        """Forget a version. Raises Conflict while an alias points at it."""
        self._connection.send(Call("DELETE", self._path(name, number)))

    def set_alias(self, name: str, alias: str, version: int) -> Alias:
        """Make `name@alias` mean this version."""
        path = f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}"
        return Alias.of(self._connection.json(Call("PUT", path, json={"version": version})))

    def alias(self, name: str, alias: str) -> Alias:
        return waiting.get(self._connection, Alias, f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}")

    def delete_alias(self, name: str, alias: str) -> None:
        self._connection.send(Call("DELETE", f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}"))

    def predict(self, ref: str, rows: Rows, **options: Any) -> list[Any]:
        """A prediction for each row: numbers for a regression, `{"label", "probabilities"}` for classes.

        Rows: a list of dicts, a dict of lists, a list of lists in feature order, a pandas DataFrame, or a file of
        rows (CSV, JSON lines, Parquet: its path, a CSV's text, bytes or a binary file). None and NaN are missing cells.
        Options: on_error ("fail", "null"), and for a CSV delimiter, encoding, header, null_values, decimal.
        """
        predictions: list[Any] = self.predict_with(ref, rows, **options)["predictions"]
        return predictions

    def predict_with(self, ref: str, rows: Rows, **options: Any) -> dict[str, Any]:
        """The `predictions`, and beside them what else the options ask for, for each row: `intervals` ([low, high]) for
        intervals=0.9, `contributions` ({feature: number}, with the intercept) for contributions=True, `flags` (names of
        features) for flags=True, `errors` for on_error="null"."""
        with body_of(rows) as body:
            told: dict[str, Any] = self._connection.json(prediction(ref, body, "application/json", options))
        return {name: listed for name, listed in told.items() if isinstance(listed, list)}

    def predict_csv(self, ref: str, rows: Rows, **options: Any) -> Iterator[bytes]:
        """The predictions for the same kinds of rows as a CSV with a header, in chunks as they arrive.

        Options: those of `predict`, and echo (True: a file's columns before the outputs). Raises Invalid, after the
        rows before it, for a row that cannot be predicted.
        """
        return self._predicted(ref, rows, "text/csv", options)

    def predict_lines(self, ref: str, rows: Rows, **options: Any) -> Iterator[bytes]:
        """The same as JSON lines: `{"prediction": …}` for each row."""
        return self._predicted(ref, rows, "application/x-ndjson", options)

    def _predicted(self, ref: str, rows: Rows, accept: str, options: Mapping[str, Any]) -> Iterator[bytes]:
        with body_of(rows) as body, self._connection.stream(prediction(ref, body, accept, options)) as response:
            yield from unbroken(response.iter_bytes())

    def _path(self, ref: str, number: int | None) -> str:
        """The path of the version that a reference means."""
        name, mark, word = ref.partition("@") if "@" in ref else ref.partition(":")
        if mark == ":" and word.isdecimal():
            number = int(word)
        if number is None:
            model = self.model(name)
            newest = None if mark else model.latest_version
            number = model.aliases.get(word or "default", newest) if mark != ":" else None
        if number is None:
            what = f"alias {word!r}" if mark == "@" else f"version {word}"
            raise NotFound(404, "version_not_found", "No such version", f"model {name!r} has no {what}".rstrip())
        return f"/v1/models/{_quote(name)}/versions/{number}"


def _quote(part: str) -> str:
    return quote(part, safe="")
