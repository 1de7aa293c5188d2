"""Where a type is ignored, the line says why."""

from __future__ import annotations

import re

from tests.unit.behaviour.house.test_rooms import MODULES

IGNORED = re.compile(r"# type: ignore(?!\[[a-z,-]+\]  # \w)")


def test_each_ignored_type_says_which_error_and_why() -> None:
    lines = [(path, line) for path in MODULES for line in path.read_text(encoding="utf-8").splitlines()]
    assert [f"{path}: {line.strip()}" for path, line in lines if IGNORED.search(line)] == []
