"""A comparison as a worker makes it, on a table in the store."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.access.owners import DEFAULT_OWNER
from service.store import jobs
from service.store.tables import JobRow
from service.usecases.submit import submit
from service.wiring import Deps
from tests import samples
from workers.jobs.dispatch import run


def add_table(deps: Deps, X: np.ndarray, y: Any) -> str:
    """The id of a dataset with these columns, x0, x1, … and y."""
    cells = {**{f"x{number}": X[:, number] for number in range(X.shape[1])}, "y": y}
    out = io.BytesIO()
    pq.write_table(pa.table(cells), out)
    kinds = {name: "categorical" if isinstance(values[0], str) else "numeric" for name, values in cells.items()}
    columns = [
        {"name": name, "kind": kinds[name], "nulls": 0, "distinct": len(set(values))} for name, values in cells.items()
    ]
    return samples.dataset(deps, rows=len(y), columns=columns, table_key=deps.blobs.put(out.getvalue()).key).id


def submitted(deps: Deps, dataset: str, **spec: Any) -> str:
    body = {"kind": "descent-comparison", "dataset": dataset, "target": "y", **spec}
    return submit(deps.database, deps.queue, DEFAULT_OWNER, deps.limits, body, None, lambda job: {}).job_id


def compared(deps: Deps, dataset: str, **spec: Any) -> JobRow:
    """The job after its run."""
    id = submitted(deps, dataset, **spec)
    run(deps, id)
    return job_of(deps, id)


def job_of(deps: Deps, id: str) -> JobRow:
    with deps.database.read() as session:
        return jobs.get(session, DEFAULT_OWNER, id)


def result_of(job: JobRow) -> dict[str, Any]:
    assert job.result is not None, job.error
    return job.result


def descent(result: dict[str, Any], name: str, scaled: bool = True) -> dict[str, Any]:
    (found,) = (one for one in result["descents"] if (one["descent"], one["scaled"]) == (name, scaled))
    return dict(found)


def without_seconds(result: dict[str, Any]) -> dict[str, Any]:
    return {
        **result,
        "descents": [{**one, "seconds": None} for one in result["descents"]],
    }
