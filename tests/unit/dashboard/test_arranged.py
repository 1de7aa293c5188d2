"""Columns of a profile in the order that is asked for."""

from __future__ import annotations

from typing import Any

from tests.unit.dashboard.node import run

COLUMNS: list[dict[str, Any]] = [
    {"name": "b", "nulls": 0}, {"name": "Ab", "nulls": 5}, {"name": "c", "nulls": 2}, {"name": "ab2", "nulls": 0},
]  # fmt: skip
SCRIPT = """
  const correlations = new Map([["b", 0.1], ["Ab", -0.9], ["c", null]]);
  const { columns, asked } = given;
  return asked.map(([part, order]) => module.arranged(columns, part, order, correlations).map((one) => one.name));
"""


def test_order_and_part_of_the_name() -> None:
    asked = [["", "as in the file"], ["AB", "as in the file"], ["", "by name"], ["", "most missing first"],
             ["", "strongest correlation first"]]  # fmt: skip
    found = run("pages/datasets/arranged.ts", SCRIPT, {"columns": COLUMNS, "asked": asked})
    assert found == [
        ["b", "Ab", "c", "ab2"], ["Ab", "ab2"], ["Ab", "ab2", "b", "c"], ["Ab", "c", "b", "ab2"],
        ["Ab", "b", "c", "ab2"],
    ]  # fmt: skip
