"""Batch predictions as a worker makes them, on tables in the store, and what they leave."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.feature import Feature
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor
from service.domain.model.transform import FittedTransform
from service.store import jobs
from service.store.blobs.store import read_blob
from service.store.tables import JobRow
from service.usecases.batch import submit_batch
from service.wiring import Deps
from tests import samples
from workers.jobs.dispatch import run

KINDS = {"double": "numeric", "bool": "boolean", "timestamp[us]": "datetime", "string": "categorical"}


def add_table(deps: Deps, table: pa.Table, group_rows: int = 5000) -> str:
    """The id of a ready dataset with these cells."""
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=group_rows)
    columns = [_column(name, table.column(name)) for name in table.column_names]
    key = deps.blobs.put(out.getvalue()).key
    return samples.dataset(deps, rows=table.num_rows, columns=columns, table_key=key).id


def _column(name: str, cells: Any) -> dict[str, Any]:
    kind = KINDS[str(cells.type)]
    told: dict[str, Any] = {"name": name, "kind": kind, "nulls": cells.null_count, "distinct": 9}
    if kind == "numeric" and cells.null_count < len(cells):
        numbers = cells.drop_null().to_numpy()
        told |= {"minimum": numbers.min(), "maximum": numbers.max(), "whole": bool((numbers % 1 == 0).all())}
    return told


def submitted(deps: Deps, **body: Any) -> str:
    return submit_batch(deps.database, deps.queue, DEFAULT_OWNER, body, None, lambda job: {}).job_id


def predicted(deps: Deps, **body: Any) -> JobRow:
    """The job after its run."""
    id = submitted(deps, **body)
    run(deps, id)
    return job_of(deps, id)


def job_of(deps: Deps, id: str) -> JobRow:
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def content(deps: Deps, job: JobRow) -> bytes:
    assert job.state == "succeeded", job.error
    assert job.result is not None
    data = read_blob(deps.blobs, job.result["sha256"])
    assert len(data) == job.result["bytes"]
    return data


def lines(deps: Deps, job: JobRow) -> list[dict[str, str]]:
    """The rows of a CSV result."""
    return list(csv.DictReader(io.StringIO(content(deps, job).decode())))


def rows(deps: Deps, job: JobRow) -> pa.Table:
    """The rows of a Parquet result."""
    return pq.read_table(io.BytesIO(content(deps, job)))


def linear(weights: dict[str, float], bias: float, **more: Any) -> Predictor:
    """A linear neuron on numbers, a missing one of which is 0."""
    features = tuple(Feature(name, "numeric", fill=0.0) for name in weights)
    width = len(weights)
    return Predictor(
        "regression",
        "y",
        FittedTransform(features, np.arange(width), np.zeros(width), np.ones(width)),
        Network((width, 1)),
        np.array([*weights.values(), bias], dtype=np.float32),
        **more,
    )


def classes(labels: tuple[Any, ...], **of_feature: Any) -> Predictor:
    """Classes by one number x: their scores are 0, x, 2x, …"""
    options = {"fill": 0.0, **of_feature}
    weights = [float(place) for place in range(len(labels))] if len(labels) > 2 else [1.0]
    return Predictor(
        "multiclass" if len(labels) > 2 else "binary",
        "y",
        FittedTransform((Feature("x", "numeric", **options),), np.arange(1), np.zeros(1), np.ones(1)),
        Network((1, len(weights))),
        np.array([*weights, *[0.0] * len(weights)], dtype=np.float32),
        classes=labels,
    )
