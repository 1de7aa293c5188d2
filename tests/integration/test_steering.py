"""A long training on a running server: paused, its worker free, resumed, cancelled; by the client and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli import main
from service.client import Client
from service.client.records import Json
from tests.integration.processes import eventually


def doing(server: Client, id: str) -> list[Json]:
    return [one for worker in server.workers() for one in worker["doing"] if one["id"] == id]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints."""
    capsys.readouterr()
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_a_training_is_paused_and_resumed_on_a_running_server(
    server: Client, server_url: str, houses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = server.ready(server.upload(houses).id)
    spec = {"dataset": dataset.id, "model": "paused", "target": "price", "network": {"kind": "mlp", "hidden": [64]},
            "early_stopping": None, "epochs": 1_000_000, "batch_size": 8}  # fmt: skip
    id = server.submit(spec).id
    assert eventually(lambda: ((server.job(id).progress or {}).get("epoch") or 0) > 5)
    (held,) = doing(server, id)
    assert (held["type"], held["kind"], held["owner"]) == ("job", "train", "default")
    told = json.loads(said(capsys, "pause", id, "--json", "--url", server_url))
    assert told["state"] == "paused"
    assert eventually(lambda: not doing(server, id))
    paused = server.job(id)
    assert (paused.state, paused.attempt) == ("paused", 0)
    told = json.loads(said(capsys, "resume", id, "--json", "--url", server_url))
    assert told["state"] == "queued"
    assert paused.progress is not None
    reached = paused.progress["epoch"]
    assert eventually(lambda: server.job(id).progress["epoch"] > reached)
    assert "alive" in said(capsys, "workers", "--url", server_url)
    server.pause(id)
    assert server.cancel(id).state in ("cancelling", "cancelled")
    assert eventually(lambda: server.job(id).state == "cancelled")
