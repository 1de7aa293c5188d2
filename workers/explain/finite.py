"""Figures of a report that float64 cannot hold: JSON has no word for them, and nobody can compute with them."""

from __future__ import annotations

from typing import Any

from service.domain.model.magnitude import is_finite

Part = dict[str, Any]

# parts that are left out as a whole, since their figures hang together; of others what hangs together is below them
WHOLE = ("residuals", "verdict", "certificate", "weights_by_epoch")
HOLDING = ("curvature",)
LISTED = ("importance", "partial_dependence", "intervals", "weights")  # of which what has such a figure is left out
BEYOND = "some of its figures exceed float64"


def only_finite(report: Part) -> Part:
    """The report without figures that are not finite, and with a warning that names the parts that had some."""
    touched: list[str] = []
    found = _without(report, touched)
    if report.get("by_target"):
        found["by_target"] = {name: _without(view, touched) for name, view in report["by_target"].items()}
    if touched:
        told = {
            "code": "beyond_float64",
            "detail": f"figures beyond float64 (1.8e308) are null or left out in "
            f"{', '.join(dict.fromkeys(touched))}; rescale the columns or the target to get them",
        }
        found["warnings"] = [*found["warnings"], told]
    return found


def _without(view: Part, touched: list[str]) -> Part:
    found: Part = {}
    for name, part in view.items():
        if name == "by_target" or is_finite(part):
            found[name] = part
            continue
        touched.append(name)
        if name in WHOLE:
            found[name] = None
        elif name in HOLDING:
            found[name] = {inner: one if is_finite(one) else None for inner, one in part.items()}
        elif name in LISTED:
            found[name] = [one for one in part if is_finite(one)]
        else:
            found[name] = _nulled(part)
    if "certificate" in touched and found.get("certificate", 0) is None:
        found["certificate_left_out"] = found.get("certificate_left_out") or BEYOND
    return found


def _nulled(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _nulled(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_nulled(value) for value in part]
    return part if is_finite(part) else None
