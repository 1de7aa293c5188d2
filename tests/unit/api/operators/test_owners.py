"""Owners: what they may have, what becomes of more, and the end of everything of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from service.api.app import create_app
from service.domain.access.owners import DEFAULT_OWNER
from service.store import jobs, models, work
from service.store.steering.tables import WebhookRow
from service.store.tables import DatasetRow, EventRow, JobRow, KeyRow, ModelRow, OwnerRow, VersionRow
from service.usecases.keys import create_key
from service.usecases.steering.webhooks import register
from service.wiring import Deps
from tests import samples
from workers.sweeper import sweep

CSV = {"data": b"a,b\n1,2\n3,4\n", "content_type": "text/csv"}
SPEC = {"model": "houses", "target": "price"}


@pytest.fixture
def made(make_deps: Callable[..., Deps]) -> Deps:
    return make_deps()


def with_key(deps: Deps, owner: str, *scopes: str) -> tuple[FlaskClient, str]:
    """A client of the owner's, and the id of its key."""
    key = create_key(deps.database, owner, "k", scopes or ("train", "read"))
    client = create_app(deps).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key.text}"
    return client, key.row.id


def limited(deps: Deps, owner: str, **limits: int) -> FlaskClient:
    """A client of an owner with these limits of its own."""
    admin, _ = with_key(deps, DEFAULT_OWNER, "admin")
    client, _ = with_key(deps, owner)
    answer = admin.put(f"/v1/owners/{owner}/limits", json=limits)
    assert (answer.status_code, answer.json["limits"]) == (200, limits)
    return client


def test_limits_are_kept_and_shown_with_what_is_used(made: Deps) -> None:
    client = limited(made, "alice", datasets=2, rows=1000)
    client.post("/v1/datasets", **CSV)
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    shown = admin.get("/v1/owners/alice").json
    assert shown["limits"] == {"datasets": 2, "rows": 1000}
    assert (shown["allowed"]["datasets"], shown["allowed"]["queued_jobs"]) == (2, 0)
    assert shown["used"] == {"stored_bytes": 12, "datasets": 1, "queued_jobs": 0, "running_jobs": 0}
    assert [one["id"] for one in admin.get("/v1/owners").json["data"]] == ["default", "alice"]
    assert client.get("/v1/owners").status_code == 403


@pytest.mark.parametrize(
    ("limits", "pointer"),
    [({"seats": 3}, "/seats"), ({"datasets": -1}, "/datasets"), ({"rows": "many"}, "/rows"), ({"rows": None}, "/rows")],
)
def test_limits_that_mean_nothing_are_pointed_at(made: Deps, limits: Any, pointer: str) -> None:
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    answer = admin.put("/v1/owners/default/limits", json=limits)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert admin.put("/v1/owners/nobody/limits", json={}).json["code"] == "owner_not_found"


def test_more_datasets_than_allowed_are_refused_with_what_to_delete(made: Deps) -> None:
    client = limited(made, "alice", datasets=1)
    first = client.post("/v1/datasets", **CSV)
    assert first.status_code == 202
    assert client.post("/v1/datasets", **CSV).status_code in (200, 202)  # the same bytes are no other dataset
    refused = client.post("/v1/datasets", data=b"a,b\n5,6\n", content_type="text/csv")
    assert (refused.status_code, refused.json["code"]) == (429, "quota_exceeded")
    assert "alice has 1 datasets, and 1 are allowed; delete some" in refused.json["detail"]
    assert "Retry-After" not in refused.headers
    client.delete(f"/v1/datasets/{first.json['id']}")
    assert client.post("/v1/datasets", data=b"a,b\n5,6\n", content_type="text/csv").status_code == 202


def test_more_bytes_than_allowed_are_refused(made: Deps) -> None:
    client = limited(made, "alice", stored_bytes=20)
    assert client.post("/v1/datasets", **CSV).status_code == 202
    refused = client.post("/v1/datasets", data=b"a,b\n5,6\n7,8\n", content_type="text/csv")
    assert refused.status_code == 429
    assert "alice stores 12 bytes, this would add 12, and 20 are allowed" in refused.json["detail"]


def test_more_queued_jobs_than_allowed_are_refused_until_some_have_begun(made: Deps) -> None:
    client = limited(made, "alice", queued_jobs=2)
    id = samples.dataset(made, owner="alice").id
    first, second = (client.post("/v1/jobs", json={"dataset": id, **SPEC, "seed": seed}) for seed in (1, 2))
    assert (first.status_code, second.status_code) == (202, 202)
    client.post(f"/v1/jobs/{first.json['id']}/pause")  # a paused one takes a place as well
    refused = client.post("/v1/jobs", json={"dataset": id, **SPEC})
    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (429, "quota_exceeded", "10")
    assert "alice has 2 jobs that wait or are paused, and 2 are allowed" in refused.json["detail"]
    client.post(f"/v1/jobs/{second.json['id']}/cancel")
    assert client.post("/v1/jobs", json={"dataset": id, **SPEC}).status_code == 202


