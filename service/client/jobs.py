"""The calls about jobs: submit them, look at them, wait for their end, take what they have made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from service.client import downloads, waiting
from service.client.connection import Call, Connection
from service.client.errors import JobCancelled, JobFailed
from service.client.metadata import NO_FILTER, filters
from service.client.notebook import Bar, in_notebook
from service.client.records import Dataset, Event, Job, Json


class Jobs:
    """A part of Client, which is the rest of it and opens the connection."""

    _connection: Connection

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

    def pause(self, id: str) -> Job:
        """Pause a job: saved as far as it has come, it frees its worker. Raises Conflict when it has ended."""
        return self._connection.record(Job, Call("POST", f"/v1/jobs/{_quote(id)}/pause", repeatable=True))

    def resume(self, id: str) -> Job:
        """Let a paused job wait in line again, to go on from what is saved. Raises Conflict when it has ended."""
        return self._connection.record(Job, Call("POST", f"/v1/jobs/{_quote(id)}/resume", repeatable=True))

    def delete_job(self, id: str) -> None:
        """Forget a job that has ended; a version that it has published stays. Raises Conflict for one that has not."""
        self._connection.send(Call("DELETE", f"/v1/jobs/{_quote(id)}"))

    def wait(self, id: str, on_event: Callable[[Event], None] | None = None, progress: bool | None = None) -> Job:
        """The job, once it has succeeded; `on_event` is called with each of its events. Raises JobFailed, JobCancelled.

        A notebook shows a bar meanwhile, unless `progress` is False.
        """
        listening = [on_event] if on_event is not None else []
        if progress is not False and in_notebook():
            listening.append(Bar().take)
        if listening:
            for event in self.events(id):
                for tell in listening:
                    tell(event)
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
