"""The pictures of a comparison, made from its result alone: the gap that each descent has left, by rows and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.show.plot import ABOVE, HEAD, LEFT, MARGIN, Axis, Plot, headed, legend, legend_height
from workers.show.svg import Picture

WIDTH, SIDE = 860.0, 300.0
LOOKS = {"batch": "s0", "stochastic": "s1", "mini-batch": "s2"}
BY = {"rows": ("rows_touched", "rows touched"), "steps": ("steps", "steps made")}
HIGHEST, LOWEST = 1e3, 1e-6  # shares beyond are not drawn: what diverges leaves the picture at its edge


def pictures(comparison: Mapping[str, Any]) -> dict[str, str]:
    """SVG by the names of their files."""
    drawn = {f"descents-by-{by}.svg": _picture(comparison, *BY[by]) for by in BY}
    return {name: picture.to_text() for name, picture in drawn.items() if picture is not None}


def _picture(comparison: Mapping[str, Any], along: str, what: str) -> Picture | None:
    """None where there is no gap to close, or no descent made a step."""
    descents: Sequence[Mapping[str, Any]] = comparison["descents"]
    curves = [_shares(one, comparison["baseline_loss"], along) for one in descents]
    if not any(curves):
        return None
    best = "the exact optimum" if comparison["least_is"] == "exact" else "the lowest loss that any of them saw"
    subtitle = f"share of the gap to {best} that is left, by {what}; dashed: the goal, {comparison['tolerance']:.3g}"
    keys = [(look, f"{name}, {_rate(descents, name)}") for name, look in LOOKS.items()]
    height = legend_height(WIDTH - 2 * MARGIN, keys)
    picture = headed(
        WIDTH, HEAD + height + ABOVE + SIDE + 52, "How each descent went", subtitle, comparison["sentence"]
    )
    legend(picture, MARGIN, HEAD + 16, WIDTH - 2 * MARGIN, keys)
    x = Axis.around(f"{what} (logarithmic)", [place for curve in curves for place, _ in curve], log=True)
    shares = [share for curve in curves for _, share in curve]
    y = Axis.around("share of the gap", [*shares, comparison["tolerance"], 1.0], log=True)
    width = (WIDTH - 2 * MARGIN) / 2 - LEFT - 8
    for panel, scaled in enumerate((True, False)):
        left = MARGIN + LEFT + panel * (width + LEFT + 16)
        plot = Plot(picture, left, HEAD + height + ABOVE, width, SIDE, x, y)
        plot.frame("scaled columns" if scaled else "columns as they are")
        plot.line((x.low, comparison["tolerance"]), (x.high, comparison["tolerance"]), "axis-line dashed")
        for one, curve in zip(descents, curves, strict=True):
            if one["scaled"] is scaled and curve:
                plot.curve(
                    [place for place, _ in curve], [share for _, share in curve], f"{LOOKS[one['descent']]}-line"
                )
                if one["reached"]:
                    end = (one[along], _share(one, one["loss"], comparison["baseline_loss"]))
                    picture.dot(*plot.at(*end), 4, LOOKS[one["descent"]], ring=True, hint=f"{one['descent']}: arrived")
    return picture


def _shares(one: Mapping[str, Any], baseline: float, along: str) -> list[tuple[float, float]]:
    """The points of a curve that have a place on axes of ratios."""
    if not baseline > one["least_loss"]:
        return []
    points = [(point[along], _share(one, point["loss"], baseline)) for point in one["curve"] if point[along]]
    return [(place, share) for place, share in points if LOWEST <= share <= HIGHEST]


def _share(one: Mapping[str, Any], loss: float, baseline: float) -> float:
    """Of the gap between the baseline and the least loss."""
    return max(float((loss - one["least_loss"]) / (baseline - one["least_loss"])), LOWEST)


def _rate(descents: Sequence[Mapping[str, Any]], name: str) -> str:
    """The learning rates of a descent, scaled and raw."""
    scaled, raw = (
        next(one for one in descents if one["descent"] == name and one["scaled"] is each) for each in (True, False)
    )
    return f"η = {scaled['learning_rate']:.3g} scaled, {raw['learning_rate']:.3g} raw"
