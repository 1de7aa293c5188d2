"""/v1/usage and /v1/status say what there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from rich.cells import cell_len

from service.api.app import create_app
from service.cli.showing import keeping
from service.cli.showing.rendering import console
from service.domain.access.owners import DEFAULT_OWNER
from service.store import migrate
from service.store.session import now
from service.store.tables import OwnerRow
from service.wiring import Deps
from tests import samples


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_usage_counts_bytes_by_what_they_are_and_shared_ones_once(client: FlaskClient, deps: Deps) -> None:
    dataset = samples.dataset(deps)
    samples.dataset(deps)  # of the same bytes
    checkpoint = deps.blobs.put(b"checkpoint")
    samples.job(deps, checkpoint_key=checkpoint.key)
    result = deps.blobs.put(b"prediction\n1\n")
    samples.job(deps, kind="predict", state="succeeded", result={"sha256": result.key, "bytes": result.size})
    samples.job(deps, kind="predict", state="running", result={"parts": [{"key": deps.blobs.put(b"part").key}]})
    files = samples.publish(deps, samples.price_predictor(), "m").files
    found = get(client, "/v1/usage")
    counts = {name: found[name] for name in ("owner", "datasets", "jobs", "models", "versions")}
    assert counts == {"owner": DEFAULT_OWNER, "datasets": 2, "jobs": 3, "models": 1, "versions": 1}
    tables = sum(deps.blobs.size(key or "") for key in (dataset.table_key, dataset.profile_key))
    kinds = {
        "uploads": dataset.bytes, "tables": tables, "checkpoints": checkpoint.size, "results": result.size + 4,
        "versions": sum(file["bytes"] for file in files.values()),
    }  # fmt: skip
    assert found["bytes"] == {**kinds, "total": sum(kinds.values())}


def test_each_owner_sees_its_own_and_who_keeps_the_server_all(client: FlaskClient, deps: Deps) -> None:
    with deps.database.write() as session:
        session.add(OwnerRow(id="alice", created_at=now()))
    samples.dataset(deps)
    hers = deps.blobs.put(b"x\n1\n")
    samples.dataset(deps, owner="alice", sha256=hers.key, bytes=hers.size, table_key=None, profile_key=None)
    unused = deps.blobs.put(b"nobody's")
    everything = get(client, "/v1/usage/owners")
    of = {one["owner"]: one for one in everything["data"]}
    assert set(of) == {"alice", DEFAULT_OWNER}
    assert (of["alice"]["datasets"], of["alice"]["bytes"]["total"]) == (1, hers.size)
    assert of[DEFAULT_OWNER] == get(client, "/v1/usage")
    assert everything["unused_bytes"] == unused.size
    assert everything["stored_bytes"] == sum(it.size for it in deps.blobs.listing())


@pytest.fixture
def busy(deps: Deps) -> Deps:
    """Something of everything that a status tells."""
    samples.dataset(deps)
    for code, ago in (("diverged", 1), ("diverged", 2), ("out_of_memory", 3), ("diverged", 30)):
        error = {"code": code, "detail": f"{code}, {ago} hours ago: " + "a long reason " * 8}
        samples.job(deps, state="failed", error=error, finished_at=now() - timedelta(hours=ago))
    samples.dataset(deps, state="failed", error={"code": "empty", "detail": "the file has no rows"})
    samples.job(deps, created_at=now() - timedelta(minutes=62))
    samples.job(deps, lane="short")
    claimed = {"lease_until": now() + timedelta(minutes=1), "claimed_at": now(), "worker": "host-1/41/42"}
    samples.job(deps, state="running", **claimed)
    deps.queue.announce(["train", "ingest"])
    return deps


def test_a_status_tells_what_waits_works_and_failed_within_a_day(busy: Deps, client: FlaskClient) -> None:
    found = get(client, "/v1/status")
    assert (found["status"], found["revision"]) == ("ok", migrate.newest())
    assert found["parts"]["database"] == "ok"
    assert found["jobs"] == {"queued": 2, "running": 1, "failed": 4}
    assert found["datasets"] == {"ready": 1, "failed": 1}
    queues = {one["queue"]: one for one in found["queues"]}
    assert {name: one["waiting"] for name, one in queues.items()} == {
        "train": 1, "train-short": 1, "ingest": 0, "ingest-short": 0,
    }  # fmt: skip
    assert 62 * 60 <= queues["train"]["oldest_seconds"] < 70 * 60
    assert [(one["code"], one["count"]) for one in found["failures"]] == [
        ("diverged", 2), ("empty", 1), ("out_of_memory", 1),
    ]  # fmt: skip
    assert found["failures"][0]["detail"].startswith("diverged, 2 hours ago")  # ids in their order: the last made
    assert found["bytes"]["total"] > 0
    assert found["free_bytes"] > 0


def test_a_status_without_a_broker_says_so(make_deps: Callable[..., Deps]) -> None:
    away = make_deps(broker_url="unix:///nowhere/valkey.sock")
    found = get(create_app(away).test_client(), "/v1/status")
    assert (found["status"], found["parts"]["broker"]) == ("unavailable", "unavailable")
    assert {one["messages"] for one in found["queues"]} == {None}


@pytest.mark.parametrize("columns", [80, 60, 200])
def test_a_page_of_status_and_usage_fits_its_window(
    busy: Deps, client: FlaskClient, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    console().print(keeping.status(get(client, "/v1/status")), crop=False)
    console().print(keeping.usage(get(client, "/v1/usage/owners")["data"]), crop=False)
    told = capsys.readouterr().out
    assert max(cell_len(line) for line in told.splitlines()) <= columns
    for words in ("ok", "train-short", "1\u00a0h\u00a02\u00a0min", "diverged", "out_of_memory", DEFAULT_OWNER):
        assert words in told
    if columns == 80:
        assert len(told.splitlines()) < 60
