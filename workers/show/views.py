"""A report of several targets, seen for one of them at a time: as if there were no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from service.domain.plain import shallow
from service.domain.report.metrics import Metrics, NumberMetrics
from service.domain.report.report import OfTarget, Report


def views(report: Report) -> list[tuple[int, str, Report]]:
    """For each target its number, its name and the report of it alone; of the only one, with number 0, all of it."""
    if report.by_target is None:
        return [(0, str(report.lineage.spec.target), report)]
    each = enumerate(report.by_target.items(), 1)
    return [(number, name, _view(report, name, told)) for number, (name, told) in each]


def _view(report: Report, name: str, told: OfTarget) -> Report:
    spec = replace(report.lineage.spec, target=name)
    return replace(
        report,
        **shallow(told),
        by_target=None,
        metrics=_of(report.metrics, name),
        baseline=_of(report.baseline, name),
        lineage=replace(report.lineage, spec=spec),
    )


def _of(metrics: Mapping[str, Metrics], name: str) -> dict[str, Metrics]:
    return {
        split: scores.by_target[name] if isinstance(scores, NumberMetrics) and scores.by_target else scores
        for split, scores in metrics.items()
    }
