"""Batch predictions as a client meets them: queued with the version that was meant, downloaded whole or in ranges."""

from __future__ import annotations

import csv
import io
import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient

from service.domain.access.owners import DEFAULT_OWNER
from service.store import models
from service.wiring import Deps
from tests import samples
from tests.unit.workers.batch.running import add_table, classes, linear
from workers.jobs.dispatch import run

PATH = "/v1/batch-predictions"


@pytest.fixture
def dataset(deps: Deps) -> str:
    """Rows for the model `m` (y = 3 x + 1)."""
    samples.publish(deps, linear({"x": 3.0}, 1.0), "m")
    return add_table(deps, pa.table({"x": np.random.default_rng(0).normal(size=10_000)}))


def finished(client: FlaskClient, deps: Deps, **body: Any) -> dict[str, Any]:
    """The job, after a worker has run it."""
    answer = client.post(PATH, json=body)
    assert answer.status_code == 202, answer.json
    assert answer.json is not None
    run(deps, answer.json["id"])
    job: dict[str, Any] = client.get(answer.headers["Location"]).get_json()
    assert job["state"] == "succeeded", job["error"]
    return job


def test_it_is_a_job_that_keeps_the_version_that_was_meant(client: FlaskClient, deps: Deps, dataset: str) -> None:
    client.put("/v1/models/m/aliases/live", json={"version": 1})
    answer = client.post(PATH, json={"model": "m@live", "dataset": dataset})
    job = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert answer.headers["Retry-After"] == "1"
    assert (job["kind"], job["state"], job["dataset"], job["progress"]) == ("predict", "queued", dataset, None)
    assert job["model"] == {"name": "m", "version": 1}
    assert job["spec"] == {"kind": "predict", "model": "m:1", "dataset": dataset, "format": "csv"}
    samples.publish(deps, linear({"x": -3.0}, 0.0), "m")
    client.put("/v1/models/m/aliases/live", json={"version": 2})
    run(deps, job["id"])
    rows = list(csv.DictReader(io.StringIO(client.get(f"/v1/jobs/{job['id']}/result").text)))
    x = np.random.default_rng(0).normal(size=10_000).astype(np.float32).astype(float)
    assert [float(row["prediction"]) for row in rows] == (3 * x + 1).tolist()
    assert client.post(PATH, json=job["spec"]).status_code == 202  # a resolved spec can be sent again


def test_it_is_listed_by_its_kind_and_its_model(client: FlaskClient, deps: Deps, dataset: str) -> None:
    samples.job(deps)
    id = client.post(PATH, json={"model": "m", "dataset": dataset}).get_json()["id"]
    for query in ("kind=predict", "model=m"):
        assert [job["id"] for job in client.get(f"/v1/jobs?{query}").get_json()["data"]] == [id]
    assert [job["kind"] for job in client.get("/v1/jobs?kind=train").get_json()["data"]] == ["train"]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_the_numbers_are_those_of_predict_bit_for_bit(client: FlaskClient, deps: Deps, format: str) -> None:
    draw = np.random.default_rng(3)
    x = draw.normal(size=9000) * 10.0 ** draw.integers(-8, 8, 9000)
    samples.publish(deps, classes(("red", "green", "blue")), "colour")
    samples.publish(deps, linear({"x": 0.1}, 1 / 3), "size")
    dataset = add_table(deps, pa.table({"x": x}))
    rows = {"columns": {"x": x.tolist()}}
    sizes = client.post("/v1/models/size/predict", json=rows).get_json()["predictions"]
    colours = client.post("/v1/models/colour/predict", json=rows).get_json()["predictions"]
    found = table_of(client, finished(client, deps, model="size", dataset=dataset, format=format))
    assert found.column("prediction").to_pylist() == sizes
    found = table_of(client, finished(client, deps, model="colour", dataset=dataset, format=format))
    assert found.column("label").to_pylist() == [one["label"] for one in colours]
    for name in ("red", "green", "blue"):
        assert found.column(f"p_{name}").to_pylist() == [one["probabilities"][name] for one in colours]


