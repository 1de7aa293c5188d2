"""A disk that is full, for real: a small file system of its own."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.domain.access.owners import DEFAULT_OWNER
from service.wiring import Deps
from tests.integration.api.serving import Server

SMALL = b"a,b\n" + b"1,2\n" * 1000
LARGE = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7919 % 1000) for number in range(500_000))
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)  # a server may still have its files open


def files(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_upload_to_a_full_disk_is_refused_and_what_was_there_stays(
    serve: Callable[..., Server], small_disk: Path
) -> None:
    server = serve(blobs_url=small_disk.as_uri())
    kept = server.http.post("/v1/datasets", content=SMALL, headers=CSV)
    assert kept.status_code == 202
    before = files(small_disk)
    sent = [
        {"content": LARGE, "headers": CSV},
        {"content": iter([gzip.compress(LARGE)]), "headers": {**CSV, "Content-Encoding": "gzip"}},
        {"files": {"file": ("x.csv", LARGE)}},
    ]
    for request in sent:
        answer = server.http.post("/v1/datasets", **request)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
        assert files(small_disk) == before
    with (small_disk / "ballast").open("wb") as ballast:  # not one block is left
        while True:
            try:
                os.write(ballast.fileno(), bytes(4096))
            except OSError:
                break
    for data in (b"a,b\n1,2\n", LARGE[:20_000]):
        answer = server.http.post("/v1/datasets", content=data, headers=CSV)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    (small_disk / "ballast").unlink()
    assert files(small_disk) == before
    assert [row["id"] for row in server.http.get("/v1/datasets").json()["data"]] == [kept.json()["id"]]
    assert server.http.get(f"/v1/datasets/{kept.json()['id']}/content").content == SMALL
    again = server.http.post("/v1/datasets", content=b"a,b\n1,2\n", headers=CSV)
    assert again.status_code == 202


def test_full_disk_is_told_by_readiness(serve: Callable[..., Server], small_disk: Path) -> None:
    server = serve(blobs_url=small_disk.as_uri())
    assert server.http.get("/readyz").status_code == 200
    fill(small_disk)
    answer = server.http.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["blobs"]) == (503, "full")
    (small_disk / "ballast").unlink()
    assert server.http.get("/readyz").status_code == 200


def test_on_a_full_disk_datasets_can_be_deleted_and_that_makes_room(
    serve: Callable[..., Server], deps: Deps, small_disk: Path
) -> None:
    """The database is there too."""
    database = small_disk / "adaline.db"
    database.write_bytes((deps.settings.data / "adaline.db").read_bytes())
    server = serve(database_url=f"sqlite:///{database}", blobs_url=(small_disk / "blobs").as_uri())
    sent = [
        server.http.post("/v1/datasets", content=LARGE[: 400_000 + 10_000 * number], headers=CSV) for number in range(3)
    ]
    fill(small_disk)
    for answer in sent:
        deleted = server.http.delete(f"/v1/datasets/{answer.json()['id']}")
        assert deleted.status_code == 204, deleted.json()
    assert server.http.get("/v1/datasets").json()["data"] == []


def fill(place: Path) -> None:
    """Not one block is left."""
    with (place / "ballast").open("wb") as ballast:
        while True:
            try:
                os.write(ballast.fileno(), bytes(4096))
            except OSError:
                break


def test_full_disk_of_the_database_is_named(serve: Callable[..., Server], deps: Deps, small_disk: Path) -> None:
    database = small_disk / "adaline.db"
    database.write_bytes((deps.settings.data / "adaline.db").read_bytes())
    server = serve(database_url=f"sqlite:///{database}")
    kept = server.http.post("/v1/datasets", content=SMALL, headers=CSV)
    assert kept.status_code == 202
    with (small_disk / "ballast").open("wb") as ballast:
        while True:
            try:
                os.write(ballast.fileno(), bytes(4096))
            except OSError:
                break
    answers = [server.http.post("/v1/datasets", content=b"a\n%d\n" % number, headers=CSV) for number in range(50)]
    assert {answer.status_code for answer in answers} <= {202, 507}
    assert answers[-1].status_code == 507
    assert answers[-1].json()["code"] == "storage_full"
    (small_disk / "ballast").unlink()
    assert server.http.post("/v1/datasets", content=b"a\n1\n", headers=CSV).status_code in (200, 202)
    assert kept.json()["id"] in [row["id"] for row in server.http.get("/v1/datasets?limit=200").json()["data"]]


def test_ingest_on_a_full_disk_fails_with_a_reason_and_can_be_done_again(
    make_deps: Callable[..., Deps], small_disk: Path
) -> None:
    from service.api.schemas.datasets import DatasetSchema
    from service.store import datasets
    from service.store.blobs.store import read_blob
    from service.usecases.upload import UploadedFile, upload
    from workers.ingest.run import run

    deps = make_deps(blobs_url=small_disk.as_uri())

    def uploaded() -> str:
        with deps.blobs.writer() as writer:
            writer.write(LARGE[:1_200_000].rsplit(b"\n", 1)[0])
            blob = writer.commit()
        sent = upload(
            deps.database,
            deps.queue,
            DEFAULT_OWNER,
            UploadedFile(blob, "x", "text/csv", {}),
            None,
            DatasetSchema().dump,
        )
        return sent.dataset_id

    id = uploaded()
    with (small_disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(2_900_000))
    run(deps, id)
    with deps.database.read() as session:
        row = datasets.get(session, DEFAULT_OWNER, id)
    assert row.state == "failed"
    assert row.error is not None
    assert row.error["code"] == "storage_full"
    assert len(read_blob(deps.blobs, row.sha256)) == row.bytes
    (small_disk / "ballast").unlink()
    assert uploaded() == id
    run(deps, id)
    with deps.database.read() as session:
        assert datasets.get(session, DEFAULT_OWNER, id).state == "ready"
