"""Stored files that a disk has changed: one bit of them, or where they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from service.wiring import Deps
from tests.integration.processes import repeated
from workers import lease

CSV = b"a,b,c,y\n" + b"".join(
    b"%d,%d,%s,%d\n" % (row, row * 37 % 101, b"x" if row % 3 else b"z", 3 * row - row * 37 % 101) for row in range(300)
)
FLAWED = CSV + b"1,2\n"  # a line that is rejected


def file_of(deps: Deps, key: str) -> Path:
    return deps.settings.data / "blobs" / "objects" / key[:2] / key


def flip(path: Path, at: int | None = None) -> None:
    """One bit of the byte in the middle, or of that at `at`."""
    at = path.stat().st_size // 2 if at is None else at
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def cut(path: Path, at: int | None = None) -> None:
    """Its second half is gone, or what is from `at` on."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 if at is None else at)


HOWS: dict[str, Callable[..., None]] = {"flipped": flip, "cut": cut}


def uploaded(client: FlaskClient, deps: Deps, data: bytes = FLAWED) -> tuple[str, int]:
    """The id of a dataset that is read, and the status of its upload."""
    from workers.ingest.run import run

    answer = client.post("/v1/datasets", data=data, content_type="text/csv")
    id = answer.json["id"]
    if answer.status_code == 202:
        run(deps, id)
    return id, answer.status_code


def job_started(client: FlaskClient, path: str, **body: Any) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code == 202, answer.json
    return str(answer.json["id"])


def done(client: FlaskClient, deps: Deps, id: str) -> dict[str, Any]:
    """The job after its run."""
    from workers.jobs.dispatch import run

    run(deps, id)
    job: dict[str, Any] = client.get(f"/v1/jobs/{id}").json
    return job


@contextmanager
def stopped_once(has_come: Callable[[], bool]) -> Iterator[None]:
    """The worker of this process is told to stop as soon as something has come."""

    def look() -> None:
        if not lease.stopping.is_set() and has_come():
            lease.stopping.set()

    try:
        with repeated(0.005, look):
            yield
    finally:
        lease.stopping.clear()