def table_of(client: FlaskClient, job: dict[str, Any]) -> pa.Table:
    """The result, read by something that is not ours."""
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    if job["spec"]["format"] == "parquet":
        assert answer.mimetype == "application/vnd.apache.parquet"
        return pq.read_table(io.BytesIO(answer.data))
    assert answer.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(answer.text)))
    cells = list(zip(*lines[1:], strict=True))
    typed = {
        name: list(column) if name == "label" else [float(cell) for cell in column]
        for name, column in zip(lines[0], cells, strict=True)
    }
    return pa.table(typed)


def test_a_csv_says_the_same_as_predicts_csv(client: FlaskClient, deps: Deps) -> None:
    """Its header, its labels and their quotes; numbers may have another spelling of the same value."""
    samples.publish(deps, classes(('say "no"', "a, b", "plain")), "m")
    dataset = add_table(deps, pa.table({"x": [-1.0, 0.5, 2.0]}))
    body = "x\n-1\n0.5\n2\n"
    direct = client.post("/v1/models/m/predict", data=body, content_type="text/csv", headers={"Accept": "text/csv"})
    job = finished(client, deps, model="m", dataset=dataset)
    batch = client.get(f"/v1/jobs/{job['id']}/result")
    ours, theirs = (list(csv.reader(io.StringIO(answer.text))) for answer in (batch, direct))
    assert [row[1] for row in ours] == [row[0] for row in theirs]
    assert ours[0] == ["row", *theirs[0]]
    assert [list(map(float, row[2:])) for row in ours[1:]] == [list(map(float, row[1:])) for row in theirs[1:]]


def test_the_file_comes_whole_or_in_ranges(client: FlaskClient, deps: Deps, dataset: str) -> None:
    job = finished(client, deps, model="m", dataset=dataset)
    path = f"/v1/jobs/{job['id']}/result"
    whole = client.get(path)
    size, tag = len(whole.data), whole.headers["ETag"]
    assert whole.status_code == 200
    assert whole.headers["Content-Length"] == str(size)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Disposition"].startswith('attachment; filename="m-1-predictions.csv"')
    with deps.database.read() as session:
        assert models.get_version(session, DEFAULT_OWNER, "m", 1).version == 1
    for asked, first, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=-{size * 2}", 0, size),
        (f"bytes=5-{size * 2}", 5, size),
        (f"bytes={size - 1}-{size - 1}", size - 1, size),
    ):
        part = client.get(path, headers={"Range": asked})
        assert (part.status_code, part.data) == (206, whole.data[first:end]), asked
        assert part.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - first)
        assert part.headers["ETag"] == tag
    for ignored in ("bytes=0-1,4-5", "rows=0-1", "bytes=9-3", "nonsense"):
        assert (client.get(path, headers={"Range": ignored}).data, ignored) == (whole.data, ignored)
    beyond = client.get(path, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    assert f"bytes=0-{size - 1}" in beyond.get_json()["detail"]
    with client.head(path, headers={"Range": "bytes=0-9"}) as head:
        assert (head.status_code, head.headers["Content-Length"]) == (200, str(size))


def test_a_range_of_other_bytes_is_not_given(client: FlaskClient, deps: Deps, dataset: str) -> None:
    job = finished(client, deps, model="m", dataset=dataset)
    path = f"/v1/jobs/{job['id']}/result"
    tag = client.get(path).headers["ETag"]
    some = {"Range": "bytes=0-9"}
    assert client.get(path, headers={**some, "If-Range": tag}).status_code == 206
    for other in ('"another"', f"W/{tag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert client.get(path, headers={**some, "If-Range": other}).status_code == 200
    assert client.get(path, headers={**some, "If-None-Match": tag}).status_code == 304


def test_uploads_come_in_ranges_too(client: FlaskClient, deps: Deps) -> None:
    content = b"size,colour\n1,red\n2,blue\n"
    id = samples.dataset(deps, bytes=len(content)).id
    part = client.get(f"/v1/datasets/{id}/content", headers={"Range": "bytes=5-10"})
    assert (part.status_code, part.data) == (206, content[5:11])


def test_there_is_no_result_before_the_end(client: FlaskClient, deps: Deps, dataset: str) -> None:
    id = client.post(PATH, json={"model": "m", "dataset": dataset}).get_json()["id"]
    answer = client.get(f"/v1/jobs/{id}/result")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "result_not_ready")
    assert client.post(f"/v1/jobs/{id}/cancel").get_json()["state"] == "cancelled"
    run(deps, id)
    assert client.get(f"/v1/jobs/{id}/result").status_code == 409


def test_the_same_key_gets_the_first_answer_and_another_body_none(
    client: FlaskClient, deps: Deps, dataset: str
) -> None:
    body, key = {"model": "m", "dataset": dataset}, {"Idempotency-Key": "once"}
    first = client.post(PATH, json=body, headers=key)
    samples.publish(deps, linear({"x": -3.0}, 0.0), "m")
    again = client.post(PATH, json=body, headers=key)
    assert (again.status_code, again.get_json()) == (202, first.get_json())
    other = client.post(PATH, json={**body, "format": "parquet"}, headers=key)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    assert len(client.get("/v1/jobs").get_json()["data"]) == 1


def test_prefer_wait_holds_the_answer_until_the_file_is_there(client: FlaskClient, deps: Deps, dataset: str) -> None:
    def work() -> None:
        while not (waiting := client.get("/v1/jobs?state=queued").get_json()["data"]):
            pass
        run(deps, waiting[0]["id"])

    worker = threading.Thread(target=work)
    worker.start()
    answer = client.post(PATH, json={"model": "m", "dataset": dataset}, headers={"Prefer": "wait=20"})
    worker.join()
    assert (answer.status_code, answer.get_json()["state"]) == (201, "succeeded")
    assert answer.headers["Preference-Applied"] == "wait=20"


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"model": "nobody"}, "/model", "no model 'nobody'"),
        ({"model": "m@live"}, "/model", "no alias 'live'"),
        ({"model": "m:7"}, "/model", "version 7"),
        ({"model": "m:x"}, "/model", "write m:1"),
        ({"model": "\0"}, "/model", "NUL"),
        ({"model": 3}, "/model", "string"),
        ({"dataset": "ds_none"}, "/dataset", "no dataset 'ds_none'"),
        ({"dataset": "a b"}, "/dataset", "not the id of a dataset"),
        ({"format": "xlsx"}, "/format", "is not one of: csv, parquet"),
        ({"rows": 3}, "/rows", "remove it"),
        ({"kind": "train"}, "/kind", "predict"),
    ],
)
def test_a_mistake_is_pointed_at(
    client: FlaskClient, dataset: str, change: dict[str, Any], pointer: str, says: str
) -> None:
    answer = client.post(PATH, json={"model": "m", "dataset": dataset, **change})
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]
    assert client.get("/v1/jobs").get_json()["data"] == []


