"""What is chosen on the command line, as parts of a training spec."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SEPARATED = re.compile(r"[+-]?\d+([,_' ]\d+)+(\.\d+)?")
WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "null", "NULL": "null"}
OPENING = ("{", "[", '"')


class ChoiceInvalid(ValueError):
    """A choice that cannot be read; says how to write it."""


def spec_of(assignments: Sequence[str]) -> dict[str, Any]:
    """Assignments as a nested spec: `optimizer.learning_rate=0.1` is `{"optimizer": {"learning_rate": 0.1}}`.

    A value is JSON, a number such as .5, else a bare word. Raises ChoiceInvalid.
    """
    spec: dict[str, Any] = {}
    for assignment in assignments:
        path, sign, text = assignment.partition("=")
        *above, last = path.strip().split(".")
        if not sign or not all([*above, last]):
            raise ChoiceInvalid(f"--set {assignment}: write field=value, for example optimizer.learning_rate=0.1")
        part = spec
        for name in above:
            part = part.setdefault(name, {})
            if not isinstance(part, dict):
                raise ChoiceInvalid(f"--set {assignment}: {name} is already set to a value")
        part[last] = _value(path.strip(), text)
    return spec


def kinds_of(assignments: Sequence[str]) -> dict[str, str]:
    """`zip=categorical` as kinds by column; a column may have = in its name. Raises ChoiceInvalid."""
    kinds = {}
    for assignment in assignments:
        column, sign, kind = assignment.rpartition("=")
        if not sign or not column or not kind:
            raise ChoiceInvalid(f"--type {assignment}: write column=kind, for example zip=categorical")
        kinds[column] = kind
    return kinds


def layers(text: str) -> list[int]:
    """`16,16` as sizes of hidden layers. Raises ChoiceInvalid."""
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        raise ChoiceInvalid(f"--hidden {text}: write comma-separated sizes, for example 16,16") from None


def with_hidden(spec: dict[str, Any], hidden: str | None) -> dict[str, Any]:
    """The spec of a network with these hidden layers; None leaves it as it is. Raises ChoiceInvalid."""
    if hidden is None:
        return spec
    network = spec.get("network", {})
    if not isinstance(network, dict):
        raise ChoiceInvalid("use either --hidden or --set network=…, not both")
    return {**spec, "network": {"kind": "mlp", **network, "hidden": layers(hidden)}}


def model_name(dataset_name: str) -> str:
    """A name for the model of a dataset: `Houses 2024.csv.gz` gives `houses-2024`. Raises ChoiceInvalid."""
    stem = re.sub(r"(\.(csv|tsv|txt|parquet|pq|gz|zst))+$", "", PurePath(dataset_name).name.lower())
    name = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("._-")[:100]
    if not name:
        raise ChoiceInvalid(f"cannot derive a model name from {dataset_name!r}; choose one with --model")
    return name


def _value(path: str, text: str) -> Any:
    """JSON, a number as people write it, or a word. Raises ChoiceInvalid for what was to be JSON or a number and is
    none: as a word, it would be told of as something that nobody typed."""
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError as error:
        why = str(error)
    if path.split(".")[0] == "metadata" and text[:1] not in OPENING:
        return text  # the user's own words
    if NUMBER.fullmatch(text):
        return float(text)
    if text in WORDS:
        raise ChoiceInvalid(f"--set {path}={text}: write it as {WORDS[text]}")
    if SEPARATED.fullmatch(text):
        raise ChoiceInvalid(
            f"--set {path}={text}: write numbers with a decimal point and without thousands separators, such as 0.1 "
            "or 1000, and lists in brackets, such as [16,8]"
        )
    if text[:1] in OPENING:
        raise ChoiceInvalid(
            f"--set {path}={text}: it is not JSON ({why}). Quote the JSON for the shell, as in "
            """--set 'split={"validation": 0.2}', or set the inner field, as in --set split.validation=0.2"""
        )
    return text


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
