"""What each model scored on each table, with what peers scored before: they never change, and some take minutes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.tables.contestants import Answer, Task
from tests.benchmarks.tables.judge import calibration_error, covered, error


@dataclass(frozen=True, slots=True)
class Score:
    """Of one model on one table at one seed: its error, processor seconds, of classes its calibration error, and of
    numbers the share that its intervals cover, where it gives any."""

    error: float
    seconds: float
    calibration: float | None
    covered: float | None = None


Scores = dict[str, dict[str, list[Score]]]  # model, table: one for each seed


def score(task: Task, answer: Answer) -> Score:
    truth, labels = task.test[task.entry.target].to_numpy(), task.labels
    off = None if labels is None else calibration_error(truth, answer.values, labels)
    held = None if answer.intervals is None else covered(truth, answer.intervals)
    return Score(error(truth, answer.values, labels), answer.seconds, off, held)


@dataclass
class Kept:
    """Scores in a JSON file by model, table, seed and number of rows learned from; without a path nothing is kept."""

    path: Path | None

    def __post_init__(self) -> None:
        there = self.path is not None and self.path.exists()
        self._scores: dict[str, dict] = json.loads(self.path.read_text()) if self.path and there else {}

    def score(self, name: str, task: Task, ask: Callable[[Task], Answer]) -> Score:
        """The score from the file, or else of what is asked now."""
        key = f"{name} {task.entry.name} {task.seed} {len(task.learn)}"
        if key not in self._scores:
            self._scores[key] = asdict(score(task, ask(task)))
            if self.path:
                self.path.write_text(json.dumps(self._scores))
        return Score(**self._scores[key])


def values(scores: Mapping[str, Sequence[Score]], field: str) -> dict[str, list[float]]:
    """One field of a model's scores by table, of the tables that have it."""
    found = {table: [getattr(one, field) for one in listed] for table, listed in scores.items()}
    return {table: listed for table, listed in found.items() if None not in listed}
