"""The registry over HTTP: filters, comparisons, and datasets that something was made from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.model.artifact import REPORT
from service.store import models
from service.store.blobs.bundles import write_bundle
from service.store.session import new_id
from service.wiring import Deps
from tests import samples


def publish(deps: Deps, mse: float = 1.0, seed: int = 0, name: str = "houses", **metadata: Any) -> str:
    """A version as a training leaves it; the id of its dataset, which is the same for all."""
    spec = {"dataset": "ds_1", "model": name, "target": "price", "loss": "mse", "seed": seed, "metadata": metadata,
            "split": {"validation": 0.2, "test": 0.0, "validation_dataset": None}}  # fmt: skip
    metrics = {"train": {"mse": mse}, "validation": {"mse": mse, "r2": 0.5}, "test": {}}
    report = {
        "task": "regression",
        "rows": {"train": 32, "validation": 8, "test": 0},
        "lineage": {"dataset_sha256": "a" * 64, "split_sha256": f"{seed:064d}", "spec": spec, "engine": "fused"},
    }
    files = write_bundle(deps.blobs, [(REPORT, json.dumps(report).encode())])
    with deps.database.write() as session:
        models.publish(
            session,
            DEFAULT_OWNER,
            name,
            job_id=new_id("job"),
            dataset_id="ds_1",
            task="regression",
            target="price",
            features=[],
            metrics=metrics,
            files=files,
            spec=spec,
            metadata=metadata,
        )
    return "ds_1"


def numbers(client: FlaskClient, query: str) -> list[int]:
    answer = client.get(f"/v1/models/houses/versions?{query}")
    assert answer.status_code == 200, answer.json
    return [row["version"] for row in answer.json["data"]]


def test_a_version_carries_its_spec_and_metadata(client: FlaskClient, deps: Deps) -> None:
    publish(deps, stage="prod", run=3)
    shown = client.get("/v1/models/houses/versions/1").json
    assert shown["metadata"] == {"stage": "prod", "run": 3}
    assert shown["spec"]["metadata"] == shown["metadata"]
    assert shown["spec"]["loss"] == "mse"
    listed = {name: value for name, value in shown.items() if name not in ("spec", "metadata")}
    assert client.get("/v1/models/houses/versions").json["data"] == [listed]


def test_lists_are_filtered_by_metadata(client: FlaskClient, deps: Deps) -> None:
    publish(deps, stage="prod", run=3)
    publish(deps, stage="test", run=3, **{"a.b&c=d é": "x y"})
    publish(deps, name="other", stage="prod")
    assert numbers(client, "metadata.stage=prod") == [1]
    assert numbers(client, "metadata.run=3") == [2, 1]
    assert numbers(client, "metadata.run=3&metadata.stage=test") == [2]
    assert numbers(client, "metadata.a.b%26c%3Dd%20%C3%A9=x%20y") == [2]
    assert numbers(client, "metadata.run=3&limit=1") == [2]
    assert numbers(client, "metadata.run=3&limit=1&after=2") == [1]
    found = client.get("/v1/models?metadata.stage=prod").json["data"]
    assert [row["name"] for row in found] == ["other", "houses"]
    job = samples.job(deps, spec={"metadata": {"stage": "prod"}})
    samples.job(deps)
    assert [row["id"] for row in client.get("/v1/jobs?metadata.stage=prod&state=queued").json["data"]] == [job.id]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/houses/versions", "/v1/jobs"])
@pytest.mark.parametrize(
    ("query", "pointer", "words"),
    [
        ("metadata=prod", "/metadata", "metadata.KEY"),
        ("metadata.=prod", "/metadata.", "metadata.KEY"),
        ("metadata[stage]=prod", "/metadata[stage]", "metadata.KEY"),
        ("metadat.stage=prod", "/metadat.stage", "metadata.KEY"),
        ("metadata.a=1&metadata.a=2", "/metadata.a", "more than once"),
    ],
)
def test_a_filter_that_is_none_is_refused(
    client: FlaskClient, deps: Deps, path: str, query: str, pointer: str, words: str
) -> None:
    publish(deps)
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid")
    assert answer.json["errors"][0]["pointer"] == pointer
    assert words in answer.json["detail"]


def test_lists_without_metadata_refuse_the_filter(client: FlaskClient) -> None:
    assert client.get("/v1/datasets?metadata.stage=prod").status_code == 422


@pytest.mark.parametrize("odd", ["%00", "%27%20OR%201=1--", "%22", "%5C", "%ff", "x" * 3000])
def test_no_filter_breaks_a_list(client: FlaskClient, deps: Deps, odd: str) -> None:
    publish(deps, stage="prod")
    for query in (f"metadata.stage={odd}", f"metadata.{odd}=prod", f"metadata.{odd}={odd}"):
        assert numbers(client, query) == []


def test_two_versions_are_compared_by_number_or_alias(client: FlaskClient, deps: Deps) -> None:
    publish(deps, mse=4.0, stage="test")
    publish(deps, mse=3.0, stage="prod")
    client.put("/v1/models/houses/aliases/live", json={"version": 1})
    found = client.get("/v1/models/houses/compare?a=live&b=2").json
    assert set(found) == {
        *("model", "a", "b", "spec", "metrics", "lineage", "rows", "same_rows", "better", "metric", "split"),
        "sentence",
    }
    assert (found["model"], found["a"]["version"], found["b"]["version"]) == ("houses", 1, 2)
    assert (found["a"]["aliases"], found["b"]["metadata"]) == (["live"], {"stage": "prod"})
    assert found["spec"] == [{"pointer": "/metadata/stage", "a": "test", "b": "prod"}]
    assert (found["better"], found["same_rows"], found["lineage"]) == ("b", True, [])
    assert found["rows"]["validation"] == {"a": 8, "b": 8}
    assert "Version 2 is better" in found["sentence"]
    assert client.get("/v1/models/houses/compare?a=1&b=2").json == found


def test_versions_judged_on_other_rows_are_not_ranked(client: FlaskClient, deps: Deps) -> None:
    publish(deps, mse=4.0)
    publish(deps, mse=3.0, seed=7)
    found = client.get("/v1/models/houses/compare?a=1&b=2").json
    assert (found["better"], found["same_rows"]) == (None, False)
    assert "different rows of the same dataset" in found["sentence"]
    assert [it["pointer"] for it in found["lineage"]] == ["/split_sha256"]
    assert {it["better"] for it in found["metrics"] if it["metric"] == "mse"} == {"b"}


def test_a_version_that_has_lost_its_spec_is_compared_by_its_report(client: FlaskClient, deps: Deps) -> None:
    publish(deps, mse=4.0)
    publish(deps, mse=3.0)
    with deps.database.write() as session:
        models.get_version(session, DEFAULT_OWNER, "houses", 1).spec = {}
    found = client.get("/v1/models/houses/compare?a=1&b=2").json
    assert (found["better"], found["spec"]) == ("b", [])


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("a=1&b=9", 404, "version_not_found"),
        ("a=1&b=none", 404, "alias_not_found"),
        ("a=1&b=%3A1", 404, "alias_not_found"),
        ("a=1", 422, "parameter_invalid"),
        ("a=1&b=1&c=1", 422, "parameter_invalid"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    client: FlaskClient, deps: Deps, query: str, status: int, code: str
) -> None:
    publish(deps)
    answer = client.get(f"/v1/models/houses/compare?{query}")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert client.get("/v1/models/none/compare?a=1&b=1").json["code"] == "model_not_found"


def test_a_model_says_what_its_bare_name_means(client: FlaskClient, deps: Deps) -> None:
    for _ in range(2):
        publish(deps)
    assert client.get("/v1/models/houses").json["serves"] == 2
    client.put("/v1/models/houses/aliases/default", json={"version": 1})
    assert client.get("/v1/models/houses").json["serves"] == 1
    assert client.get("/v1/models").json["data"][0]["serves"] == 1
    client.delete("/v1/models/houses/aliases/default")
    for version in (1, 2):
        assert client.delete(f"/v1/models/houses/versions/{version}").status_code == 204
    assert client.get("/v1/models/houses").json["serves"] is None


def test_a_dataset_in_use_says_what_refers_to_it(client: FlaskClient, deps: Deps) -> None:
    samples.dataset(deps, id="ds_1")
    publish(deps)
    job = samples.job(deps)
    answer = client.delete("/v1/datasets/ds_1")
    assert (answer.status_code, answer.json["code"]) == (409, "dataset_in_use")
    assert answer.json["references"] == [
        {"type": "job", "id": job.id, "kind": "train", "state": "queued"},
        {"type": "version", "model": "houses", "version": 1},
    ]
    assert "?force=true" in answer.json["detail"]
    assert client.delete("/v1/datasets/ds_1?force=false").status_code == 409
    assert client.delete("/v1/datasets/ds_1?force=perhaps").status_code == 422
    assert client.get("/v1/datasets/ds_1").status_code == 200
    assert client.delete("/v1/datasets/ds_1?force=true").status_code == 204
    assert client.get("/v1/datasets/ds_1").status_code == 404
    assert client.get("/v1/models/houses/versions/1").status_code == 200


def test_promotion_by_comparison_needs_rows_to_compare_on(client: FlaskClient, deps: Deps) -> None:
    samples.dataset(deps, id="ds_1")
    body = {"dataset": "ds_1", "model": "m", "target": "price", "promote": "if_better", "split": {"validation": 0}}
    answer = client.post("/v1/jobs", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "spec_invalid")
    assert answer.json["errors"][0]["pointer"] == "/promote"
    assert client.post("/v1/jobs", json={**body, "promote": "never"}).status_code == 202
    answer = client.post("/v1/jobs", json={**body, "promote": "best"})
    assert answer.json["errors"][0] == {
        "pointer": "/promote",
        "detail": "best is not one of: newest, if_better, never",
    }


def test_a_model_without_versions_goes_and_one_with_some_says_which(client: FlaskClient, deps: Deps) -> None:
    publish(deps)
    publish(deps)
    client.put("/v1/models/houses/aliases/default", json={"version": 1})
    answer = client.delete("/v1/models/houses")
    assert (answer.status_code, answer.json["code"]) == (409, "model_not_empty")
    assert "versions 1, 2" in answer.json["detail"]
    client.delete("/v1/models/houses/aliases/default")
    for number in (1, 2):
        assert client.delete(f"/v1/models/houses/versions/{number}").status_code == 204
    assert client.get("/v1/models/houses").json["latest_version"] is None
    assert client.delete("/v1/models/houses").status_code == 204
    assert client.get("/v1/models/houses").status_code == 404
    assert client.delete("/v1/models/houses").json["code"] == "model_not_found"
    assert client.get("/v1/models").json["data"] == []
