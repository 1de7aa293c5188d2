"""What Prometheus is told: counters and histograms of this process, and of all that write into the same directory.

Each process of a part writes into a file of its own below `PROMETHEUS_MULTIPROC_DIR` (prometheus-client's mode for
several processes), and whoever is asked adds them up. Without that directory a process tells of itself alone. What the
database knows (jobs by state, the queue's length) is read when it is asked for: `service.usecases.keeping.gauges`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.registry import Collector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # as prometheus-client reads it, when it is first imported
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"  # of a request that was refused before it had one, or that asked for a path that is not there
REQUEST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
JOB_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)

RequestTold = tuple[str, str, int, float, int]
"""Of a request: method, route, status, seconds until its answer began, rows that were predicted by the fast path."""


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """Every metric that is counted where it happens; made once in a process."""

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    predicted_rows: Counter
    model_lookups: Counter
    jobs_ended: Counter
    job_seconds: Histogram
    job_wait_seconds: Histogram
    epochs: Counter
    trained_rows: Counter
    ingested_rows: Counter
    ingested_bytes: Counter
    leases_lost: Counter
    resent: Counter
    blobs_deleted: Counter
    blobs: Gauge
    blob_bytes: Gauge

    def count_requests(self, told: Iterable[RequestTold]) -> None:
        """For a thread beside those that answer. A histogram takes all requests of a route at once: its own `observe`
        costs more than writing their lines in the log."""
        answered: Counts[tuple[str, str, int]] = Counts()
        began: dict[tuple[str, str], list[float]] = {}
        hits, rows_of_hits = 0, 0
        for method, route, status, seconds, rows in told:
            at = (method if method in METHODS else "other", route or NO_ROUTE)
            answered[*at, status] += 1
            took = began.get(at) or began.setdefault(at, [0.0] * (len(REQUEST_SECONDS) + 2))
            took[bisect_left(REQUEST_SECONDS, seconds)] += 1
            took[-1] += seconds
            if rows:
                hits += 1
                rows_of_hits += rows
        for (method, route, status), times in answered.items():
            self.requests.labels(method, route, str(status)).inc(times)
        for at, (*buckets, total) in began.items():
            of_route = self.request_seconds.labels(*at)
            of_route._sum.inc(total)
            for bucket, fell in zip(of_route._buckets, buckets, strict=True):
                if fell:
                    bucket.inc(fell)
        if hits:
            self.predicted_rows.labels("request").inc(rows_of_hits)
            self.model_lookups.labels("hit").inc(hits)


@cache
def metrics() -> ServiceMetrics:
    """This process's."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()

    def counter(name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"adaline_{name}", meaning, labels, registry=registry)

    def histogram(name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"adaline_{name}", meaning, labels, buckets=buckets, registry=registry)

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"adaline_{name}", meaning, labels, registry=registry, multiprocess_mode="mostrecent")

    seconds = "Seconds from the first byte of a request's headers to the start of its answer"
    return ServiceMetrics(
        registry,
        counter("requests", "Answered requests", "method", "route", "status"),
        histogram("request_seconds", seconds, REQUEST_SECONDS, "method", "route"),
        counter("predicted_rows", "Rows that got a prediction, in a request or by a batch job", "way"),
        counter("model_lookups", "Predictions whose model was in memory (hit) or was loaded (miss)", "result"),
        counter("jobs_ended", "Jobs that have ended", "kind", "state"),
        histogram("job_seconds", "Seconds that ended jobs were worked on", JOB_SECONDS, "kind"),
        histogram("job_wait_seconds", "Seconds that jobs waited for their first worker", JOB_SECONDS, "kind"),
        counter("epochs", "Epochs of training"),
        counter("trained_rows", "Rows that epochs of training went through"),
        counter("ingested_rows", "Rows of ingested datasets"),
        counter("ingested_bytes", "Bytes of ingested files"),
        counter("leases_lost", "Leases that ran out, for their worker was gone or stuck", "work"),
        counter("resent_messages", "Messages that the sweeper sent: first ones that failed, and again what was lost"),
        counter("blobs_deleted", "Stored files that the sweeper deleted, since no row named them"),
        gauge("blobs", "Stored files by what they are", "kind"),
        gauge("blob_bytes", "Bytes of stored files by what they are", "kind"),
    )


def exposition(more: Collector | None = None) -> bytes:
    """What is told of all processes that share a directory, and what `more` collects, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    told = b""
    if more is not None:
        asked = CollectorRegistry()
        asked.register(more)
        told = generate_latest(asked)
    registry = metrics().registry
    if os.environ.get(DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client's
    return generate_latest(registry) + told


def serve_metrics(host: str, port: int, more: Collector | None = None) -> None:
    """Answer GET /metrics from a thread, with what `more` collects. Raises OSError."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = metrics().registry
    if os.environ.get(DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client's
    if more is not None:
        registry.register(more)
    start_http_server(port, host, registry)


def shared_by(directory: Path) -> Mapping[str, str]:
    """The environment of processes that count together in a directory, which is emptied: what was there was counted by
    processes that are gone."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    return {DIRECTORY: str(directory)}


def shared_in_part() -> Mapping[str, str]:
    """The same for a part that runs alone, whose processes count in a directory of its own."""
    return {DIRECTORY: tempfile.mkdtemp(prefix="adaline-metrics-")}


def forget_shared() -> None:
    """At the end of a part that ran alone."""
    directory = os.environ.get(DIRECTORY, "")
    if Path(directory).name.startswith("adaline-metrics-"):
        shutil.rmtree(directory, ignore_errors=True)