def test_a_network_larger_than_the_owner_may_train_is_refused(made: Deps) -> None:
    client = limited(made, "alice", parameters=50)
    id = samples.dataset(made, owner="alice").id
    body = {"dataset": id, **SPEC, "network": {"kind": "mlp", "hidden": [16]}}
    refused = client.post("/v1/jobs", json=body)
    assert refused.status_code == 422
    assert "at most 50 are allowed" in refused.json["detail"]
    assert client.post("/v1/jobs", json={"dataset": id, **SPEC}).status_code == 202


def test_more_requests_than_allowed_are_answered_429_with_when_to_come_back(made: Deps) -> None:
    client = limited(made, "alice", requests_per_second=3)
    answers = [client.get("/v1/jobs") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=3;w=1'
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json["code"], refused.headers["Retry-After"]) == ("rate_limited", "1")
    assert refused.headers["RateLimit"] == '"requests";r=0;t=1'
    assert refused.mimetype == "application/problem+json"
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    assert "RateLimit" not in admin.get("/v1/jobs").headers


def test_a_key_lets_through_less_than_its_owner_may(made: Deps) -> None:
    limited(made, "alice", datasets=5)
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    client, key = with_key(made, "alice")
    assert admin.put(f"/v1/keys/{key}/limits", json={"datasets": 1}).json == {"datasets": 1}
    client.post("/v1/datasets", **CSV)
    other = {"data": b"a,b\n5,6\n", "content_type": "text/csv"}
    assert client.post("/v1/datasets", **other).status_code == 429
    assert admin.put(f"/v1/keys/{key}/limits", json={}).json == {}
    assert client.post("/v1/datasets", **other).status_code == 202


def test_everything_of_an_owner_goes_and_nothing_of_others(made: Deps) -> None:
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    client, _ = with_key(made, "alice")
    samples.publish(made, samples.price_predictor(), "kept")
    kept = samples.dataset(made).id
    with made.database.write() as session:
        models.publish(session, "alice", "houses", job_id="job_9", dataset_id="d", task="regression", target="y",
                       features=[], metrics={}, files={})  # fmt: skip
        models.point(session, "alice", "houses", "default", 1)
    samples.dataset(made, owner="alice")
    for state in ("queued", "paused", "succeeded"):
        job = samples.job(made, owner="alice", state=state)
        with made.database.write() as session:
            jobs.append_event(session, job.id, "state", {"state": state})
    register(made.database, make_on(made), "alice", "https://example.com/", ())
    assert admin.delete("/v1/owners/alice").status_code == 204
    assert client.get("/v1/jobs").status_code == 401
    with made.database.read() as session:
        for table in (JobRow, VersionRow, ModelRow, DatasetRow, KeyRow, WebhookRow):
            assert session.scalars(select(table).where(table.owner == "alice")).all() == [], table
        assert session.scalars(select(EventRow)).all() == []
        assert session.get(OwnerRow, "alice") is None
        assert models.get(session, DEFAULT_OWNER, "kept").last_version == 1
        assert session.get(DatasetRow, kept) is not None
    assert admin.delete("/v1/owners/alice").json["code"] == "owner_not_found"


def make_on(deps: Deps) -> Any:
    from dataclasses import replace

    return replace(deps.settings, webhooks="on")


def test_while_a_job_of_an_owner_runs_it_is_told_to_stop_and_nothing_is_deleted(made: Deps) -> None:
    admin, _ = with_key(made, DEFAULT_OWNER, "admin")
    client, _ = with_key(made, "alice")
    dataset = samples.dataset(made, owner="alice").id
    running, waiting = (samples.job(made, owner="alice").id for _ in range(2))
    with made.database.write() as session:
        lease = work.claim(session, JobRow, running, 30)
    assert lease is not None
    answer = admin.delete("/v1/owners/alice")
    assert (answer.status_code, answer.json) == (202, {"jobs": [running]})
    assert client.get("/v1/jobs").status_code == 401  # nothing is added meanwhile
    with made.database.read() as session:
        assert session.get_one(JobRow, running).state == "cancelling"
        assert session.get_one(JobRow, waiting).state == "cancelled"
        assert session.get(DatasetRow, dataset) is not None
    assert admin.delete("/v1/owners/alice").status_code == 202
    with made.database.write() as session:  # its worker stops
        assert jobs.move(session, running, "cancelled", lease.fence, lease_until=None)
    assert admin.delete("/v1/owners/alice").status_code == 204
    sweep(made)
    with made.database.read() as session:
        assert session.get(DatasetRow, dataset) is None


def test_a_whole_model_goes_with_force(client: FlaskClient, deps: Deps) -> None:
    for _ in range(2):
        samples.publish(deps, samples.price_predictor(), "houses")
    with deps.database.write() as session:
        models.point(session, DEFAULT_OWNER, "houses", "default", 1)
    refused = client.delete("/v1/models/houses")
    assert (refused.status_code, refused.json["code"]) == (409, "model_not_empty")
    assert "?force=true" in refused.json["detail"]
    assert client.delete("/v1/models/houses?force=true").status_code == 204
    assert client.get("/v1/models/houses").status_code == 404
