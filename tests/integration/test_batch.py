"""Batch predictions over HTTP with every part real: trained models, both formats, a worker that is killed."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from service.cli import main
from service.client import Client, Invalid, JobCancelled
from tests.integration.processes import Running, eventually, started

ROWS = 20_000


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flowers: two numbers with gaps, a colour, the height as a number, the kind as a class."""
    draw = np.random.default_rng(5)
    length, width = draw.normal(5, 1, ROWS), draw.normal(3, 0.5, ROWS)
    colour = draw.choice(["red", "white", "blue, pale"], ROWS)
    height = 2 * length - width + (colour == "red") + 0.1 * draw.normal(size=ROWS)
    kind = np.where(height > 8, "tall", np.where(height > 6, "mid, say", "low"))
    lengths = ["" if draw.random() < 0.02 else repr(float(value)) for value in length]
    lines = [
        f'{a},{b!r},"{c}",{d!r},"{e}"'
        for a, b, c, d, e in zip(lengths, width.tolist(), colour, height.tolist(), kind, strict=True)
    ]
    path = tmp_path_factory.mktemp("tables") / "flowers.csv"
    path.write_text("\n".join(["length,width,colour,height,kind", *lines, ""]))
    return path


@pytest.fixture(scope="module")
def trained(server_url: str, table: Path) -> str:
    """The dataset, on which the models `height` and `flower` have been trained."""
    with Client(server_url) as client:
        dataset = client.upload(table).id
        for target, other in (("height", "kind"), ("kind", "height")):
            spec: dict[str, Any] = {"network": {"kind": "mlp", "hidden": [8]}, "epochs": 3, "exclude": [other]}
            client.train(dataset, target=target, model={"kind": "flower"}.get(target, target), **spec)
    return dataset


def answers(client: Client, ref: str, table: Path) -> list[Any]:
    """What /predict says of the same rows, as JSON."""
    with table.open() as file:
        rows = list(csv.DictReader(file))
    numbers = ("length", "width")
    return client.predict(
        ref,
        {
            "colour": [row["colour"] for row in rows],
            **{name: [float(row[name]) if row[name] else None for row in rows] for name in numbers},
        },
    )


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_every_number_is_that_of_predict(server: Client, trained: str, table: Path, format: str) -> None:
    heights, flowers = (answers(server, ref, table) for ref in ("height", "flower"))
    job = server.wait(server.batch_predict("height", trained, format).id)
    assert (job.kind, job.model, job.spec["model"]) == ("predict", {"name": "height", "version": 1}, "height:1")
    found = columns_of(b"".join(server.download_result(job.id)), format)
    assert found["row"] == list(range(1, ROWS + 1))
    assert found["prediction"] == heights
    job = server.wait(server.batch_predict("flower:1", trained, format).id)
    found = columns_of(b"".join(server.download_result(job.id)), format)
    assert list(found) == ["row", "label", *(f"p_{name}" for name in flowers[0]["probabilities"])]
    assert found["label"] == [one["label"] for one in flowers]
    for name in flowers[0]["probabilities"]:
        assert found[f"p_{name}"] == [one["probabilities"][name] for one in flowers]


def columns_of(data: bytes, format: str) -> dict[str, list[Any]]:
    if format == "parquet":
        columns: dict[str, list[Any]] = pq.read_table(io.BytesIO(data)).to_pydict()
        return columns
    lines = list(csv.reader(io.StringIO(data.decode())))
    readers: dict[str, Any] = {"row": int, "label": str}
    return {
        name: [readers.get(name, float)(cell) for cell in cells]
        for name, cells in zip(lines[0], zip(*lines[1:], strict=True), strict=True)
    }


def test_the_same_request_is_the_same_file_and_comes_in_ranges(server: Client, trained: str) -> None:
    first, second = (server.wait(server.batch_predict("height", trained).id).id for _ in range(2))
    key = "batch-once"
    jobs = {server.batch_predict("height", trained, idempotency_key=key).id for _ in range(2)}
    assert len(jobs) == 1
    with httpx.Client(base_url=server.url) as http:
        answers = [http.get(f"/v1/jobs/{id}/result") for id in (first, second)]
        assert answers[0].content == answers[1].content
        tag = answers[0].headers["etag"]
        assert tag == f'"{hashlib.sha256(answers[0].content).hexdigest()}"'
        half = len(answers[0].content) // 2
        parts = [
            http.get(f"/v1/jobs/{first}/result", headers={"Range": asked, "If-Range": tag})
            for asked in (f"bytes=0-{half - 1}", f"bytes={half}-")
        ]
        assert [part.status_code for part in parts] == [206, 206]
        assert b"".join(part.content for part in parts) == answers[0].content
        assert http.get(f"/v1/jobs/{first}/result", headers={"Range": "bytes=999999999-"}).status_code == 416
        body = {"model": "height", "dataset": trained}
        held = http.post("/v1/batch-predictions", json=body, headers={"Prefer": "wait=30"}, timeout=60)
        assert (held.status_code, held.json()["state"]) == (201, "succeeded")


