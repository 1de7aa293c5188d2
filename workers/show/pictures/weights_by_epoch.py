"""How the weights of a small network came to be, epoch by epoch."""

from __future__ import annotations

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
    legend,
    legend_height,
)
from workers.show.svg import HUES

WIDTH, HEIGHT = 860.0, 420.0
MANY_EPOCHS = 100  # from then on their axis is one of ratios


def _draw(report: Report) -> str | None:
    """A line for each weight, and where the optimum is."""
    found = report.weights_by_epoch
    if not found:
        return None
    linear = any(one.step is not None for one in found.weights)
    drawn = [one for one in found.weights if not linear or one.step is not None]
    epochs = found.epochs
    log = epochs[-1] > MANY_EPOCHS
    first = 1 if log else 0  # the start has no place on an axis of ratios
    scaled = [[value * (one.step or 1.0) for value in one.values[first:]] for one in drawn]
    best = [None if one.optimum is None else one.optimum * (one.step or 1.0) for one in drawn]
    what = "what one step of the scaler does, by coefficient" if linear else found.units
    optimal = "; dashed: the exact optimum" if any(each is not None for each in best) else ""
    keys = [(f"s{place % HUES}", one.name) for place, one in enumerate(drawn)]
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
    return picture.to_text()


EXHIBIT = Exhibit("weights-by-epoch.svg", "How the weights were learnt", Section.TRAINING, 20, _draw, of_each=False)
