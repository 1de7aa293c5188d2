"""What a linear neuron has learnt, beside the exact optimum."""

from __future__ import annotations

from service.domain.report.neuron import Weight
from service.domain.report.report import Report
from service.domain.vocabulary.tasks import TASKS
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    HEAD,
    MARGIN,
    Axis,
    Plot,
    figure,
    headed,
    target_of,
    written,
)
from workers.show.svg import Picture, shortened

WIDTH = 860.0
MOST_ROWS = 20
ROW = 26.0
NAME, NUMBER = 170.0, 86.0  # pixels of a column
COLUMNS = ("learnt", "optimum", "difference")


def _draw(report: Report) -> str | None:
    """A row for each coefficient: the numbers in the user's units, and both as what a step of the feature does."""
    listed = report.weights
    if not listed:
        return None
    sloped = [one for one in listed if one.step is not None]
    ranked = sorted(sloped, key=lambda one: -abs(one.learnt * (one.step or 0.0)))
    shown = [*(one for one in listed if one.step is None), *ranked][:MOST_ROWS]
    rest = f"; {len(shown)} of {len(listed):,}" if len(shown) < len(listed) else ""
    of = target_of(report) if TASKS[report.task].is_regression else "log-odds"
    optimal = any(one.optimum is not None for one in listed)
    beside = "beside those of the exact optimum on the same rows" if optimal else "the exact optimum was not computed"
    subtitle = f"learnt coefficients, in {of} for one unit of the feature, {beside}{rest}"
    said = "Dots: learnt. Rings: optimum, with its 95 % interval. Lengths are for one step of the scaler."
    picture = headed(WIDTH, HEAD + ROW * (len(shown) + 1) + 62, "Learnt coefficients", subtitle, said)
    left, top = MARGIN + NAME + NUMBER * len(COLUMNS) + 24, HEAD + ROW + 4
    for place, name in enumerate(COLUMNS, 1):
        picture.text(MARGIN + NAME + NUMBER * place, HEAD + 18, name, "soft", anchor="end")
    ends = [value * one.step for one in shown if one.step for value in _drawn(one).values()]
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
    return picture.to_text()


def _drawn(one: Weight) -> dict[str, float]:
    """What there is of a coefficient."""
    values = {"learnt": one.learnt, "optimum": one.optimum, "low": one.low, "high": one.high}
    return {name: value for name, value in values.items() if value is not None}


def _row(picture: Picture, plot: Plot, one: Weight, middle: float) -> None:
    label = one.name
    picture.text(MARGIN, middle + 4, shortened(label, NAME - 10), hint=label)
    for place, name in enumerate(COLUMNS, 1):
        picture.text(MARGIN + NAME + NUMBER * place, middle + 4, figure(getattr(one, name)), anchor="end")
    if one.step is None:
        return
    at = {name: plot.at(value * one.step, 0)[0] for name, value in _drawn(one).items()}
    if "low" in at:
        picture.line(at["low"], middle, at["high"], middle, "ink-line")
        for tip in (at["low"], at["high"]):
            picture.line(tip, middle - 4, tip, middle + 4, "ink-line")
    if "optimum" in at:
        picture.dot(at["optimum"], middle, 6, "s1", ring=True, hint=f"{label}, optimum: {figure(one.optimum)}")
    picture.dot(at["learnt"], middle, 3.5, "s0", hint=f"{label}, learnt: {written(one.learnt, 0)}")


EXHIBIT = Exhibit("weights.svg", "Learnt and optimal coefficients", Section.RELIANCE, 30, _draw)
