"""The profile of a dataset, made readable: figures of each column, and what a linear neuron could learn of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.cli.showing.rendering import NOTHING, details, figure, table
from service.cli.showing.reporting import curvature

NUMBERS = ("missing", "distinct", "least", "median", "greatest", "mean", "deviation")
SPARE = ("deviation", "median", "mean", "most frequent")
MOST_FREQUENT = 3


def page(found: Mapping[str, Any]) -> Group:
    """All of it."""
    rows = [
        (
            it["name"],
            it["kind"],
            figure(it["nulls"]),
            figure(it["distinct"]),
            figure(it.get("minimum")),
            figure((it.get("quantiles") or {}).get("0.5")),
            figure(it.get("maximum")),
            figure(it.get("mean")),
            figure(it.get("standard_deviation")),
            _frequent(it),
        )
        for it in found["columns"]
    ]
    notes = [Text(f"{it['name']}: {note}", style="yellow") for it in found["columns"] for note in it.get("notes") or ()]
    parts: list[RenderableType] = [
        details((("rows", figure(found["rows"])),)),
        table(("column", "kind", *NUMBERS, "most frequent"), rows, NUMBERS, SPARE),
        *notes,
    ]
    return Group(*parts, *_correlations(found))


def _frequent(column: Mapping[str, Any]) -> str:
    """Its most frequent values, with their counts."""
    top = (column.get("top") or ())[:MOST_FREQUENT]
    return ", ".join(f"{it['value']}\u00a0({figure(it['count'])})" for it in top) or NOTHING


def _correlations(found: Mapping[str, Any]) -> list[RenderableType]:
    if not found.get("correlations"):
        return []
    told, linear = found["correlations"], found["linear"]
    optimum = linear.get("optimum") or {}
    weights = {it["feature"]: it["value"] for it in optimum.get("coefficients") or ()}
    rows = [
        (it["column"], figure(it["correlation"]), figure(it["rows"]), figure(weights.get(it["column"])))
        for it in told["values"]
    ]
    heading = f"with {told['column']}"
    numbers = ("correlation", "rows", "optimal weight")
    reached = f"a linear neuron on these rows can reach r2 {figure(optimum.get('r2'))}" if optimum else ""
    parts: list[RenderableType] = [
        table((heading, *numbers), rows, numbers),
        Text(reached, style="bold"),
        *curvature({"curvature": linear["curvature"]}),
    ]
    return parts
