"""A report of several targets, seen for one of them at a time: as if there were no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Report = Mapping[str, Any]


def views(report: Report) -> dict[str, Report]:
    """The report itself by the name of its only target; else one for each."""
    spec = report["lineage"]["spec"]
    each: Mapping[str, Any] | None = report.get("by_target")
    if each is None:
        return {str(spec["target"]): report}
    return {
        name: {
            **report,
            **told,
            "by_target": None,
            "metrics": _of(report["metrics"], name),
            "baseline": _of(report["baseline"], name),
            "lineage": {**report["lineage"], "spec": {**spec, "target": name}},
        }
        for name, told in each.items()
    }


def numbered(file: str, number: int) -> str:
    """The name of a target's file: `residuals-2.svg`; of the only target `residuals.svg`, with number 0."""
    return file.replace(".", f"-{number}.") if number else file


def numbers(report: Report) -> list[tuple[int, str, Report]]:
    """Each view with its number and the name of its target."""
    seen = views(report)
    return [(index if len(seen) > 1 else 0, *item) for index, item in enumerate(seen.items(), 1)]


def _of(metrics: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {split: scores["by_target"][name] if scores else scores for split, scores in metrics.items()}
