"""What peers scored is kept; bench-tables asks them again only for what it does not have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.tables.contestants import Answer, Task
from tests.benchmarks.tables.entries import Entry
from tests.benchmarks.tables.scores import Kept, values


def _task(rows: int, seed: int = 0) -> Task:
    learn = pd.DataFrame({"x": range(rows), "y": range(rows)})
    return Task(Entry("made", "numbers", "y", False, ()), learn, learn.head(2), seed, Path())


def test_a_score_is_asked_for_once_for_each_table_seed_and_number_of_rows(tmp_path: Path) -> None:
    asked = []

    def ask(task: Task) -> Answer:
        asked.append((task.seed, len(task.learn)))
        return Answer(np.array([1.0, 2.0]), 3.5)

    for _ in range(2):
        kept = Kept(tmp_path / "kept.json")  # read anew, as the next run does
        for task in (_task(5), _task(5, seed=1), _task(6)):
            found = kept.score("A", task, ask)
            # truth 0, 1: off by 1 everywhere, standard deviation 1/2
            assert (found.error, found.seconds, found.calibration) == (pytest.approx(2), 3.5, None)
    assert asked == [(0, 5), (1, 5), (0, 6)]
    Kept(tmp_path / "kept.json").score("B", _task(5), ask)
    assert len(asked) == 4


def test_values_leave_out_tables_that_have_none(tmp_path: Path) -> None:
    scores = {"numbers": [Kept(None).score("A", _task(5), lambda task: Answer(np.array([0.0, 1.0]), 2.0))]}
    assert values(scores, "seconds") == {"numbers": [2.0]}
    assert values(scores, "calibration") == values(scores, "covered") == {}
    intervals = np.array([[-1.0, 0.5], [1.5, 2.0]])  # the truth is 0, 1
    held = Kept(None).score("A", _task(5), lambda task: Answer(np.array([0.0, 1.0]), 2.0, intervals))
    assert values({"numbers": [held]}, "covered") == {"numbers": [0.5]}
