"""What serves is chosen: a running Adaline, asked over HTTP and on the command line."""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from service.client import Client, Conflict, Invalid, JobFailed, NotFound
from tests.integration.conftest import price

ROW = [{"rooms": 4, "garden": True, "city": "Nice"}]
POOR: dict[str, Any] = {"features": ["garden"]}


@pytest.fixture(autouse=True)
def address(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADALINE_URL", server_url)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def dataset(server: Client, houses: Path) -> str:
    return server.upload(houses).id


@pytest.fixture
def own(server: Client) -> str:
    """A dataset that no other test has."""
    draw = random.Random()
    lines = ["rooms,garden,city,price"]
    for _ in range(200):
        rooms, garden, city = draw.randint(1, 7), draw.random() < 0.4, draw.choice(["Lyon", "Lille", "Nice"])
        lines.append(f"{rooms},{str(garden).lower()},{city},{price(rooms, garden, city) + draw.gauss(0, 1)}")
    return server.upload("\n".join(lines).encode(), name=f"own-{uuid.uuid4().hex}").id


@pytest.fixture
def name() -> str:
    return f"m-{uuid.uuid4().hex[:10]}"


def train(server: Client, dataset: str, name: str, **spec: Any) -> dict[str, Any]:
    """The result of a training's job."""
    job = server.train(dataset, "price", name, wait=False, **spec)
    return dict(server.result(server.wait(job.id).id))


def answer(server: Client, ref: str) -> float:
    return float(server.predict(ref, ROW)[0])


def comes_to_mean(server: Client, ref: str, other: str) -> bool:
    """Whether a reference answers as another one does, within the second that a change may take to be seen."""
    deadline = time.monotonic() + 1
    while answer(server, ref) != answer(server, other):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stays(server: Client, ref: str, value: float) -> bool:
    """Whether a reference answers the same for longer than a change takes to be seen."""
    deadline = time.monotonic() + 1.2
    while answer(server, ref) == value:
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def test_never_leaves_what_a_bare_name_answers(server: Client, dataset: str, name: str) -> None:
    train(server, dataset, name, **POOR)
    before = answer(server, name)
    result = train(server, dataset, name, promote="never")
    assert (result["promotion"]["promoted"], result["promotion"]["serves"]) == (False, 1)
    assert stays(server, name, before)
    assert answer(server, f"{name}:2") == pytest.approx(price(4, True, "Nice"), rel=1e-3)
    assert (server.model(name).serves, server.model(name).aliases) == (1, {"default": 1})
    server.set_alias(name, "default", 2)
    assert comes_to_mean(server, name, f"{name}:2")


def test_the_better_version_serves_and_the_job_says_why(server: Client, dataset: str, name: str) -> None:
    train(server, dataset, name, **POOR)
    job = server.train(dataset, "price", name, wait=False, promote="if_better")
    server.wait(job.id)
    (told,) = [event.data for event in server.events(job.id) if "promotion" in event.data]
    promotion = server.result(job.id)["promotion"]
    assert told == {"text": promotion["sentence"], "promotion": promotion}
    reports = {number: server.report(name, number)["metrics"]["validation"]["mse"] for number in (1, 2)}
    assert promotion["value"] == pytest.approx(reports[2], rel=1e-6)
    assert promotion["value_of_served"] == pytest.approx(reports[1], rel=1e-6)
    assert comes_to_mean(server, name, f"{name}:2")
    worse = train(server, dataset, name, promote="if_better", **POOR)
    assert worse["promotion"]["promoted"] is False
    assert comes_to_mean(server, name, f"{name}:2")


def test_versions_that_come_together_are_decided_on_one_after_the_other(
    server: Client, dataset: str, name: str
) -> None:
    """Two workers publish the same model at the same time; the bare name follows from each decision to the next."""
    train(server, dataset, name, **POOR)
    features = (["rooms"], ["rooms", "garden"], ["city"], ["garden", "city"], ["rooms", "garden", "city"], ["rooms"])
    rules = ("if_better", "if_better", "never", "if_better", "if_better", "if_better")
    jobs = [
        server.train(dataset, "price", name, wait=False, features=chosen, promote=rule, metadata={"at": index})
        for index, (chosen, rule) in enumerate(zip(features, rules, strict=True))
    ]
    results = sorted((server.result(server.wait(job.id).id) for job in jobs), key=lambda it: it["model"]["version"])
    promotions = [result["promotion"] for result in results]
    assert promotions[0]["served_before"] == 1
    for before, after in pairwise(promotions):
        assert after["served_before"] == before["serves"]
    for promotion in promotions:
        better = promotion["rule"] == "if_better" and promotion["value"] < promotion["value_of_served"]
        assert promotion["promoted"] is better
    model = server.model(name)
    assert model.serves == promotions[-1]["serves"]
    best = server.version(name, model.serves)
    assert sorted(str(feature["name"]) for feature in best.features) == ["city", "garden", "rooms"]


def test_versions_jobs_and_models_are_found_by_metadata(server: Client, dataset: str, name: str) -> None:
    odd = {"team": name, 'a"b é.&=': "x y", "run": 1, "final": True}
    train(server, dataset, name, metadata=odd)
    train(server, dataset, name, metadata={"team": name, "run": 2})
    assert [it.version for it in server.versions(name, {"team": name})] == [2, 1]
    assert [it.version for it in server.versions(name, odd)] == [1]
    assert [server.version(name, it.version).metadata for it in server.versions(name, {"run": 1})] == [odd]
    assert [it.name for it in server.models({"team": name, "run": 2})] == [name]
    assert [server.job(it.id).spec["metadata"]["run"] for it in server.jobs(metadata={"team": name})] == [2, 1]
    version = server.version(name, 1)
    assert version.spec == server.job(version.job).spec
    assert '"auto"' not in json.dumps({**version.spec, "metadata": None})
    with pytest.raises(Invalid, match="16,384"):
        server.submit({"dataset": dataset, "model": name, "target": "price", "metadata": {"a": "x" * 20_000}})


def test_two_versions_are_compared(server: Client, dataset: str, name: str) -> None:
    train(server, dataset, name, **POOR)
    train(server, dataset, name)
    train(server, dataset, name, seed=1)
    found = server.compare_versions(name, 1, 2)
    mse = [server.report(name, number)["metrics"]["validation"]["mse"] for number in (1, 2)]
    assert (found["better"], found["same_rows"], found["metric"]) == ("b", True, "mse")
    (main_figure,) = [it for it in found["metrics"] if (it["split"], it["metric"]) == ("validation", "mse")]
    assert (main_figure["a"], main_figure["b"], main_figure["difference"]) == (*mse, mse[1] - mse[0])
    assert "/features" in [it["pointer"] for it in found["spec"]]
    assert "/seed" not in [it["pointer"] for it in found["spec"]]
    assert "Version 2 is better" in found["sentence"]
    other = server.compare_versions(name, 2, 3)
    assert (other["better"], other["same_rows"]) == (None, False)
    assert "cannot be said" in other["sentence"]
    assert "/seed" in [it["pointer"] for it in other["spec"]]


def test_a_dataset_in_use_is_deleted_only_by_force_and_what_serves_goes_on(server: Client, own: str, name: str) -> None:
    train(server, own, name)
    before = answer(server, name)
    with pytest.raises(Conflict) as raised:
        server.delete_dataset(own)
    assert raised.value.code == "dataset_in_use"
    assert raised.value.references == ({"type": "version", "model": name, "version": 1},)
    assert server.dataset(own).state == "ready"
    server.delete_dataset(own, force=True)
    with pytest.raises(NotFound):
        server.dataset(own)
    assert answer(server, name) == before
    assert server.report(name)["task"] == "regression"
    with pytest.raises(Invalid) as refused:
        server.train(own, "price", name)
    assert [error.pointer for error in refused.value.errors] == ["/dataset"]


def test_a_job_whose_dataset_is_taken_away_fails_and_says_so(server: Client, own: str, name: str) -> None:
    """Workers are kept busy, so that the job still waits when its dataset goes."""
    slow = {"network": {"kind": "mlp", "hidden": [64, 64]}, "epochs": 1_000_000, "early_stopping": None}
    held = [server.train(own, "price", f"{name}-busy", wait=False, **slow) for _ in range(2)]
    for job in held:
        next(event for event in server.events(job.id) if event.type == "epoch")
    waiting = server.train(own, "price", name, wait=False, **slow)
    with pytest.raises(Conflict) as raised:
        server.delete_dataset(own)
    assert {one["id"] for one in raised.value.references} == {waiting.id, *(job.id for job in held)}
    server.delete_dataset(own, force=True)
    for job in held:
        server.cancel(job.id)
    with pytest.raises(JobFailed) as failed:
        server.wait(waiting.id)
    assert failed.value.code == "dataset_not_found"
    assert own in failed.value.detail


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_aliases_and_what_serves_on_the_command_line(
    server: Client, dataset: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: object) -> str:
        assert run(*arguments) == 0
        return capsys.readouterr().out

    for spec in (POOR, {"metadata": {"stage": "prod"}}):
        train(server, dataset, name, **spec)
    assert re.search(r"serves +version 2, the newest", said("models", name))
    told = said("alias", name, "default", 1)
    assert re.search(r"serves +version 1, the alias default", told)
    assert re.search(r"aliases +default\s→\s1", told)
    assert re.search(rf"{name} +1 +2 +default\s→\s1", said("models", "--limit", 200))
    assert json.loads(said("alias", name, "default", "--json"))["serves"] == 1
    assert "rmse" in said("versions", name)
    assert [it["version"] for it in json.loads(said("versions", name, "--metadata", "stage=prod", "--json"))] == [2]
    told = said("versions", name, "--compare", "default", 2)
    assert "Version 2 is better" in told
    assert "/features" in told
    assert json.loads(said("versions", name, "--compare", 1, 2, "--json"))["better"] == "b"
    assert re.search(r"serves +version 2, the newest", said("alias", name, "default", "--delete"))
    said("annotate", f"{name}:1", "note=kept for the audit", "stage=past", "of=me")
    told = said("annotate", f"{name}:1", "--delete", "of", "--delete", "of-nobody")
    assert re.search(r"note +kept for the audit\n.*stage +past\n", told)
    assert server.version(name, 1).metadata == {"note": "kept for the audit", "stage": "past"}
    assert [it["version"] for it in json.loads(said("versions", name, "--metadata", "stage=past", "--json"))] == [1]
    for wrong in (("annotate", name, "note"), ("annotate", f"{name}:9", "note=none"),
                  ("alias", name, "default"), ("alias", name, "default", 9), ("alias", name, "a", 1, "--delete"),
                  ("versions", name, "--metadata", "stage"), ("versions", name, "--compare", 1, 9)):  # fmt: skip
        assert run(*wrong) == 2
        assert "error: " in capsys.readouterr().err
