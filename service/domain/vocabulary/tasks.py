"""Tasks: what is predicted."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.vocabulary.words import vocabulary


@dataclass(frozen=True, slots=True)
class LearningTask:
    """`loss` is what `"loss": "auto"` takes; `called` is what the task predicts, in a sentence. `scores_each_class`:
    the network has an output for each class; two classes share one, the log-odds of the second."""

    name: str
    summary: str
    loss: str
    called: str
    is_regression: bool = False
    scores_each_class: bool = False

    @property
    def is_binary(self) -> bool:
        return not (self.is_regression or self.scores_each_class)


TASKS = vocabulary(
    LearningTask("regression", "predicts numbers", "mse", "a number", is_regression=True),
    LearningTask("binary", "predicts one of two classes", "cross_entropy", "one of two classes"),
    LearningTask(
        "multiclass",
        "predicts one of three or more classes",
        "cross_entropy",
        "one of several classes",
        scores_each_class=True,
    ),
)
