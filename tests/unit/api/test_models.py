from __future__ import annotations

import hashlib
import json

import pytest
from flask.testing import FlaskClient

from service.domain.access.owners import DEFAULT_OWNER
from service.store import models
from service.wiring import Deps
from tests import samples


@pytest.fixture(autouse=True)
def houses(deps: Deps) -> None:
    """Two versions of one model."""
    for _ in range(2):
        samples.publish(deps, samples.price_predictor(), "houses")


def point(client: FlaskClient, alias: str, version: object, **headers: str):  # type: ignore[no-untyped-def]
    return client.put(f"/v1/models/houses/aliases/{alias}", json={"version": version}, headers=headers)


def test_model_is_shown_with_its_newest_version(client: FlaskClient) -> None:
    shown = client.get("/v1/models/houses").json
    assert set(shown) == {"id", "name", "latest_version", "aliases", "serves", "created_at", "updated_at"}
    assert (shown["name"], shown["latest_version"], shown["aliases"]) == ("houses", 2, {})
    assert client.get("/v1/models").json == {"data": [shown], "has_more": False, "next": None}


def test_models_are_listed_newest_first(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.kind_predictor(), "animals")
    assert [model["name"] for model in client.get("/v1/models").json["data"]] == ["animals", "houses"]
    page = client.get("/v1/models?limit=1").json
    rest = client.get(f"/v1/models?limit=1&after={page['next']}").json
    assert ([model["name"] for model in rest["data"]], rest["has_more"]) == (["houses"], False)


def test_version_is_shown(client: FlaskClient) -> None:
    shown = client.get("/v1/models/houses/versions/1").json
    assert set(shown) == {
        *("model", "version", "job", "dataset", "task", "target"),
        *("features", "metrics", "files", "aliases", "spec", "metadata", "created_at"),
    }
    assert (shown["task"], shown["target"]) == ("regression", "price")
    assert shown["features"] == [
        {"name": "size", "kind": "numeric"},
        {"name": "colour", "kind": "categorical"},
        {"name": "sold", "kind": "boolean"},
    ]
    assert [file["name"] for file in shown["files"]] == ["manifest.json", "report.json", "weights.safetensors"]


def test_versions_are_listed_newest_first(client: FlaskClient) -> None:
    page = client.get("/v1/models/houses/versions?limit=1").json
    assert ([row["version"] for row in page["data"]], page["has_more"]) == ([2], True)
    rest = client.get(f"/v1/models/houses/versions?limit=1&after={page['next']}").json
    assert ([row["version"] for row in rest["data"]], rest["next"]) == ([1], None)


def test_a_list_of_versions_leaves_out_what_is_long_and_the_version_has_it(client: FlaskClient, deps: Deps) -> None:
    features = [{"name": f"c{number}", "kind": "numeric"} for number in range(10_000)]
    short = {"accuracy": 0.5, "log_loss": 0.7, "roc_auc": None, "f1": 0.25}
    metrics = {part: {**short, "confusion": [[1] * 1000] * 1000} for part in ("train", "validation")}
    with deps.database.write() as session:
        models.publish(
            session, DEFAULT_OWNER, "houses", job_id="job_1", dataset_id="ds_1", task="multiclass", target="y",
            features=features, metrics=metrics, files={},
        )  # fmt: skip
    answer = client.get("/v1/models/houses/versions")
    newest, *others = answer.json["data"]
    assert newest["features"] is None
    assert newest["metrics"] == {"train": short, "validation": short}
    assert len(answer.data) < 5000
    whole = client.get("/v1/models/houses/versions/3").json
    assert (whole["features"], whole["metrics"]) == (features, metrics)
    for row in others:
        told = client.get(f"/v1/models/houses/versions/{row['version']}").json
        assert {**row, "spec": told["spec"], "metadata": told["metadata"]} == told


