"""The pictures of a neuron's weights: what was learnt beside the optimum, and how it came there epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.domain.vocabulary.tasks import TASKS
from workers.show.plot import (
    BELOW,
    HEAD,
    LEFT,
    MARGIN,
    Axis,
    Plot,
    headed,
    legend,
    legend_height,
    target_of,
    written,
)
from workers.show.svg import HUES, Picture, shortened

WIDTH, HEIGHT = 860.0, 420.0
MOST_ROWS = 20
ROW = 26.0
NAME, NUMBER = 170.0, 86.0  # pixels of a column
COLUMNS = ("learnt", "optimum", "difference")
MANY_EPOCHS = 100  # from then on their axis is one of ratios


def weights_picture(report: Mapping[str, Any]) -> Picture | None:
    """A row for each coefficient: the numbers in the user's units, and both as what a step of the feature does."""
    listed: Sequence[Mapping[str, Any]] | None = report.get("weights")
    if not listed:
        return None
    sloped = [one for one in listed if one["step"] is not None]
    ranked = sorted(sloped, key=lambda one: -abs(one["learnt"] * one["step"]))
    shown = [*(one for one in listed if one["step"] is None), *ranked][:MOST_ROWS]
    rest = f"; {len(shown)} of {len(listed):,}" if len(shown) < len(listed) else ""
    of = target_of(report) if TASKS[report["task"]].is_regression else "log-odds"
    optimal = any(one["optimum"] is not None for one in listed)
    beside = "beside those of the exact optimum on the same rows" if optimal else "an exact optimum was not computed"
    subtitle = f"learnt coefficients, in {of} for one unit of the feature, {beside}{rest}"
    said = "Dots: learnt. Rings: optimum, with its 95 % interval. Lengths are for one step of the scaler."
    picture = headed(WIDTH, HEAD + ROW * (len(shown) + 1) + 62, "What was learnt", subtitle, said)
    left, top = MARGIN + NAME + NUMBER * len(COLUMNS) + 24, HEAD + ROW + 4
    for place, name in enumerate(COLUMNS, 1):
        picture.text(MARGIN + NAME + NUMBER * place, HEAD + 18, name, "soft", anchor="end")
    ends = [one[name] * one["step"] for one in shown if one["step"] for name in _drawn(one)]
    axis = Axis.around(f"change of {of} for one step of the scaler", ends, zero=True)
    plot = Plot(picture, left, top, WIDTH - MARGIN - left, ROW * len(shown), axis, Axis("", 0, 1))
    for value, label in axis.ticks(6):
        x, _ = plot.at(value, 0)
        picture.line(x, top, x, top + plot.height, "grid-line")
        picture.text(x, top + plot.height + 17, label, "soft small", anchor="middle")
    zero, _ = plot.at(0, 0)
    picture.line(zero, top, zero, top + plot.height, "axis-line")
    name = shortened(axis.name, plot.width)
    picture.text(left + plot.width / 2, top + plot.height + 37, name, "soft", anchor="middle", hint=axis.name)
    for row, one in enumerate(shown):
        _row(picture, plot, one, top + ROW * (row + 0.5))
    return picture


def _drawn(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in ("learnt", "optimum", "low", "high") if one[name] is not None)


def _row(picture: Picture, plot: Plot, one: Mapping[str, Any], middle: float) -> None:
    label = f"{one['class']}: {one['feature']}" if one.get("class") is not None else one["feature"]
    picture.text(MARGIN, middle + 4, shortened(label, NAME - 10), hint=label)
    for place, name in enumerate(COLUMNS, 1):
        text = "–" if one[name] is None else written(one[name], 0)
        picture.text(MARGIN + NAME + NUMBER * place, middle + 4, text, anchor="end")
    if one["step"] is None:
        return
    at = {name: plot.at(one[name] * one["step"], 0)[0] for name in _drawn(one)}
    if "low" in at:
        picture.line(at["low"], middle, at["high"], middle, "ink-line")
        for tip in (at["low"], at["high"]):
            picture.line(tip, middle - 4, tip, middle + 4, "ink-line")
    if "optimum" in at:
        picture.dot(at["optimum"], middle, 6, "s1", ring=True, hint=f"{label}, optimum: {written(one['optimum'], 0)}")
    picture.dot(at["learnt"], middle, 3.5, "s0", hint=f"{label}, learnt: {written(one['learnt'], 0)}")


def weights_by_epoch_picture(report: Mapping[str, Any]) -> Picture | None:
    """A line for each weight, and where the optimum is."""
    found = report.get("weights_by_epoch")
    if not found:
        return None
    linear = any(one["step"] is not None for one in found["weights"])
    drawn = [one for one in found["weights"] if not linear or one["step"] is not None]
    epochs = found["epochs"]
    log = epochs[-1] > MANY_EPOCHS
    first = 1 if log else 0  # the start has no place on an axis of ratios
    scaled = [[value * (one["step"] or 1.0) for value in one["values"][first:]] for one in drawn]
    best = [None if one["optimum"] is None else one["optimum"] * (one["step"] or 1.0) for one in drawn]
    what = "what one step of the scaler does, by coefficient" if linear else found["units"]
    optimal = "; dashed: the exact optimum" if any(each is not None for each in best) else ""
    keys = [(f"s{place % HUES}", one["name"]) for place, one in enumerate(drawn)]
    room = WIDTH - 2 * MARGIN
    height = legend_height(room, keys)
    subtitle = f"{what}, after each epoch{optimal}"
    picture = headed(WIDTH, HEIGHT + height, "How the weights were learnt", subtitle, f"{len(drawn)} weights.")
    legend(picture, MARGIN, HEAD + 16, room, keys)
    x = Axis("epoch (logarithmic)" if log else "epoch", epochs[first], max(epochs[-1], epochs[first] + 1), log=log)
    y = Axis.around(
        "weight", [value for each in scaled for value in each] + [each for each in best if each is not None]
    )
    top = HEAD + height + 12
    plot = Plot(picture, MARGIN + LEFT, top, room - LEFT - 8, HEIGHT - HEAD - BELOW - 24, x, y)
    plot.frame(x_ticks=[tick for tick in x.ticks(8) if tick[0] == int(tick[0])])
    for place, (values, optimum) in enumerate(zip(scaled, best, strict=True)):
        if optimum is not None:
            plot.line((x.low, optimum), (x.high, optimum), f"s{place % HUES}-line dashed")
        plot.curve(epochs[first:], values, f"s{place % HUES}-line")
    return picture
