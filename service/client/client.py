"""Client: every call of the HTTP API as a method. It is the server that waits: nothing here polls by sleeping."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, overload
from urllib.parse import quote

import httpx

from service.client import waiting
from service.client.access import KEY_VARIABLE, Access, authorization
from service.client.connection import Call, Connection
from service.client.errors import DatasetFailed
from service.client.jobs import Jobs
from service.client.models import Models
from service.client.records import Dataset, Event, Job, Json, Version
from service.client.uploads import GivenFile, opened, parameters


class Client(Jobs, Models, Access):
    """One Adaline server: `with Client() as client: …`. Threads may share it.

    `timeout` is how many seconds an answer may take, beyond the time that the server was asked to hold it. `key` is
    what the server knows one by, where it needs that: adl_<id>_<secret>; without it, the one in ADALINE_KEY.
    Every method raises Problem (see service.client.errors) for an answer that is not 2xx, and Unreachable for none.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        timeout: float = 30.0,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raises ValueError for what is no address of a server, or no key."""
        sent = {**authorization(key or os.environ.get(KEY_VARIABLE)), **(headers or {})}
        self._connection = Connection(url, timeout, sent, transport)
        self.url = self._connection.url

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def upload(self, source: GivenFile, name: str | None = None, wait: bool = True, **options: Any) -> Dataset:
        """Stream a table (a path, bytes, a binary file, or a DataFrame of pandas, polars or Arrow) to the server; with
        `wait`, until it is ready.

        A DataFrame goes as Parquet, without an index that has no name.
        Options: delimiter, encoding, header (bool), types (kind by column), null_values (words), decimal.
        Raises DatasetFailed.
        """
        with opened(source, name) as upload:
            call = Call(
                "POST",
                "/v1/datasets",
                params=parameters(upload.name, upload.with_kinds(options)),
                content=upload.content,
                headers={**upload.headers, **(waiting.PREFER_WAIT if wait else {})},
                repeatable=True,  # the same bytes and options are the same dataset
                wait_seconds=waiting.WAIT_SECONDS if wait else 0,
            )
            dataset = self._connection.record(Dataset, call)
        return self.ready(dataset) if wait else dataset

    def preview(self, source: GivenFile, **options: Any) -> Json:
        """What would be read of a table, by its first part: dialect, columns, rows; of a Parquet file above 1 MiB its
        columns. Nothing is stored.

        Options: those of `upload`. Raises Invalid for what is no table.
        """
        with opened(source, None) as upload:
            params = {**parameters(None, upload.with_kinds(options)), "preview": True}
            answer: Json = self._connection.json(
                Call(
                    "POST",
                    "/v1/datasets",
                    params=params,
                    content=upload.part(),
                    headers=upload.headers,
                    repeatable=True,
                )
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
        progress: bool | None = None,
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
        progress: bool | None = None,
        **spec: Any,
    ) -> Job: ...

    def train(
        self,
        dataset: Dataset | str,
        target: str | Sequence[str],
        model: str,
        wait: bool = True,
        on_event: Callable[[Event], None] | None = None,
        progress: bool | None = None,
        **spec: Any,
    ) -> Version | Job:
        """Train a model: the published version, or with `wait=False` the job that will make it.

        `spec` takes the other fields of a TrainingSpec (`network={"kind": "mlp", "hidden": [16]}`, `epochs=50`, …).
        A notebook shows a bar meanwhile, unless `progress` is False. Raises JobFailed, JobCancelled.
        """
        id = dataset.id if isinstance(dataset, Dataset) else dataset
        targets = target if isinstance(target, str) else list(target)
        job = self.submit({"dataset": id, "target": targets, "model": model, **spec})
        if not wait:
            return job
        return self.version_of(self.wait(job.id, on_event, progress))

    def compare(self, dataset: Dataset | str, target: str, **spec: Any) -> Json:
        """Compare batch, stochastic and mini-batch descent on a dataset, with and without scaling.

        What each took until the tolerance, the loss curves, and a sentence on them. `spec` takes the other fields of a
        ComparisonSpec (`tolerance=0.01`, `epochs=50`, …). Raises JobFailed, JobCancelled.
        """
        id = dataset.id if isinstance(dataset, Dataset) else dataset
        job = self.submit({"kind": "descent-comparison", "dataset": id, "target": target, **spec})
        comparison: Json = self.result(self.wait(job.id).id)["comparison"]
        return comparison

    def status(self) -> Json:
        """How the server is: parts, queues, workers, failures of the last day, storage. Needs the scope admin, where
        keys are needed."""
        answer: Json = self._connection.json(Call("GET", "/v1/status", repeatable=True))
        return answer

    def usage(self) -> Json:
        """What you have stored: counts of datasets, jobs, models, versions, and bytes by what they are."""
        answer: Json = self._connection.json(Call("GET", "/v1/usage", repeatable=True))
        return answer

    def usage_of_all(self) -> Json:
        """The same of every owner in `data`, and what is stored in all. Needs the scope admin."""
        answer: Json = self._connection.json(Call("GET", "/v1/usage/owners", repeatable=True))
        return answer


def _quote(part: str) -> str:
    return quote(part, safe="")
