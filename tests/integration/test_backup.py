"""A backup that is taken by the command line while everything works, and what a new stack makes of it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.client import Client
from tests.integration.processes import eventually, started

ROWS = [{"rooms": rooms, "garden": garden, "city": "Lyon"} for rooms in range(1, 8) for garden in (True, False)]
LONG = {"network": {"kind": "mlp", "hidden": [8]}, "epochs": 36_000, "early_stopping": None, "batch_size": 32}


@contextlib.contextmanager
def serving(data: Path) -> Iterator[tuple[str, Client]]:
    settings = {"ADALINE_DATA": str(data), "ADALINE_WORKER_PROCESSES": "2", "ADALINE_CHECKPOINT_SECONDS": "0.3"}
    settings |= {"ADALINE_SHORT_PROCESSES": "0", "ADALINE_ORPHAN_SECONDS": "1", "ADALINE_SWEEP_SECONDS": "0.2"}
    with started([sys.executable, "-m", "service", "serve", "--port", "0"], settings) as stack:
        url = stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
        with Client(url) as client:
            yield url, client
        stack.process.send_signal(signal.SIGTERM)
        assert stack.wait() == 0, "\n".join(stack.lines[-50:])


def adaline(*arguments: object) -> Any:
    command = [sys.executable, "-m", "service", *map(str, arguments), "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def versions(client: Client) -> list[Any]:
    return [version.json for model in client.models() for version in client.versions(model.name)]


def test_a_backup_under_load_is_the_old_stack_again(tmp_path: Path, houses: Path) -> None:
    """Trainings that ran go on in both stacks, and end in the same bits."""
    old, new, place = tmp_path / "old", tmp_path / "new", tmp_path / "backups"
    with serving(old) as (url, client):
        dataset = client.upload(houses)
        spec = {"dataset": dataset.id, "target": "price"}
        client.wait(client.submit({**spec, "model": "houses"}).id)
        quiet = threading.Event()
        load = threading.Thread(target=_keep_busy, args=[url, {**spec, "model": "loaded"}, quiet])
        load.start()
        try:
            under_load = adaline("backup", place, "--data", old)
        finally:
            quiet.set()
            load.join()
        long = client.submit({**spec, "model": "long", **LONG})
        assert eventually(lambda: client.job(long.id).progress)
        made = adaline("backup", place, "--data", old)
        listed = versions(client)
        assert client.job(long.id).state == "running"
        expected = {ref: client.predict(ref, ROWS) for ref in ("houses", "loaded")}
        assert made["new_blobs"] < made["blobs"]
        assert under_load["tables"]["versions"] <= made["tables"]["versions"] == len(listed)
        client.wait(long.id)
        ended = client.predict("long", ROWS)
    refused = subprocess.run(
        [sys.executable, "-m", "service", "restore", str(place), "--data", str(old)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (refused.returncode, "has datasets already" in refused.stderr) == (2, True)
    assert adaline("restore", place, "--data", new)["name"] == made["name"]
    with serving(new) as (_, client):
        assert versions(client)[-len(listed) :] == listed
        assert {ref: client.predict(ref, ROWS) for ref in expected} == expected
        client.wait(long.id)
        assert client.predict("long", ROWS) == ended
        told = [event.data for event in client.events(long.id) if event.type == "state"]
        assert {"state": "queued", "reason": "restored from a backup"} in told
    names = [one["name"] for one in adaline("restore", place, "--list", "--data", new)]
    assert names == [made["name"], under_load["name"]]
    last = adaline("backup", place, "--keep", 2, "--data", new)
    assert last["pruned"] == {"names": [under_load["name"]], "blobs": 0, "size_bytes": 0}  # too young to be deleted
    assert [one["name"] for one in adaline("restore", place, "--list", "--data", new)] == [last["name"], made["name"]]


def _keep_busy(url: str, spec: dict[str, Any], quiet: threading.Event) -> None:
    """Versions come and go, until it is quiet."""
    with Client(url) as client:
        while True:
            version = client.wait(client.submit(spec).id).json["model"]
            assert version is not None
            if quiet.is_set():
                return
            if version["version"] > 1:
                client.delete_version("loaded", version["version"] - 1)
