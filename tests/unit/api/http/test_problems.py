from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api.http.problems import status_of
from service.errors import (
    AdalineError,
    AliasChanged,
    BodyMalformed,
    BodyTooLarge,
    DatasetInUse,
    DatasetNotFound,
    FieldError,
    IdempotencyKeyReused,
    MediaTypeUnsupported,
    QueueUnavailable,
    RowsInvalid,
    SpecInvalid,
    StorageFull,
    UploadInvalid,
)
from service.wiring import Deps
from tests import samples


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (SpecInvalid, 422),
        (RowsInvalid, 422),
        (BodyMalformed, 400),
        (UploadInvalid, 422),
        (MediaTypeUnsupported, 415),
        (BodyTooLarge, 413),
        (DatasetNotFound, 404),
        (DatasetInUse, 409),
        (AliasChanged, 412),
        (IdempotencyKeyReused, 422),
        (QueueUnavailable, 503),
        (StorageFull, 507),
        (AdalineError, 500),
    ],
)
def test_each_error_has_its_status(kind: type[AdalineError], status: int) -> None:
    assert status_of(kind("")) == status


def test_problem_has_every_member_of_the_contract(app: Flask) -> None:
    def fail() -> None:
        raise SpecInvalid("the first", [FieldError("/a", "the first"), FieldError("/b/0", "the second")])

    app.add_url_rule("/fails", "test.is_alive", fail)  # a name with a rule: it is public
    answer = app.test_client().get("/fails")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert json.loads(answer.data) == {
        "type": "urn:adaline:problem:spec_invalid",
        "title": "Invalid spec",
        "status": 422,
        "detail": "the first",
        "instance": "/fails",
        "code": "spec_invalid",
        "request_id": answer.headers["X-Request-Id"],
        "errors": [{"pointer": "/a", "detail": "the first"}, {"pointer": "/b/0", "detail": "the second"}],
    }


def test_surprise_is_logged_with_its_trace_and_told_without(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("the secret cause")

    app.add_url_rule("/fails", "test.is_alive", fail)  # a name with a rule: it is public
    answer = app.test_client().get("/fails")
    assert answer.status_code == 500
    assert json.loads(answer.data)["code"] == "internal"
    assert b"secret" not in answer.data
    assert b"Traceback" not in answer.data
    logged = capsys.readouterr().out
    assert "the secret cause" in logged
    assert "Traceback" in logged


def test_what_is_away_says_when_to_come_back(app: Flask) -> None:
    def fail() -> None:
        raise QueueUnavailable("away")

    app.add_url_rule("/fails", "test.is_alive", fail)  # a name with a rule: it is public
    answer = app.test_client().get("/fails")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_unknown_path_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert json.loads(answer.data)["code"] == "not_found"


def test_wrong_method_is_a_problem_that_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.put("/v1/datasets")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert json.loads(answer.data)["code"] == "method_not_allowed"


def test_trailing_slash_makes_no_difference(client: FlaskClient) -> None:
    assert client.get("/v1/datasets/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1/nothing",
        "/v1/models/none",
        "/v1/models/none/versions",
        "/v1/models/prices/versions/9",
        "/v1/models/prices/versions/nine",
        "/v1/models/prices/versions/1/files/none",
        "/v1/models/prices/compare?a=1&b=9",
        "/v1/datasets/ds_none/rows",
        "/v1/jobs/job_none/result",
        "/v2/models/none",
    ],
)
def test_what_is_not_found_names_something_that_is(client: FlaskClient, deps: Deps, path: str) -> None:
    samples.publish(deps, samples.price_predictor(), "prices")
    answer = client.get(path)
    assert answer.status_code == 404
    told = answer.json.get("detail") or answer.json["error"]
    named = re.findall(r"GET (/[\w./{}-]+)", told)
    assert named or "it has" in told  # the names of those there are
    for place in named:
        with client.get(place) as there:
            assert there.status_code == 200
