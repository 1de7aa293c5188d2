"""The losses of a training run by epoch."""

from __future__ import annotations

import numpy as np

from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    BELOW,
    HEAD,
    LEFT,
    MARGIN,
    Axis,
    Plot,
    headed,
    written,
)

WIDTH, HEIGHT = 720.0, 380.0
MOST_POINTS = 400
MUCH = 30.0  # a greatest loss this many times the least one is drawn on a scale of ratios
KEYS = (
    ("train_loss", "training", "mean before each step", "s0"),
    ("validation_loss", "validation", "after the last", "s1"),
)


def _draw(report: Report) -> str | None:
    """Training and validation loss by epoch, and the epoch that was kept."""
    history = report.history
    if not history:
        return None
    shown = [history[place] for place in np.unique(np.linspace(0, len(history) - 1, MOST_POINTS).round()).astype(int)]
    series = {
        key: [(epoch.epoch, loss) for epoch in shown if (loss := getattr(epoch, key)) is not None] for key, *_ in KEYS
    }
    losses = [loss for points in series.values() for _, loss in points]
    log = min(losses) > 0 and max(losses) > MUCH * min(losses)
    kind, best = report.lineage.spec.loss, report.best_epoch
    said = [f"{name} {written(points[-1][1], 0)} ({when})" for key, name, when, _ in KEYS if (points := series[key])]
    kept = f"; epoch {best:,} was kept" if best != history[-1].epoch else ""
    subtitle = f"in the last epoch: {', '.join(said)}{kept}"
    picture = headed(WIDTH, HEIGHT, "Loss by epoch", subtitle, f"{len(history)} epochs of {kind}.")
    room = 84.0  # for the names at the ends of the lines
    x = Axis("epoch", 1, max(history[-1].epoch, 2))
    summed = ", summed over the scaled targets" if report.by_target else ""
    y = Axis.around(f"loss ({kind.replace('_', ' ')}{', logarithmic' if log else ''}{summed})", losses, log=log)
    plot = Plot(picture, MARGIN + LEFT, HEAD + 12, WIDTH - 2 * MARGIN - LEFT - room, HEIGHT - HEAD - BELOW - 24, x, y)
    plot.frame(x_ticks=[tick for tick in x.ticks(8) if tick[0] == int(tick[0])])
    if kept:
        plot.line((best, y.low), (best, y.high), "axis-line dashed")
    ends = []
    for key, name, _, look in KEYS:
        if points := series[key]:
            plot.curve([epoch for epoch, _ in points], [loss for _, loss in points], f"{look}-line")
            ends.append((plot.at(*points[-1]), name, look))
    for (end_x, end_y), name, look in _apart(ends):
        picture.dot(end_x + 9, end_y - 0.5, 3.5, look)
        picture.text(end_x + 17, end_y + 4, name)
    return picture.to_text()


def _apart(
    ends: list[tuple[tuple[float, float], str, str]], least: float = 16.0
) -> list[tuple[tuple[float, float], str, str]]:
    """The names of two lines that end close together, moved apart."""
    if len(ends) < 2:
        return ends
    upper, lower = sorted(ends, key=lambda end: end[0][1])
    lack = max(0.0, least - (lower[0][1] - upper[0][1])) / 2
    return [((end[0][0], end[0][1] + shift), *end[1:]) for end, shift in ((upper, -lack), (lower, lack))]


EXHIBIT = Exhibit("loss.svg", "Loss by epoch", Section.TRAINING, 10, _draw, of_each=False)
