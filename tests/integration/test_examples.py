"""The document's examples are what the server answers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.examples import FILE, answers

# what differs from run to run, or tells of this machine
VOLATILE = (
    "id",
    "name",
    "model",
    "model_name",
    "job",
    "dataset",
    "sha256",
    "created_at",
    "revision",  # of an alias: it rises with whatever else is changed
    "updated_at",
    "started_at",
    "finished_at",
)
OF_THE_MACHINE = ("estimate", "progress", "bytes", "limit_bytes")


def settled(value: Any, *, near: bool = False) -> Any:
    """An answer without what differs; `near`: equal to numbers that another processor would give."""
    if isinstance(value, dict):
        gone = (*VOLATILE, *OF_THE_MACHINE)
        return {key: type(below).__name__ if key in gone else settled(below, near=near) for key, below in value.items()}
    if isinstance(value, list):
        return [settled(item, near=near) for item in value]
    return pytest.approx(value, rel=1e-6, abs=1e-9) if near and isinstance(value, float) else value


def test_examples_are_what_the_server_answers(server_url: str) -> None:
    now = answers(server_url, f"examples-{time.time_ns()}")
    stored = json.loads(FILE.read_text())
    assert now.keys() == stored.keys()
    for name, told in now.items():
        for what, value in told.items():
            assert settled(value) == settled(stored[name][what], near=True), f"{name}: {what}; `make examples` mends it"
