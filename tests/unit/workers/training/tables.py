"""Random tables of every kind of column, with gaps, for properties that must hold whatever the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.domain.cells.kinds import Kind
from tests.unit.workers.training.running import moment

KINDS: dict[str, Kind] = {
    "n1": "numeric", "n2": "numeric", "flag": "boolean", "colour": "categorical", "when": "datetime",
}  # fmt: skip
COLOURS = ("red", "blue", "green", 'the "best", yes', "blau\ngrün", "Ω", " spaced ", "a;b|c\td")
DAY = 86_400.0

Cells = dict[str, list[Any]]


def random_cells(generator: np.random.Generator, rows: int, gaps: float, colours: Sequence[str] = COLOURS) -> Cells:
    """Features by column; a share `gaps` of the cells is missing (None)."""
    made: Cells = {
        "n1": generator.normal(5, 2, rows).tolist(),
        "n2": (10 ** generator.uniform(-8, 8, rows) * generator.choice([-1, 1], rows)).tolist(),
        "flag": generator.choice([True, False], rows).tolist(),
        "colour": generator.choice(np.array(colours, dtype=object), rows).tolist(),
        "when": [moment(round(seconds)) for seconds in generator.uniform(-20_000 * DAY, 30_000 * DAY, rows)],
    }
    return {
        name: [None if missing else cell for cell, missing in zip(cells, generator.random(rows) < gaps, strict=True)]
        for name, cells in made.items()
    }


def random_target(generator: np.random.Generator, rows: int, task: str) -> tuple[list[Any], Kind]:
    """A target of each task; of every class there are rows enough for every part."""
    if task == "regression":
        return generator.normal(100, 30, rows).tolist(), "numeric"
    if task == "binary":
        return generator.permutation(np.arange(rows) % 2 == 0).tolist(), "boolean"
    return [("b", "a", "c")[code] for code in generator.permutation(np.arange(rows) % 3)], "categorical"


def replaced(cells: Mapping[str, Sequence[Any]], others: Mapping[str, Sequence[Any]], rows: np.ndarray) -> Cells:
    """The same cells, but those of some rows by others."""
    chosen = set(rows.tolist())
    return {
        name: [others[name][row] if row in chosen else cell for row, cell in enumerate(column)]
        for name, column in cells.items()
    }
