"""What the preflight of a spec says, made readable: the choices, the curvature, the warnings, what it would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from service.cli.showing.rendering import NOTHING, details, figure, size
from service.cli.showing.reporting import curvature, shape
from service.cli.showing.watching import duration


def page(found: Mapping[str, Any]) -> Group:
    """The whole answer of `POST /v1/jobs/validate`."""
    spec, estimate = found["spec"], found["estimate"]
    optimizer = spec["optimizer"]
    rates = found["rates"] or {}
    is_estimate = " (estimated)" if rates.get("is_estimate") else ""
    choices = details(
        (
            ("predicts", f"{spec['target']} ({spec['task']}, {spec['loss']})"),
            ("from", ", ".join(spec["features"])),
            ("network", _network(spec)),
            ("optimizer", f"{optimizer['kind']}, schedule {spec['schedule']}, batch size {figure(spec['batch_size'])}"),
            ("learning rate", f"{figure(rates.get('learning_rate'))}{is_estimate}: {rates.get('why', NOTHING)}"),
            ("epochs", figure(rates.get("epochs"))),
            ("memory", size(estimate["memory"]["total_bytes"])),
            ("time", _time(estimate["time"])),
        )
    )
    parts: list[RenderableType] = [choices, "", *(Text(note, style="dim") for note in found["notes"])]
    parts += curvature(found)
    parts += [Text(f"columns: {len(found['curvature']['columns'])}; {found['curvature']['basis']}", style="dim")]
    parts += [Text(f"left out: {it['column']}, {it['detail']}", style="dim") for it in found["curvature"]["left_out"]]
    parts += [Text(f"warning: {it['detail']} ({it['code']})", style="yellow") for it in found["warnings"]]
    return Group(*parts)


def _network(spec: Mapping[str, Any]) -> str:
    is_open = (spec.get("network") or {}).get("kind") == "auto"
    return f"linear neuron or {shape(spec)}, whichever is better" if is_open else shape(spec)


def _time(estimate: Mapping[str, Any]) -> str:
    if estimate["seconds"] is None:
        return f"{NOTHING}: {estimate['why']}"
    return f"about {duration(max(estimate['seconds'], 1))}: {estimate['why']}"
