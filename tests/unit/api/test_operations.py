from __future__ import annotations

import re
import shutil

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.api.app import create_app
from service.queue import INGEST, TRAIN
from service.wiring import Deps

pytestmark = pytest.mark.usefixtures("empty_queues")


def test_living_process_says_so(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_process_names_its_parts(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    nobody = {"trainers": "unavailable", "ingest": "unavailable", "short": "unavailable"}
    assert answer.json == {
        "status": "degraded", "parts": {"database": "ok", "blobs": "ok", "broker": "ok", **nobody},
    }  # fmt: skip


def test_ready_process_says_who_works_on_what_is_queued(client: FlaskClient, deps: Deps) -> None:
    deps.queue.announce([INGEST.queue])
    answer = client.get("/readyz")
    parts = answer.json["parts"]
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert (parts["trainers"], parts["ingest"]) == ("unavailable", "ok")
    deps.queue.announce([TRAIN.queue, INGEST.queue])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["parts"]["trainers"]) == (200, "ok", "ok")


def test_broken_part_is_named(deps: Deps) -> None:
    shutil.rmtree(deps.settings.data / "blobs")
    answer = create_app(deps).test_client().get("/readyz")
    assert answer.status_code == 503
    parts = answer.json["parts"]
    assert (parts["database"], parts["blobs"], parts["broker"]) == ("ok", "unavailable", "ok")
    assert answer.json["status"] == "unavailable"


def test_document_is_served_and_is_openapi_3_1(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"


def test_pages_need_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert '"validatorUrl": null' in page
    for asset in re.findall(r"(?:src|href)=\"(/docs/[^\"]+)\"", page):
        with client.get(asset) as answer:
            assert answer.status_code == 200