def test_files_are_served_as_they_are_hashed(client: FlaskClient) -> None:
    for file in client.get("/v1/models/houses/versions/1").json["files"]:
        path = f"/v1/models/houses/versions/1/files/{file['name']}"
        answer = client.get(path)
        assert hashlib.sha256(answer.data).hexdigest() == file["sha256"]
        assert len(answer.data) == file["bytes"] == answer.content_length
        assert answer.mimetype == "application/json" if file["name"].endswith(".json") else "application/octet-stream"
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_pictures_and_card_are_served_so_that_nothing_in_them_runs(client: FlaskClient, deps: Deps) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    more = {"loss.svg": picture, "model-card.md": "# ±".encode(), "predict.py": b"print()"}
    samples.publish(deps, samples.price_predictor(), "drawn", more)
    kinds = {"loss.svg": "image/svg+xml", "model-card.md": "text/markdown", "predict.py": "text/x-python"}
    for name, media_type in kinds.items():
        answer = client.get(f"/v1/models/drawn/versions/1/files/{name}")
        assert answer.mimetype == media_type
        assert answer.mimetype_params.get("charset") == "utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
        assert policy == {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": []}


def test_graph_is_served_as_bytes(client: FlaskClient, deps: Deps) -> None:
    samples.publish(deps, samples.price_predictor(), "taken", {"model.onnx": b"\x08\x08"})
    answer = client.get("/v1/models/taken/versions/1/files/model.onnx")
    assert (answer.data, answer.mimetype) == (b"\x08\x08", "application/octet-stream")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_report_is_served(client: FlaskClient) -> None:
    assert client.get("/v1/models/houses/versions/1/report").json == {"task": "regression"}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/models/none", "model_not_found"),
        ("/v1/models/none/versions", "model_not_found"),
        ("/v1/models/none/versions/1", "model_not_found"),
        ("/v1/models/houses/versions/3", "version_not_found"),
        ("/v1/models/houses/versions/3/report", "version_not_found"),
        ("/v1/models/houses/versions/1/files/secret", "file_not_found"),
        ("/v1/models/houses/versions/1/files/..%2f..%2fadaline.db", "not_found"),
        ("/v1/models/houses/versions/latest", "not_found"),
        ("/v1/models/houses/versions/99999999999999999999", "not_found"),
        ("/v1/models/houses/aliases/none", "alias_not_found"),
        ("/v1/models/none/aliases/none", "model_not_found"),
    ],
)
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str, code: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, code)


def test_alias_points_at_a_version(client: FlaskClient) -> None:
    answer = point(client, "prod", 1)
    first = answer.json["revision"]
    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 1, f'"{first}"')
    assert client.get("/v1/models/houses").json["aliases"] == {"prod": 1}
    assert client.get("/v1/models/houses/versions/1").json["aliases"] == ["prod"]
    moved = point(client, "prod", 2)
    assert moved.json["version"] == 2
    assert moved.json["revision"] > first
    assert (
        client.get("/v1/models/houses/aliases/prod").headers["ETag"] == moved.headers["ETag"] != answer.headers["ETag"]
    )


def test_alias_that_someone_else_changed_is_left_alone(client: FlaskClient) -> None:
    seen = point(client, "prod", 1).headers["ETag"]
    assert point(client, "prod", 2, **{"If-Match": seen}).status_code == 200
    for stale in (seen, '"99"', '"never"'):
        answer = point(client, "prod", 1, **{"If-Match": stale})
        assert (answer.status_code, answer.json["code"]) == (412, "alias_changed")
    assert client.delete("/v1/models/houses/aliases/prod", headers={"If-Match": seen}).status_code == 412
    for never in ('""', '"prod"', f'"{"9" * 5000}"'):
        answer = client.delete("/v1/models/houses/aliases/prod", headers={"If-Match": never})
        assert (answer.status_code, answer.json["code"]) == (412, "alias_changed"), never[:9]
    assert client.get("/v1/models/houses").json["aliases"] == {"prod": 2}


def test_an_alias_made_anew_never_has_an_etag_that_somebody_has_seen(client: FlaskClient) -> None:
    seen, where = set(), "/v1/models/houses/aliases/prod"
    for version in (1, 2, 1):
        answer = point(client, "prod", version)
        for stale in seen:
            assert point(client, "prod", 1, **{"If-Match": stale}).status_code == 412
            assert client.delete(where, headers={"If-Match": stale}).status_code == 412
        assert client.get(where).json["version"] == version
        seen.add(answer.headers["ETag"])
        assert client.delete(where, headers={"If-Match": answer.headers["ETag"]}).status_code == 204
    assert len(seen) == 3


