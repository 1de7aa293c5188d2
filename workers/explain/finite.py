"""Figures of a report that float64 cannot hold: JSON has no word for them, and nobody can compute with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from service.domain.described import described
from service.domain.plain import shallow
from service.domain.report.report import OfTarget, Report
from service.domain.report.warned import Warned

BEYOND = "some of its figures exceed float64"

AnyTarget = TypeVar("AnyTarget", bound=OfTarget)


def only_finite(report: Report) -> Report:
    """The report without figures that are not finite, and with a warning that names the parts that had some."""
    touched: list[str] = []
    found = _without(report, touched)
    if report.by_target:
        found = replace(found, by_target={name: _without(view, touched) for name, view in report.by_target.items()})
    if touched:
        told = Warned(
            "beyond_float64",
            f"figures beyond float64 (1.8e308) are null or left out in "
            f"{', '.join(dict.fromkeys(touched))}; rescale the columns or the target to get them",
        )
        found = replace(found, warnings=[*found.warnings, told])
    return found


def _left_out(part: Any) -> None:
    """Keeps nothing of a part whose figures hang together."""


def _kept_whole(part: Any) -> Any:
    """Keeps a record that is finite as a whole."""
    return replace(part, **{name: None for name, one in shallow(part).items() if not _is_finite(one)})


def _kept_entries(part: Any) -> Any:
    """Keeps the entries of a list that are finite."""
    return [one for one in part if _is_finite(one)]


def _nulled(part: Any) -> Any:
    """Every figure by itself."""
    if isinstance(part, Mapping):
        return {name: _nulled(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_nulled(value) for value in part]
    if hasattr(part, "__dataclass_fields__"):
        return replace(part, **{name: _nulled(value) for name, value in shallow(part).items()})
    return part if _is_finite(part) else None


# what becomes of each part, in the order in which the warning names them; the others hold no figures of their own
WAYS: dict[str, Callable[[Any], Any]] = {
    "metrics": _nulled,
    "baseline": _nulled,
    "history": _nulled,
    "curvature": _kept_whole,
    "certificate": _left_out,
    "weights": _kept_entries,
    "weights_by_epoch": _left_out,
    "verdict": _left_out,
    "choice": _nulled,
    "refit": _kept_whole,
    "importance": _kept_entries,
    "importance_on": _nulled,
    "residuals": _left_out,
    "intervals": _kept_entries,
    "classes": _nulled,
    "partial_dependence": _kept_entries,
}


def _without(view: AnyTarget, touched: list[str]) -> AnyTarget:
    there = shallow(view)
    beyond = [name for name in WAYS if name in there and not _is_finite(there[name])]
    touched += beyond
    changed = {name: WAYS[name](there[name]) for name in beyond}
    if "certificate" in changed:
        changed["certificate_left_out"] = view.certificate_left_out or BEYOND
    return replace(view, **changed)


def _is_finite(part: Any) -> bool:
    """Whether every figure in it is one that JSON has a word for."""
    if isinstance(part, float):
        return math.isfinite(part)
    if part is None or isinstance(part, str | int):
        return True
    if isinstance(part, list | tuple):
        return all(map(math.isfinite if {*map(type, part)} == {float} else _is_finite, part))
    if isinstance(part, Mapping):
        return all(map(_is_finite, part.values()))
    return all(_is_finite(getattr(part, field.name)) for field in described(type(part)))
