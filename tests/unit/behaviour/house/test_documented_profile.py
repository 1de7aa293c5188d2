"""The document describes profiles and dialects as they are: pages that read them by it find what they name."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from service.api.app import bare_app
from service.wiring import Deps
from tests.samples import parquet
from tests.unit.behaviour.house.test_documented_report import strict
from workers.ingest.run import run as ingest

HEAD = "x;size;on;word;ok;free;colour;zip;day;gone\n"
ROWS = "".join(
    f"{at};{at},5;{at % 28 + 1}.2.2020;{'abc'[at % 3]};{'yes' if at % 2 else 'no'};a long sentence, number {at};"
    f"{'None' if at % 5 == 0 else 'red'};0{at:04};{at % 12 + 1}/{at % 9 + 1}/2020;\n"
    for at in range(1, 200)
)
CASES = {
    "csv": (f"{HEAD}{ROWS}oops;1,5;1.2.2020;a;no;b;red;01;1/1/2020;\n1;2\n".encode(), "text/csv"),
    "parquet": (parquet({"x": [0.5, None, 2.0], "word": ["a", "b", None]}), "application/vnd.apache.parquet"),
    "no numbers": (b"a,b\nx,y\nz,w\n", "text/csv"),
}


@pytest.mark.parametrize("case", CASES)
def test_profile_is_as_the_document_says_and_says_no_more(case: str, client: FlaskClient, deps: Deps) -> None:
    data, media_type = CASES[case]
    id = client.post("/v1/datasets", data=data, content_type=media_type).json["id"]
    ingest(deps, id)
    _is_as_the_document_says("Dataset", client.get(f"/v1/datasets/{id}").json)
    profile = client.get(f"/v1/datasets/{id}/profile").json
    _is_as_the_document_says("Profile", profile)
    for name in (profile["gram"] or {"columns": []})["columns"]:
        _is_as_the_document_says("Profile", client.get(f"/v1/datasets/{id}/profile?correlate={name}").json)


def test_preview_is_as_the_document_says_and_says_no_more(client: FlaskClient) -> None:
    answer = client.post("/v1/datasets?preview=true", data=CASES["csv"][0], content_type="text/csv")
    _is_as_the_document_says("Preview", answer.json)


def _is_as_the_document_says(name: str, told: Any) -> None:
    _, document = bare_app()
    components = strict(document["components"])
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(told)] == []
