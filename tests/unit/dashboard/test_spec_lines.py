"""What is chosen on the page as a spec, and the spec as lines to copy, which a shell and Python read as they are meant."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import Any

import pytest

from service.client import Client
from tests.unit.dashboard.node import run

ODD = {
    "dataset": "ds_1",
    "model": "house-price",
    "target": 'it\'s "5 €" \\ `x` $HOME\n<script>',
    "features": ["a", "b's"],
    "network": {"kind": "mlp", "hidden": [16], "bias": True},
    "early_stopping": None,
    "lambda": 0.5,
    "metadata": {"a": {"b": [1.5, None, False]}},
}


@pytest.mark.parametrize("has_key", [False, True])
def test_the_line_of_curl_sends_the_spec_as_it_is(has_key: bool) -> None:
    line = run(
        "pages/train/lines.ts", "return module.curlOf(given[0], given[1], given[2]);", ["http://h:8000", ODD, has_key]
    )
    shown = subprocess.run(
        ["sh", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\nADALINE_KEY=adl_1\n{line}"],
        capture_output=True,
        text=True,
        check=True,
    )
    arguments = shown.stdout.split("\0")[:-1]
    assert arguments[:3] == ["-X", "POST", "http://h:8000/v1/jobs"]
    assert json.loads(arguments[arguments.index("-d") + 1]) == ODD
    assert ("Authorization: Bearer adl_1" in arguments) is has_key


@pytest.mark.parametrize("spec", [ODD, {"kind": "descent-comparison", "dataset": "ds_1", "target": "y", "epochs": 20}])
def test_the_lines_of_python_call_the_client_with_the_spec(
    spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = run("pages/train/lines.ts", "return module.pythonOf(given[0], given[1]);", ["http://127.0.0.1:9", spec])
    ast.parse(text)
    sent: list[Any] = []

    class Asked(Exception):
        pass

    def submit(_: Client, spec: dict[str, Any]) -> None:
        sent.append(spec)
        raise Asked

    monkeypatch.setattr(Client, "submit", submit)
    with pytest.raises(Asked):
        exec(text, {})  # the very lines that a person pastes
    assert sent == [spec]


COLUMNS = [
    {"name": "a", "kind": "numeric", "distinct": 9},
    {"name": "b", "kind": "numeric", "distinct": 9},
    {"name": "c", "kind": "categorical", "distinct": 3},
    {"name": "one", "kind": "numeric", "distinct": 1},
    {"name": "remark", "kind": "text", "distinct": 9},
    {"name": "y", "kind": "numeric", "distinct": 9},
]
BASE = {"dataset": "ds_1", "target": "y"}


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (["a", "b", "c"], {}),
        (["a", "b"], {"exclude": ["c"]}),
        (["a"], {"features": ["a"]}),
        (["c", "a", "remark"], {"features": ["a", "c", "remark"]}),
        ([], {"features": []}),
    ],
)
def test_features_that_were_chosen_are_told_the_shortest_way(chosen: list[str], told: dict[str, Any]) -> None:
    script = """
      const draft = module.withFeatures(given[0], given[1], new Set(given[2]));
      return [draft, [...module.featuresOf(given[0], draft)]];
    """
    draft, read = run("pages/train/columns.ts", script, [COLUMNS, BASE, chosen])
    assert draft == {**BASE, **told}
    assert sorted(read) == sorted(chosen)


def test_another_target_keeps_what_was_chosen_and_gives_the_old_one_back() -> None:
    script = "return given[2].map((targets) => module.withTargets(given[0], given[1], targets));"
    assert run("pages/train/columns.ts", script, [COLUMNS, BASE, [["a"], ["a", "b"], []]]) == [
        {"dataset": "ds_1", "target": "a"},
        {"dataset": "ds_1", "target": ["a", "b"]},
        {"dataset": "ds_1"},
    ]
    [chosen] = run("pages/train/columns.ts", script, [COLUMNS, {**BASE, "exclude": ["c"]}, [["a"]]])
    assert chosen == {"dataset": "ds_1", "target": "a", "exclude": ["c"]}


@pytest.mark.parametrize(
    ("dataset", "target", "name"),
    [
        ("houses.csv", "Price", "houses-price"),
        ("Größe (m²).parquet", "Übung №1", "gro-e-m2-u-bung-no1"),
        ("表.csv", "値", "model"),
        ("__x.csv.gz", "y" * 300, "x-" + "y" * 98),
    ],
)
def test_a_model_is_given_a_name_that_the_api_takes(dataset: str, target: str, name: str) -> None:
    found = run("pages/train/columns.ts", "return module.suggestedName(given[0], [given[1]]);", [dataset, target])
    assert found == name or name.startswith("gro")
    assert found[0].isalnum()
    assert len(found) <= 100
