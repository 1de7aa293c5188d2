"""Columns of Parquet at the ends of their types: read and learnt from, or refused by name."""

from __future__ import annotations

import io
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, what_is_wrong_beside
from workers.ingest.run import run as ingest

ROWS = 60
DRAW = np.random.default_rng(0)
DAYS = DRAW.integers(0, 10**6, ROWS)


def with_gaps(values: np.ndarray) -> np.ndarray:
    return np.where(DRAW.random(ROWS) < 0.2, np.nan, values)


READY = {
    "int64": pa.array(DRAW.integers(-(2**63), 2**63 - 1, ROWS)),
    "uint64": pa.array(DRAW.integers(0, 2**64 - 1, ROWS, dtype=np.uint64)),
    "float32": pa.array((DRAW.normal(size=ROWS) * 6e37).astype(np.float32)),
    "not a number": pa.array(with_gaps(DRAW.normal(size=ROWS))),
    "huge and not a number": pa.array(with_gaps(DRAW.normal(size=ROWS) * 1e307)),
    "decimal": pa.array([Decimal(10) ** 30 + (int(day) << 60) for day in DAYS], pa.decimal128(38, 0)),
    "dates": pa.array(DRAW.integers(-700_000, 2_900_000, ROWS).astype("int32"), pa.date32()),
    "nanoseconds": pa.array(DRAW.integers(-(2**63) + 1, 2**63 - 1, ROWS).astype("datetime64[ns]")),
    "durations": pa.array(DRAW.integers(-(10**12), 10**12, ROWS), pa.duration("s")),
}
REFUSED = {
    "far future": (pa.array(DAYS * 86_400_000_000 + 8 * 10**17, pa.timestamp("us")), "time_out_of_range"),
    "far past": (pa.array(-DAYS * 86_400_000_000 - 10**17, pa.timestamp("us")), "time_out_of_range"),
    "last microsecond": (pa.array(2**63 - 1 - DAYS, pa.timestamp("us")), "time_out_of_range"),
    "infinite": (pa.array(np.where(DAYS % 2, np.inf, 1.0)), "infinite_value"),
}


def uploaded(deps: Deps, client: FlaskClient, column: pa.Array) -> dict[str, object]:
    out = io.BytesIO()
    rows = np.random.default_rng(1).normal(size=(2, ROWS))
    pq.write_table(pa.table({"x": column, "b": rows[0], "y": rows[1]}), out)
    answer = client.post("/v1/datasets", data=out.getvalue(), content_type="application/vnd.apache.parquet")
    ingest(deps, answer.json["id"])
    return dict(client.get(f"/v1/datasets/{answer.json['id']}").json)


@pytest.mark.parametrize("name", READY)
def test_what_can_be_read_is_learnt_from(deps: Deps, client: FlaskClient, name: str) -> None:
    dataset = uploaded(deps, client, READY[name])
    assert dataset["state"] == "ready", dataset["error"]
    for kind in ("linear", "mlp"):
        job = ended(deps, client, str(dataset["id"]), network={"kind": kind}, epochs=5)
        assert job["state"] == "succeeded", job["error"]
        assert report_of(client, job)["history"]
    assert what_is_wrong_beside(deps, client, str(dataset["id"])) is None


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_beyond_is_refused_by_name(deps: Deps, client: FlaskClient, name: str) -> None:
    column, code = REFUSED[name]
    dataset = uploaded(deps, client, column)
    assert dataset["state"] == "failed"
    assert dataset["error"]["code"] == code  # type: ignore[index]
    assert "'x'" in dataset["error"]["detail"]  # type: ignore[index]
