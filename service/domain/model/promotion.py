"""Whether a version that has just been trained serves: what a model's bare name means once it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import unless_auto

LOWER_IS_BETTER: Mapping[str, bool] = {
    "mse": True,
    "rmse": True,
    "mae": True,
    "quantile_loss": True,
    "log_loss": True,
    "r2": False,
    "accuracy": False,
    "roc_auc": False,
    "f1": False,
}
"""Of the metrics of a report, and of the loss of a quantile."""


def main_metric(task: str, loss: str) -> str:
    """The metric that decides between models: the one that the loss makes small."""
    chosen = unless_auto(LOSSES, loss)
    return (LOSSES[TASKS[task].loss] if chosen is None else chosen).metric


@dataclass(frozen=True, slots=True)
class Judged:
    """The new version beside the one that serves, by one metric on the same validation rows. `serving` is None where
    that one cannot be judged on them, for the reason `why_not`; `note` is what to know of the figures."""

    metric: str
    rows: int
    new: float | None = None
    serving: float | None = None
    why_not: str = ""
    note: str = ""

    @property
    def is_better(self) -> bool:
        """Whether the new one is; not when both are as good, or nobody can say."""
        return self.new is not None and self.serving is not None and self.new < self.serving


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of a new version. `pins` says that the alias `default` has to keep the bare name where it is, `moves`
    that it has to follow to the new version. Nothing need be told of one that serves because it is the newest."""

    rule: str
    version: int
    serves: int
    sentence: str
    pins: bool = False
    moves: bool = False
    judged: Judged | None = None
    served: int | None = None

    @property
    def is_promoted(self) -> bool:
        return self.serves == self.version

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the job's result, and told in its events."""
        told: dict[str, Any] = {
            "rule": self.rule,
            "promoted": self.is_promoted,
            "serves": self.serves,
            "served_before": self.served,
            "sentence": self.sentence,
        }
        if self.judged is not None:
            told |= {
                "metric": self.judged.metric,
                "rows": self.judged.rows,
                "value": self.judged.new,
                "value_of_served": self.judged.serving,
            }
        return told


def promote(
    rule: str, model: str, version: int, served: int | None, has_default: bool, judged: Judged | None = None
) -> Promotion:
    """Of a new version of a model whose bare name has meant the version `served`, by an alias `default` or for being
    the newest. `judged` is needed for "if_better", where one has served. Raises ValueError without it."""
    if served is None:
        return Promotion(rule, version, version, f"{model}:{version} serves: no other version does")
    if rule == "newest":
        if not has_default:
            sentence = f"{model}:{version} serves: it is the newest version"
            return Promotion(rule, version, version, sentence, served=served)
        sentence = f"{model}:{version} does not serve: the alias 'default' is version {served}"
        return Promotion(rule, version, served, f"{sentence}; {_mend(model, version)}", served=served)
    kept = "is" if has_default else "has been put on that version, and"
    stays = f"{model} still means version {served}: the alias 'default' {kept} {'there' if has_default else 'stays'}"
    if rule == "never":
        sentence = f'{model}:{version} does not serve, as asked ("promote": "never"); {stays}; {_mend(model, version)}'
        return Promotion(rule, version, served, sentence, pins=not has_default, served=served)
    if judged is None:
        raise ValueError(f"version {version} and version {served} have not been compared")
    if judged.is_better:
        sentence = f"{model}:{version} serves: {_figures(judged, served)}"
        return Promotion(rule, version, version, sentence, moves=has_default, judged=judged, served=served)
    sentence = f"{model}:{version} does not serve: {_figures(judged, served)}; {stays}"
    return Promotion(rule, version, served, sentence, pins=not has_default, judged=judged, served=served)


def _figures(judged: Judged, served: int) -> str:
    if judged.new is None or judged.serving is None:
        return f"whether it is better than version {served} cannot be said ({judged.why_not})"
    verdict = "is lower than" if judged.is_better else "is no lower than"
    note = f" ({judged.note})" if judged.note else ""
    return (
        f"its {judged.metric} of {told(judged.new, judged.serving)} on the {judged.rows:,} validation rows {verdict} "
        f"the {told(judged.serving, judged.new)} of version {served} on the same rows{note}"
    )


def told(value: float, beside: float) -> str:
    """A figure in as many digits as tell it from the other: four, or more where they are close."""
    for digits in (4, 6, 9, 12):
        if f"{value:.{digits}g}" != f"{beside:.{digits}g}":
            return f"{value:.{digits}g}"
    return f"{value:.4g}" if value == beside else f"{value:.17g}"


def _mend(model: str, version: int) -> str:
    return f'PUT /v1/models/{model}/aliases/default {{"version": {version}}} makes it serve'
