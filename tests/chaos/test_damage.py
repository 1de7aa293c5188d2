"""One bit flipped in each kind of stored file, and each cut off: a clear error or a healed run, no wrong number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from service.api.app import create_app
from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import MANIFEST, REPORT, WEIGHTS
from service.errors import CannotStart, StorageDamaged
from service.store import datasets, models
from service.store.blobs.bundles import key_of
from service.store.blobs.intact import check_intact
from service.store.session import Database
from service.store.tables import DatasetRow
from service.wiring import Deps
from tests.chaos.damage import CSV, FLAWED, HOWS, cut, done, file_of, flip, job_started, stopped_once, uploaded
from tests.chaos.jobs import events_of, job_of
from tests.integration.api.serving import Server

each_way = pytest.mark.parametrize("how", HOWS)
LINEAR = {"model": "m", "target": "y"}
LONG = {
    "model": "m", "target": "y", "network": {"kind": "mlp", "hidden": [8]}, "epochs": 150, "early_stopping": None,
    "batch_size": 4, "optimizer": {"kind": "adam", "learning_rate": 0.001},
}  # fmt: skip
READ_AT = {
    "sha256": ("uploaded file", "/content"),
    "table_key": ("table", "/rows"),
    "profile_key": ("profile", "/profile"),
    "gram_key": ("profile", "/profile?correlate=y"),
    "rejects_key": ("list of rejects", "/rejects"),
}


@pytest.fixture
def deps(make_deps: Callable[..., Deps]) -> Deps:
    """Whatever can be saved is, at once."""
    return make_deps(checkpoint_seconds=0.0)


@pytest.fixture
def client(deps: Deps) -> FlaskClient:
    return create_app(deps).test_client()


def dataset_of(deps: Deps, id: str) -> DatasetRow:
    with deps.database.read() as session:
        return datasets.get(session, DEFAULT_OWNER, id)


def weights_of(deps: Deps, number: int) -> str:
    with deps.database.read() as session:
        return str(models.get_version(session, DEFAULT_OWNER, "m", number).files[WEIGHTS]["sha256"])


def texts(deps: Deps, id: str) -> list[str]:
    return [event.get("text", "") for event in events_of(deps, id)]


def is_told(answer: Any, *words: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (500, "storage_damaged")
    assert all(word in answer.json["detail"] for word in words), answer.json["detail"]


@each_way
@pytest.mark.parametrize("column", READ_AT)
def test_damage_of_a_dataset_is_told_and_mended_by_the_same_upload(
    deps: Deps, client: FlaskClient, column: str, how: str
) -> None:
    what, place = READ_AT[column]
    id, _ = uploaded(client, deps)
    path = f"/v1/datasets/{id}{place}"
    before = client.get(path)
    assert before.status_code == 200
    key = getattr(dataset_of(deps, id), column)
    HOWS[how](file_of(deps, key))
    is_told(client.get(path), what, id, key, "upload the same file again")
    assert uploaded(client, deps) == (id, 200 if column == "sha256" else 202)
    assert client.get(path).data == before.data
    assert uploaded(client, deps) == (id, 200)


@each_way
def test_training_and_batches_on_a_damaged_table_fail_with_the_mend_and_then_go(
    deps: Deps, client: FlaskClient, how: str
) -> None:
    id, _ = uploaded(client, deps)
    first = done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LINEAR))
    assert first["state"] == "succeeded", first["error"]
    HOWS[how](file_of(deps, dataset_of(deps, id).table_key or ""))
    batch = {"model": "m:1", "dataset": id, "format": "csv"}
    for job in (
        done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LINEAR)),
        done(client, deps, job_started(client, "/v1/batch-predictions", **batch)),
    ):
        assert (job["state"], job["error"]["code"]) == ("failed", "storage_damaged")
        assert f"the table of dataset {id}" in job["error"]["detail"]
    assert uploaded(client, deps) == (id, 202)
    again = done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LINEAR))
    assert weights_of(deps, again["model"]["version"]) == weights_of(deps, 1)
    assert done(client, deps, job_started(client, "/v1/batch-predictions", **batch))["state"] == "succeeded"


@each_way
def test_ingest_of_damaged_bytes_fails_and_the_same_upload_mends_it(deps: Deps, client: FlaskClient, how: str) -> None:
    from workers.ingest.run import run

    sent = client.post("/v1/datasets", data=FLAWED, content_type="text/csv")
    id = sent.json["id"]
    HOWS[how](file_of(deps, dataset_of(deps, id).sha256))
    run(deps, id)
    row = dataset_of(deps, id)
    assert (row.state, (row.error or {})["code"]) == ("failed", "storage_damaged")
    assert uploaded(client, deps) == (id, 202)
    assert dataset_of(deps, id).state == "ready"


@each_way
def test_a_damaged_checkpoint_starts_the_run_anew_to_the_same_weights(
    deps: Deps, client: FlaskClient, how: str
) -> None:
    id, _ = uploaded(client, deps, CSV)
    undisturbed = done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LONG))
    assert undisturbed["state"] == "succeeded", undisturbed["error"]
    job = job_started(client, "/v1/jobs", dataset=id, **LONG)
    with stopped_once(lambda: bool(job_of(deps, job).checkpoint_key)):
        done(client, deps, job)
    key = job_of(deps, job).checkpoint_key
    assert key is not None
    HOWS[how](file_of(deps, key))
    ended = done(client, deps, job)
    assert ended["state"] == "succeeded", ended["error"]
    assert any("the training restarts" in text for text in texts(deps, job))
    assert weights_of(deps, ended["model"]["version"]) == weights_of(deps, 1)
    assert not file_of(deps, key).exists()


@pytest.mark.parametrize("place", [0.0, 0.02, 0.25, 0.5, 0.75, 0.98, 1.0])
def test_no_flipped_bit_of_a_checkpoint_is_trained_on(deps: Deps, client: FlaskClient, place: float) -> None:
    """Of its head, of any of its arrays and of its last byte: what was saved is known by all of its bytes."""
    id, _ = uploaded(client, deps, CSV)
    job = job_started(client, "/v1/jobs", dataset=id, **LONG)
    with stopped_once(lambda: bool(job_of(deps, job).checkpoint_key)):
        done(client, deps, job)
    saved = file_of(deps, job_of(deps, job).checkpoint_key or "")
    flip(saved, int(place * (saved.stat().st_size - 1)))
    ended = done(client, deps, job)
    assert ended["state"] == "succeeded", ended["error"]
    assert any("the training restarts" in text for text in texts(deps, job))
    assert ended["progress"]["epoch"] == ended["progress"]["epochs"]


@each_way
def test_each_file_of_a_version_is_told_to_be_damaged_and_the_others_go_on(
    deps: Deps, client: FlaskClient, how: str
) -> None:
    id, _ = uploaded(client, deps, CSV)
    ended = done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LINEAR))
    assert ended["state"] == "succeeded", ended["error"]
    with deps.database.read() as session:
        files = models.get_version(session, DEFAULT_OWNER, "m", 1).files
    assert {MANIFEST, WEIGHTS, REPORT, "model.onnx", "predict.py"} <= set(files), sorted(files)
    assert any(name.endswith(".svg") for name in files)
    for name, file in files.items():
        bundle = file_of(deps, key_of(file))
        whole = bundle.read_bytes()
        HOWS[how](bundle, file["start"] + file["bytes"] // 2)
        fresh = create_app(deps).test_client()  # which holds no model in memory
        is_told(fresh.get(f"/v1/models/m/versions/1/files/{name}"), name, "version 1 of 'm'", key_of(file))
        if how == "flipped":
            others = [other for other in files if other != name]
            codes = {fresh.get(f"/v1/models/m/versions/1/files/{other}").status_code for other in others}
            assert codes == {200}
        rows = {"records": [{"a": 1, "b": 2, "c": "x"}]}
        answer = fresh.post("/v1/models/m/predict", json=rows)
        needs = name in (MANIFEST, WEIGHTS)
        if needs:
            is_told(answer, "version 1 of 'm'")
        bundle.write_bytes(whole)
    assert create_app(deps).test_client().post("/v1/models/m/predict", json=rows).status_code == 200


@each_way
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_damaged_parts_of_a_batch_are_made_again_and_a_damaged_result_is_told(
    deps: Deps, client: FlaskClient, format: str, how: str
) -> None:
    long = CSV + b"".join(line + b"\n" for line in CSV.split(b"\n")[1:-1]) * 1300
    id, _ = uploaded(client, deps, long)
    done(client, deps, job_started(client, "/v1/jobs", dataset=id, **LINEAR))
    body = {"model": "m:1", "dataset": id, "format": format}
    whole = job_started(client, "/v1/batch-predictions", **body)
    assert done(client, deps, whole)["state"] == "succeeded"
    expected = client.get(f"/v1/jobs/{whole}/result").data
    job = job_started(client, "/v1/batch-predictions", **body)
    with stopped_once(lambda: bool((job_of(deps, job).result or {}).get("parts"))):
        done(client, deps, job)
    kept = (job_of(deps, job).result or {})["parts"]
    HOWS[how](file_of(deps, kept[len(kept) // 2]["key"]))
    assert done(client, deps, job)["state"] == "succeeded"
    assert any("parts are damaged and are redone" in text for text in texts(deps, job))
    assert client.get(f"/v1/jobs/{job}/result").data == expected
    HOWS[how](file_of(deps, (job_of(deps, job).result or {})["sha256"]))
    path = f"/v1/jobs/{job}/result"
    is_told(client.get(path, headers={"Range": "bytes=0-9"}), f"the result of job {job}")
    answer = client.get(path)
    if answer.status_code == 200:  # it is long, and breaks off before its end
        with pytest.raises(StorageDamaged):
            answer.get_data()
    else:
        is_told(answer, f"the result of job {job}")


@each_way
def test_a_long_download_of_damaged_bytes_breaks_off(serve: Callable[..., Server], deps: Deps, how: str) -> None:
    server = serve()
    data = b"a,b\n" + b"12345,67890\n" * 500_000
    sent = server.http.post("/v1/datasets", content=data, headers={"Content-Type": "text/csv"}).json()
    key = hashlib.sha256(data).hexdigest()
    with deps.database.write() as session:  # and as one whose length is not told
        datasets.get(session, DEFAULT_OWNER, sent["id"]).state = "failed"
        datasets.get(session, DEFAULT_OWNER, sent["id"]).rejects_key = key
    paths = [f"/v1/datasets/{sent['id']}/{name}" for name in ("content", "rejects")]
    for path in paths:
        assert server.http.get(path).content == data
    HOWS[how](file_of(deps, key), len(data) - 1)
    for path in paths:
        with pytest.raises(httpx.RemoteProtocolError):
            server.http.get(path)
    part = server.http.get(paths[0], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.json()["code"]) == (500, "storage_damaged")
    assert server.http.get("/healthz").status_code == 200


def test_a_damaged_database_is_not_started_on(deps: Deps, tmp_path: Path) -> None:
    with deps.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    whole = (deps.settings.data / "adaline.db").read_bytes()
    path = tmp_path / "copy.db"

    def started() -> None:
        database = Database(f"sqlite:///{path}")
        try:
            check_intact(database)
        finally:
            database.close()

    path.write_bytes(whole)
    started()
    for harm in (lambda: cut(path), lambda: flip(path, 0), lambda: flip(path, 3 * size)):
        path.write_bytes(whole)
        harm()
        with pytest.raises(CannotStart, match="restore it from a backup"):
            started()
