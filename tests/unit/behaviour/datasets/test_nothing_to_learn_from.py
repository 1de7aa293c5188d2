"""A table, or a list of features, in which nothing can be learnt from: each column's reason, and a mend that works."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, upload

ROWS = 40


def table(*names: str) -> bytes:
    makers = {
        "name": lambda row: f"person number {row}",
        "note": lambda row: f"{row} words that nobody wrote twice",
        "same": lambda row: "7",
        "empty": lambda row: "",
        "size": lambda row: str(row * 37 % 11),
        "y": lambda row: str(row * 1.5),
    }
    lines = [",".join(makers[name](row) for name in names) for row in range(ROWS)]
    return "\n".join([",".join(names), *lines, ""]).encode()


def test_a_table_of_texts_and_constants_says_why_of_each_column(deps: Deps, client: FlaskClient) -> None:
    dataset = upload(deps, client, table("name", "same", "empty", "y"))
    refused = ended(deps, client, dataset["id"])
    assert refused["errors"][0]["pointer"] == "/features"
    for said in ("'name' holds free text", "'same' is constant", "'empty' has no values", "'y' is the target"):
        assert said in refused["detail"]
    types = re.search(r'"types": (\{.*?\})', refused["detail"])
    assert types is not None
    mended = upload(deps, client, table("name", "same", "empty", "y"), types=types[1])
    assert ended(deps, client, mended["id"], epochs=2)["state"] == "succeeded"


@pytest.mark.parametrize("features", [["name"], ["name", "note"]])
def test_a_list_of_texts_says_why_of_each(deps: Deps, client: FlaskClient, features: list[str]) -> None:
    dataset = upload(deps, client, table("name", "note", "size", "y"))
    refused = ended(deps, client, dataset["id"], features=features)
    assert len(features) == 1 or "nothing can be learnt from these features" in refused["detail"]
    assert [error["pointer"] for error in refused["errors"]] == [f"/features/{place}" for place in range(len(features))]
    for name in features:
        assert f"'{name}' holds free text" in refused["detail"]


@pytest.mark.parametrize(
    ("asked", "said", "mend"),
    [
        ({"features": ["same"]}, ["'same' is constant", "'size' is not in the list"], {"features": ["same", "size"]}),
        ({"exclude": ["size"]}, ["'size' is excluded", "'name' holds free text"], {"exclude": []}),
        ({"features": ["size"], "exclude": ["size"]}, ["remove 'size' from \"exclude\""], {"features": ["size"]}),
    ],
)
def test_what_leaves_nothing_is_named_with_what_leaves_something(
    deps: Deps, client: FlaskClient, asked: dict[str, Any], said: list[str], mend: dict[str, Any]
) -> None:
    dataset = upload(deps, client, table("name", "same", "size", "y"))
    refused = ended(deps, client, dataset["id"], **asked)
    assert all(part in refused["detail"] for part in said), refused["detail"]
    assert ended(deps, client, dataset["id"], epochs=2, **mend)["state"] == "succeeded"


def test_of_very_many_columns_the_first_are_told(deps: Deps, client: FlaskClient) -> None:
    names = [f"t{place}" for place in range(60)]
    lines = [",".join([*(f"{name} at {row}" for name in names), str(row / 7)]) for row in range(ROWS)]
    dataset = upload(deps, client, "\n".join([",".join([*names, "y"]), *lines, ""]).encode())
    refused = ended(deps, client, dataset["id"])
    assert "41 more columns" in refused["detail"]
    assert len(refused["detail"]) < 2000
    mended = upload(
        deps, client, "\n".join([",".join([*names, "y"]), *lines, ""]).encode(), types=json.dumps({"t0": "categorical"})
    )
    assert ended(deps, client, mended["id"], epochs=2)["state"] == "succeeded"
