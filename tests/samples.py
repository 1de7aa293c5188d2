"""Small things that tests put into the store: a dataset that is ready, models whose answers are known by hand."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import REPORT, dump
from service.domain.model.feature import Feature
from service.domain.model.intervals import calibrate
from service.domain.model.network import Network
from service.domain.model.predictor import Predictor, TargetScale
from service.domain.model.transform import FittedTransform
from service.store import models
from service.store.blobs.bundles import write_bundle
from service.store.session import new_id, now
from service.store.tables import DatasetRow, JobRow, VersionRow
from service.wiring import Deps

COLUMNS: list[dict[str, Any]] = [
    {"name": "size", "kind": "numeric", "nulls": 0, "distinct": 40, "minimum": 1.0, "maximum": 40.0, "whole": True},
    {"name": "colour", "kind": "categorical", "nulls": 0, "distinct": 2},
    {"name": "note", "kind": "text", "nulls": 0, "distinct": 40},
    {"name": "same", "kind": "numeric", "nulls": 0, "distinct": 1, "minimum": 7.0, "maximum": 7.0},
    {"name": "price", "kind": "numeric", "nulls": 0, "distinct": 40, "minimum": 0.5, "maximum": 90.5},
    {
        "name": "rare",
        "kind": "categorical",
        "nulls": 0,
        "distinct": 3,
        "rarest": {"value": "only", "count": 1},
    },
]


def price_predictor() -> Predictor:
    """price = 2 size + 10 [colour = red] - 5 [sold] + 1; a size that is missing is 3, a colour blue, sold no."""
    return Predictor(
        task="regression",
        target="price",
        transform=FittedTransform(
            features=(
                Feature("size", "numeric", fill=3.0, low=0.0, high=50.0),
                Feature("colour", "categorical", categories=("red", "blue"), fill_category="blue"),
                Feature("sold", "boolean", fill=0.0, low=0.0, high=1.0),
            ),
            kept=np.arange(4),
            centre=np.zeros(4),
            scale=np.ones(4),
        ),
        network=Network((4, 1)),
        parameters=np.array([1, 5, 0, -2.5, 0.5], dtype=np.float32),
        target_scales=(TargetScale(0.0, 2.0),),
    )


def explained_predictor() -> Predictor:
    """The prices of `price_predictor`, with what intervals and contributions need: residuals of 1, 2, … 39 on rows that
    were held out, and an average row with size 10, half of them red, a quarter sold."""
    plain = price_predictor()
    transform = replace(plain.transform, mean=np.array([10.0, 0.5, 0.5, 0.25]))
    return replace(plain, transform=transform, calibration=calibrate(np.arange(1.0, 40), "validation"))


def kind_predictor() -> Predictor:
    """Classes "cat" and "dog": P(dog) = sigmoid(weight - 5). A weight must not be missing."""
    return Predictor(
        task="binary",
        target="animal",
        transform=FittedTransform(
            features=(Feature("weight", "numeric", low=0.0, high=10.0),),
            kept=np.arange(1),
            centre=np.array([5.0]),
            scale=np.ones(1),
        ),
        network=Network((1, 1)),
        parameters=np.array([1, 0], dtype=np.float32),
        classes=("cat", "dog"),
    )


def publish(
    deps: Deps,
    predictor: Predictor,
    name: str,
    more: Mapping[str, bytes] = MappingProxyType({}),
    owner: str = DEFAULT_OWNER,
) -> VersionRow:
    """The next version of an owner's model, as a worker publishes it."""
    contents = {**dump(predictor), REPORT: b'{"task":"regression"}', **more}
    files = write_bundle(deps.blobs, contents.items())
    with deps.database.write() as session:
        return models.publish(
            session,
            owner,
            name,
            job_id=new_id("job"),
            dataset_id=new_id("ds"),
            task=predictor.task,
            target=predictor.target if isinstance(predictor.target, str) else list(predictor.target),
            features=[{"name": feature, "kind": kind} for feature, kind in predictor.feature_kinds.items()],
            metrics={"validation": {"rmse": 0.5}},
            files=files,
        )


def dataset(deps: Deps, **values: Any) -> DatasetRow:
    """A dataset of 40 rows that is ready, unless `values` say otherwise."""
    content = deps.blobs.put(b"size,colour\n1,red\n2,blue\n")
    table = deps.blobs.put(parquet({"size": [1.0, None, 3.0], "colour": ["red", "blue", None]}))
    profile = deps.blobs.put(b'{"rows":40}')
    row = DatasetRow(
        **{
            "id": new_id("ds"),
            "name": "houses.csv",
            "state": "ready",
            "fingerprint": new_id("print"),
            "sha256": content.key,
            "bytes": content.size,
            "media_type": "text/csv",
            "options": {},
            "rows": 40,
            "rejected_rows": 0,
            "dialect": {"delimiter": ","},
            "columns": COLUMNS,
            "table_key": table.key,
            "profile_key": profile.key,
            "created_at": now(),
            **values,
        }
    )
    with deps.database.write() as session:
        session.add(row)
    return row


def job(deps: Deps, **values: Any) -> JobRow:
    """A training job that waits, unless `values` say otherwise."""
    row = JobRow(
        **{
            "id": new_id("job"),
            "kind": "train",
            "state": "queued",
            "spec": {"dataset": "ds_1", "model": "houses", "target": "price"},
            "dataset_id": "ds_1",
            "model_name": "houses",
            "attempt": 0,
            "created_at": now(),
            **values,
        }
    )
    with deps.database.write() as session:
        session.add(row)
    return row


def parquet(columns: dict[str, Any]) -> bytes:
    """A Parquet file, two rows in a group."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=2)
    return sink.getvalue()


def arrow(columns: dict[str, Any]) -> bytes:
    """An Arrow stream."""
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return bytes(sink.getvalue())
