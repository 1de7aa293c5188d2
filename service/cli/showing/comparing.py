"""A comparison of descents, made readable: what each took, its curve, and what there is to learn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from service.cli.showing.rendering import details, figure, sparkline, table

NUMBERS = ("batch size", "learning rate", "stable below", "epochs", "steps", "rows touched", "seconds", "loss")
SPARE = ("curve", "seconds", "rows touched", "stable below", "steps", "batch size")
CURVE = 24
PICTURES = {"descents-by-rows.svg", "descents-by-steps.svg"}  # no other name is taken from a server


def page(comparison: Mapping[str, Any]) -> Group:
    """The whole of it. A curve goes by steps that rise evenly in their logarithm, as the server looked at the loss."""
    descents = comparison["descents"]
    conditions = {one["scaled"]: one["condition_number"] for one in descents}
    lowest = min(float(one["least_loss"]) for one in descents)
    least = "exact" if comparison["least_is"] == "exact" else "the lowest reached"
    head = details(
        (
            ("task", f"{comparison['task']}, {comparison['loss']}, {figure(comparison['rows'])} rows"),
            (
                "loss",
                f"baseline {figure(comparison['baseline_loss'])}, lowest {figure(lowest)} ({least})",
            ),
            ("goal", f"{comparison['tolerance']:.3g} of that gap is left"),
            ("condition number", f"{figure(conditions[True])} scaled, {figure(conditions[False])} raw"),
        )
    )
    rows = [
        (
            f"{one['descent']}, {'scaled' if one['scaled'] else 'raw'}",
            figure(one["batch_size"]),
            figure(one["learning_rate"]),
            figure(one["stable_learning_rate"]),
            outcome(one),
            figure(float(f"{one['epochs']:.3g}")),
            figure(one["steps"]),
            figure(one["rows_touched"]),
            f"{one['seconds']:.2g}",
            figure(one["loss"]),
            sparkline([point["loss"] for point in one["curve"]], CURVE),
        )
        for one in descents
    ]
    headings = ("descent", *NUMBERS[:3], "goal", *NUMBERS[3:], "curve")
    return Group(head, table(headings, rows, NUMBERS, SPARE), Text(comparison["sentence"], style="bold"))


def outcome(descent: Mapping[str, Any]) -> Text:
    """Whether the descent came to the goal."""
    if descent["diverged"]:
        return Text("diverged", style="red")
    return Text("reached", style="green") if descent["reached"] else Text("not reached", style="yellow")