def test_alias_may_be_asked_to_be_new_or_to_exist(client: FlaskClient) -> None:
    assert point(client, "prod", 1, **{"If-Match": "*"}).status_code == 404
    assert point(client, "prod", 1, **{"If-None-Match": "*"}).status_code == 200
    assert point(client, "prod", 2, **{"If-None-Match": "*"}).status_code == 412
    assert point(client, "prod", 2, **{"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/version"),
        ({"version": "1"}, "/version"),
        ({"version": 0}, "/version"),
        ({"version": 10**30}, "/version"),
        ({"version": 1, "note": "x"}, "/note"),
    ],
)
def test_wrong_target_of_an_alias_is_pointed_at(client: FlaskClient, body: object, pointer: str) -> None:
    answer = client.put("/v1/models/houses/aliases/prod", data=json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (422, "input_invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_alias_of_a_version_that_is_not_there_is_refused(client: FlaskClient) -> None:
    answer = point(client, "prod", 7)
    assert (answer.status_code, answer.json["code"]) == (404, "version_not_found")


@pytest.mark.parametrize("alias", ["Prod", "a b", "x" * 101])
def test_wrong_name_of_an_alias_is_refused(client: FlaskClient, alias: str) -> None:
    assert point(client, alias, 1).status_code == 422


def test_deleted_alias_is_gone(client: FlaskClient) -> None:
    point(client, "prod", 1)
    assert client.delete("/v1/models/houses/aliases/prod").status_code == 204
    assert client.delete("/v1/models/houses/aliases/prod").status_code == 404


def test_version_with_an_alias_stays(client: FlaskClient) -> None:
    point(client, "prod", 1)
    answer = client.delete("/v1/models/houses/versions/1")
    assert (answer.status_code, answer.json["code"]) == (409, "version_aliased")
    assert client.delete("/v1/models/houses/versions/2").status_code == 204
    assert client.get("/v1/models/houses").json["latest_version"] == 1


def annotate(client: FlaskClient, patch: object, version: int = 1):  # type: ignore[no-untyped-def]
    return client.patch(f"/v1/models/houses/versions/{version}", json={"metadata": patch})


def metadata(client: FlaskClient, version: int = 1) -> object:
    return client.get(f"/v1/models/houses/versions/{version}").json["metadata"]


def test_entries_of_a_version_are_set_and_removed_and_the_others_stay(client: FlaskClient) -> None:
    before = client.get("/v1/models/houses/versions/1").json
    first = annotate(client, {"note": "before the move", "by": {"team": "a", "who": ["b"]}, "tries": 3})
    assert first.json == {
        **before,
        "metadata": {"note": "before the move", "by": {"team": "a", "who": ["b"]}, "tries": 3},
    }
    changed = {"note": "after it", "by": {"who": None, "since": 2020}, "tries": None, "never": None}
    assert annotate(client, changed).json["metadata"] == {"note": "after it", "by": {"team": "a", "since": 2020}}
    assert metadata(client) == {"note": "after it", "by": {"team": "a", "since": 2020}}
    assert (annotate(client, {}).status_code, metadata(client, 2)) == (200, {})
    found = client.get("/v1/models/houses/versions", query_string={"metadata.note": "after it"}).json["data"]
    assert [row["version"] for row in found] == [1]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/metadata"),
        ({"metadata": None}, "/metadata"),
        ({"metadata": "a note"}, "/metadata"),
        ({"metadata": {"note": "x"}, "aliases": ["a"]}, "/aliases"),
        ({"metadata": {"nul": "\0"}}, "/metadata"),
        ({"metadata": {"more": "y" * 9_000}}, "/metadata"),  # each fits, and both together do not
    ],
)
def test_wrong_metadata_is_pointed_at_and_what_there_is_stays(client: FlaskClient, body: object, pointer: str) -> None:
    kept = {"long": "x" * 9_000}
    assert annotate(client, kept).status_code == 200
    answer = client.patch("/v1/models/houses/versions/1", json=body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert metadata(client) == kept
    if answer.json["errors"][0]["detail"].startswith("the metadata that the version would have"):  # its mend works
        assert annotate(client, {"long": None, **body["metadata"]}).status_code == 200  # type: ignore[index]


def test_metadata_of_what_is_not_there_is_not_changed(client: FlaskClient) -> None:
    assert annotate(client, {"a": 1}, version=9).json["code"] == "version_not_found"
    answer = client.patch("/v1/models/none/versions/1", json={"metadata": {"a": 1}})
    assert answer.json["code"] == "model_not_found"
