"""Client: every call of the HTTP API as a method. It is the server that waits: nothing here polls by sleeping."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, overload
from urllib.parse import quote

import httpx

from service.client import downloads, waiting
from service.client.connection import Call, Connection
from service.client.errors import DatasetFailed, JobCancelled, JobFailed
from service.client.metadata import NO_FILTER, filters
from service.client.models import Models
from service.client.records import Dataset, Event, Job, Json, Version
from service.client.uploads import PREVIEW_BYTES, Source, opened, parameters


class Client(Models):
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
            dataset = self._connection.record(Dataset, call)
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

    def profile(self, id: str, correlate: str | None = None) -> Json:
        """Figures of each column; with the name of a numeric one in `correlate`, how the others go with it."""
        call = Call("GET", f"/v1/datasets/{_quote(id)}/profile", params={"correlate": correlate})
        profile: Json = self._connection.json(call)
        return profile

    def rejects(self, id: str) -> Iterator[bytes]:
        """The lines that could not be read, as a CSV: line, column, reason, raw."""
        call = Call("GET", f"/v1/datasets/{_quote(id)}/rejects", headers={"Accept": "text/csv"})
        with self._connection.stream(call) as response:
            yield from response.iter_bytes()

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
        return self._connection.record(Job, Call("POST", "/v1/jobs", json=dict(spec), headers=headers, repeatable=True))

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
        return self._connection.record(Job, Call("POST", f"/v1/jobs/{_quote(id)}/cancel", repeatable=True))

    def delete_job(self, id: str) -> None:
        """Forget a job that has ended; a version that it has published stays. Raises Conflict for one that has not."""
        self._connection.send(Call("DELETE", f"/v1/jobs/{_quote(id)}"))

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
        return self._connection.record(
            Job, Call("POST", "/v1/batch-predictions", json=body, headers=headers, repeatable=True)
        )

    def download_result(self, id: str) -> Iterator[bytes]:
        """The file that a batch prediction has made, in pieces; after a lost connection from where it broke off."""
        return downloads.pieces(self._connection, f"/v1/jobs/{_quote(id)}/result")

    def events(self, id: str, after: int = 0) -> Iterator[Event]:
        """What happens in a job, as it happens, until the job ends; from the first event, or after one."""
        return waiting.events(self._connection, f"/v1/jobs/{_quote(id)}", after)


def _quote(part: str) -> str:
    return quote(part, safe="")
