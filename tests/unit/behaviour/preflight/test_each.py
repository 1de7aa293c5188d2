"""Each warning by itself: a table and a spec that provoke it, and as near to them ones that do not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from service.domain import preflight
from tests.unit.behaviour.preflight.looking import ROWS, Look, draws, numbers, warned

# they need a server's limits or its past (test_estimate.py), a kind that comes with the upload (test_data.py), or a
# file as it was written (test_cells.py, test_rejected_rows.py)
ELSEWHERE = {
    "job_too_long", "budget_short", "categories_many", "missing_word", "numbers_as_words", "categories_shared",
    "rows_rejected",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    frame: pd.DataFrame
    choices: dict[str, Any] = field(default_factory=dict)


def asked(frame: pd.DataFrame | None = None, **choices: Any) -> Asked:
    return Asked(numbers() if frame is None else frame, choices)


def kinds(**counts: int) -> Asked:
    """A target of classes with so many rows each, 400 in all."""
    return asked(numbers().assign(kind=[name for name, count in counts.items() for _ in range(count)]), target="kind")


def gaps(rows: int, **choices: Any) -> Asked:
    frame = numbers()
    frame.loc[: rows - 1, "a"] = np.nan
    return asked(frame, **choices)


def far(rows: int, value: float) -> Asked:
    """A number that stands for none in so many rows; the others lie within a few units."""
    frame = numbers()
    frame.loc[: rows - 1, "a"] = value
    return asked(frame)


def row_numbers(skipped: int) -> Asked:
    """A column that counts the rows, but for so many numbers in the middle."""
    return asked(numbers().assign(row=[row + skipped * (row > 200) for row in range(ROWS)]))


def copied(noise: float) -> Asked:
    return asked(numbers().assign(copy=lambda it: 2 * it.y + noise * draws(3).normal(size=ROWS)))


def layers(activation: str) -> Asked:
    return asked(network={"kind": "mlp", "hidden": [8, 3], "activation": activation})


def hidden(width: int, rows: int = ROWS) -> Asked:
    return asked(numbers(rows), network={"kind": "mlp", "hidden": [width]})


def alike(epochs: int) -> Asked:
    """Two columns that differ by a hundredth: a flat direction."""
    return asked(numbers().assign(b=lambda it: it.a + 0.01 * draws(6).normal(size=ROWS)), epochs=epochs)


def rate(learning_rate: float) -> Asked:
    optimizer = {"kind": "sgd", "learning_rate": learning_rate}
    return asked(optimizer=optimizer, batch_size="full", schedule="constant")


def stops(patience: int, validation: float = 0.2) -> Asked:
    return asked(early_stopping={"patience": patience}, split={"validation": validation}, epochs=30)


def in_runs(runs: int) -> Asked:
    """Days that begin anew so many times: 399 steps, of which one less than the runs goes back."""
    days = np.concatenate([np.arange(len(part)) for part in np.array_split(np.arange(ROWS), runs)])
    return asked(numbers().assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(days, "D")))


CASES: dict[str, tuple[Asked, Asked]] = {
    "class_rare": (kinds(common=394, odd=6), kinds(common=340, odd=60)),
    "classes_imbalanced": (kinds(usual=384, fraud=16), kinds(usual=350, fraud=50)),
    "target_leak": (copied(0.0), copied(3.0)),
    "identifier": (row_numbers(skipped=0), row_numbers(skipped=7)),
    "gaps_refused": (gaps(10, missing="error"), gaps(10, missing="mean")),
    "mostly_missing": (gaps(250), gaps(150)),
    "far_value": (far(30, -999.0), far(30, -99.0)),
    "learning_rate_unstable": (rate(3.0), rate(0.1)),
    "not_scaled": (asked(scaler="none"), asked(scaler="minmax")),
    "batch_larger_than_rows": (asked(batch_size=321), asked(batch_size=319)),
    "epochs_few": (alike(2), alike(5000)),
    "early_stopping_blind": (stops(5, validation=0.0), stops(5)),
    "patience_long": (stops(30), stops(29)),
    "layers_collapse": (layers("identity"), layers("relu")),
    "more_parameters_than_rows": (hidden(60), hidden(40)),
    "few_rows_for_network": (hidden(2, rows=120), hidden(2, rows=140)),
    "validation_none": (asked(split={"validation": 0}), asked(split={"validation": 0.25})),
    "time_order": (in_runs(20), in_runs(21)),
    "validation_small": (asked(numbers(40)), asked(numbers(200))),
}


def test_no_warning_is_left_out() -> None:
    sources = Path(preflight.__file__).parent.glob("*.py")
    codes = {code for source in sources for code in re.findall(r'Warned\(\s*"([a-z_]+)"', source.read_text())}
    assert codes == set(CASES) | ELSEWHERE


@pytest.mark.parametrize("code", CASES)
def test_it_is_told_where_it_holds(look: Look, code: str) -> None:
    case = CASES[code][0]
    assert warned(look(case.frame, **case.choices))[code]["detail"]


@pytest.mark.parametrize("code", CASES)
def test_it_is_not_told_where_it_does_not_hold(look: Look, code: str) -> None:
    case = CASES[code][1]
    assert code not in warned(look(case.frame, **case.choices))