def test_another_table_is_predicted_or_refused_with_the_mend(server: Client, trained: str) -> None:
    """Its columns are typed by its own cells: what converts keeps the meaning of a cell in a CSV."""
    rows = b"length,width,colour\n4.5,3,red\nlong,2,7\n5,2.5,white\n"
    refused = server.upload(b"length,width,colour\n4.5,3,2024-01-01\n5,2,2024-01-02\n", name="dates").id
    with pytest.raises(Invalid) as raised:
        server.batch_predict("height", refused)
    (error,) = raised.value.errors
    assert error.pointer == "/dataset"
    assert 'types={"colour": "categorical"}' in error.detail
    mended = server.upload(b"length,width,colour\n4.5,3,2024-01-01\n5,2,2024-01-02\n", types={"colour": "categorical"})
    assert server.wait(server.batch_predict("height", mended).id).state == "succeeded"
    odd = server.upload(rows, name="odd", types={"length": "categorical"})
    job = server.wait(server.batch_predict("height", odd).id)
    found = list(csv.DictReader(io.StringIO(b"".join(server.download_result(job.id)).decode())))
    good = server.predict("height", [{"length": 4.5, "width": 3, "colour": "red"},
                                     {"length": 5, "width": 2.5, "colour": "white"}])  # fmt: skip
    assert [row["prediction"] for row in found][1] == ""
    assert [float(found[0]["prediction"]), float(found[2]["prediction"])] == good
    assert found[1]["error"] == "column 'length': \"long\" is not a finite number"


def test_the_command_writes_the_file_and_shows_how_far_it_is(
    server: Client, trained: str, table: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    out = tmp_path / "heights.parquet"
    url = ["--url", server.url]
    assert main(["batch", "height", trained, "--format", "parquet", "--out", str(out), *url]) == 0
    told = capfdbinary.readouterr()
    assert pq.read_table(out).num_rows == ROWS
    assert list(tmp_path.iterdir()) == [out]
    assert b"100% of the rows" in told.err
    assert b"height:1" in told.out
    assert main(["batch", "height", str(table), *url]) == 0
    written = capfdbinary.readouterr().out
    assert written.startswith(b"row,prediction\n1,")
    assert written.count(b"\n") == ROWS + 1
    assert main(["batch", "height", trained, "--format", "parquet", *url]) == 2
    assert b"--out" in capfdbinary.readouterr().err
    assert main(["jobs", *url]) == 0
    assert b"predict" in capfdbinary.readouterr().out


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A stack whose workers this module may kill, with short leases and a checkpoint twenty times a second."""
    settings = {
        "ADALINE_DATA": str(tmp_path_factory.mktemp("own")), "ADALINE_WORKER_PROCESSES": "1",
        "ADALINE_LEASE_SECONDS": "1.5", "ADALINE_HEARTBEAT_SECONDS": "0.1", "ADALINE_SWEEP_SECONDS": "0.2",
        "ADALINE_CHECKPOINT_SECONDS": "0.05", "ADALINE_RESEND_SECONDS": "0.5", "ADALINE_MAX_ATTEMPTS": "9",
        "ADALINE_SHORT_JOB_SECONDS": "0",  # what is killed is the pool for long work
    }  # fmt: skip
    with started([sys.executable, "-m", "service", "serve", "--port", "0"], settings) as stack:
        yield stack, stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]


def slow_model(client: Client) -> str:
    """A network so large that its answers for the dataset take some seconds; the dataset."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(60_000, 3))
    lines = [",".join(map(repr, row)) for row in rows.tolist()]
    dataset = client.upload("\n".join(["a,b,y", *lines, ""]).encode(), name="many")
    few = client.upload("\n".join(["a,b,y", *lines[:200], ""]).encode(), name="few")
    spec: dict[str, Any] = {"network": {"kind": "mlp", "hidden": [1900, 1900]}, "epochs": 1, "early_stopping": None}
    client.train(few, target="y", model="large", **spec)
    return dataset.id


def begun(client: Client, id: str) -> int:
    """How many attempts there were."""
    events = httpx.get(f"{client.url}/v1/jobs/{id}/events").raise_for_status().json()["data"]  # those until now
    return len([event for event in events if event["data"].get("state") == "running"])


def kill_training_processes(stack: Running) -> None:
    """The processes of the pool, not their parent."""
    for parent in psutil.Process(stack.process.pid).children():
        if any("train" in word for word in parent.cmdline()):
            for process in parent.children():
                process.kill()


def test_a_worker_killed_in_the_middle_leaves_the_same_file_and_a_cancel_none(own: tuple[Running, str]) -> None:
    stack, url = own
    with Client(url, timeout=60) as client:
        dataset = slow_model(client)
        undisturbed = client.wait(client.batch_predict("large", dataset, "parquet").id)
        whole = b"".join(client.download_result(undisturbed.id))
        job = client.batch_predict("large", dataset, "parquet")
        fractions = [0.0]
        for goal in (0.15, 0.4):
            assert eventually(lambda goal=goal: fraction(client, job.id) > goal)
            fractions.append(fraction(client, job.id))
            assert client.job(job.id).state == "running"
            kill_training_processes(stack)
            assert eventually(lambda: begun(client, job.id) == len(fractions))
        done = client.wait(job.id)
        assert begun(client, done.id) == 3
        assert b"".join(client.download_result(job.id)) == whole
        texts = [event.data["text"] for event in client.events(job.id) if event.type == "message"]
        assert len([text for text in texts if text.startswith("continues after row ")]) == 2
        cancelled = client.batch_predict("large", dataset)
        assert eventually(lambda: fraction(client, cancelled.id) > 0)
        client.cancel(cancelled.id)
        with pytest.raises(JobCancelled):
            client.wait(cancelled.id)
        assert httpx.get(f"{url}/v1/jobs/{cancelled.id}/result").status_code == 409


def fraction(client: Client, id: str) -> float:
    return float((client.job(id).progress or {}).get("fraction") or 0.0)
