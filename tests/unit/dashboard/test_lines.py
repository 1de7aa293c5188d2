"""A spec as lines to copy: a shell and Python read them as they are meant."""

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
