"""Over HTTP: a column of every kind is uploaded, trained on, predicted from in every form, and taken along."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from service.domain.cells.kinds import Kind
from service.wiring import Deps
from tests.unit.domain.cells.test_kinds import EXAMPLES, FEATURES
from tests.unit.workers.export.made import by_script
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
ROWS = 60


@pytest.mark.parametrize("kind", FEATURES)
def test_a_kind_goes_all_the_way(kind: Kind, client: FlaskClient, deps: Deps, tmp_path: Path) -> None:
    cells = list(EXAMPLES[kind][0])
    column = [cells[row % len(cells)] for row in range(ROWS)]
    data = "x,z,y\n" + "".join(f"{cell},{row % 7},{(row % len(cells)) + 0.1 * (row % 7)}\n"
                               for row, cell in enumerate(column))  # fmt: skip
    types = {"types": json.dumps({"x": kind})}
    answer = client.post("/v1/datasets", data=data, query_string=types, content_type="text/csv")
    assert answer.status_code == 202, answer.json
    ingest(deps, answer.json["id"])
    dataset = client.get(f"/v1/datasets/{answer.json['id']}").json
    assert [one["kind"] for one in dataset["columns"]] == [kind, "numeric", "numeric"]
    job = client.post("/v1/jobs", json={"dataset": dataset["id"], "model": "m", "target": "y"}).json
    train(deps, job["id"])
    job = client.get(f"/v1/jobs/{job['id']}").json
    assert job["state"] == "succeeded", job["error"]

    rows = [{"x": cell, "z": 3} for cell in cells]
    expected = predicted(client, json={"records": rows})
    assert len(set(np.round(expected, 3))) == len(cells)  # the feature is learnt from
    text = "x,z\n" + "".join(f"{cell},3\n" for cell in cells)
    assert predicted(client, data=text, content_type="text/csv") == expected
    table = pa.table({"x": cells, "z": [3.0] * len(cells)})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    assert predicted(client, data=out.getvalue(), content_type=ARROW) == expected
    out = io.BytesIO()
    pq.write_table(table, out)
    assert predicted(client, data=out.getvalue(), content_type=PARQUET) == expected

    inputs = client.get("/v2/models/m").json["inputs"]
    tensors = [
        {**one, "shape": [len(cells)], "datatype": "BYTES" if one["name"] == "x" else "FP64",
         "data": cells if one["name"] == "x" else [3.0] * len(cells)} for one in inputs
    ]  # fmt: skip
    answer = client.post("/v2/models/m/infer", json={"inputs": tensors})
    assert answer.json["outputs"][0]["data"] == pytest.approx(expected)

    for name in ("manifest.json", "weights.safetensors", "predict.py"):
        (tmp_path / name).write_bytes(client.get(f"/v1/models/m/versions/1/files/{name}").data)
    told = by_script(tmp_path, text)
    assert [float(row["prediction"]) for row in told] == pytest.approx(expected, rel=1e-6)
    files = client.get("/v1/models/m/versions/1").json["files"]
    assert "model.onnx" in [one["name"] for one in files]


def predicted(client: FlaskClient, **body: Any) -> list[float]:
    answer = client.post("/v1/models/m/predict", **body)
    assert answer.status_code == 200, answer.json
    return list(answer.json["predictions"])