def test_what_is_required_is_told(client: FlaskClient) -> None:
    errors = client.post(PATH, json={}).get_json()["errors"]
    assert [error["pointer"] for error in errors] == ["/model", "/dataset"]


def test_a_dataset_that_does_not_fit_is_refused_with_every_reason(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")  # size, colour, sold
    table = pa.table({"size": [True, False], "colour": ["red", "blue"]})
    answer = client.post(PATH, json={"model": "houses", "dataset": add_table(deps, table)})
    first, second = answer.get_json()["errors"]
    assert (answer.status_code, first["pointer"], second["pointer"]) == (422, "/dataset", "/dataset")
    assert "lacks feature 'sold'" in first["detail"]
    assert 'upload the file again with types={"size": "numeric"}' in second["detail"]


@pytest.mark.parametrize(("state", "status"), [("ingesting", 409), ("failed", 422)])
def test_a_dataset_that_is_not_ready_is_refused(client: FlaskClient, deps: Deps, state: str, status: int) -> None:
    samples.publish(deps, linear({"x": 3.0}, 1.0), "m")
    id = samples.dataset(deps, state=state, columns=None, rows=None).id
    assert client.post(PATH, json={"model": "m", "dataset": id}).status_code == status


def test_the_dataset_stays_while_the_job_needs_it(client: FlaskClient, deps: Deps, dataset: str) -> None:
    id = client.post(PATH, json={"model": "m", "dataset": dataset}).get_json()["id"]
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 409
    run(deps, id)
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert client.get(f"/v1/jobs/{id}/result").status_code == 200


def test_the_other_door_says_where_batch_predictions_go(client: FlaskClient, dataset: str) -> None:
    answer = client.post("/v1/jobs", json={"kind": "predict", "model": "m", "dataset": dataset})
    assert "POST /v1/batch-predictions" in answer.get_json()["detail"]
