"""Two versions side by side, made readable: the sentence first, then figures, spec and origins where they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.cli.showing.rendering import NOTHING, figure, table

LONGEST = 60  # characters of a value


def page(found: Mapping[str, Any]) -> Group:
    """The whole comparison."""
    a, b = (f"version {found[side]['version']}" for side in ("a", "b"))
    by_side = {"a": a, "b": b, None: NOTHING}
    figures = [
        (
            it["split"],
            it["target"] or "",
            it["metric"],
            figure(it["a"]),
            figure(it["b"]),
            figure(it["difference"]),
            by_side[it["better"]],
        )
        for it in found["metrics"]
    ]
    names = ("split", "target", "metric", a, b, "difference", "better")
    parts: list[RenderableType] = [Text(found["sentence"], style="bold"), table(names, figures, (a, b, "difference"))]
    for title, rows in (("spec", found["spec"]), ("origin", found["lineage"])):
        if rows:
            differences = [(it["pointer"], *(_value(it, side) for side in ("a", "b"))) for it in rows]
            parts.append(table((title, a, b), differences))
    return Group(*parts)


def _value(difference: Mapping[str, Any], side: str) -> str:
    if side not in difference:
        return NOTHING
    text = json.dumps(difference[side], ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
