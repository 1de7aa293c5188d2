"""Which features matter: how much worse the model gets when the values of one are shuffled."""

from __future__ import annotations

from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    HEAD,
    MARGIN,
    Axis,
    Plot,
    headed,
    target_of,
    written,
)
from workers.show.svg import shortened

WIDTH = 860.0
MOST_BARS = 20
BAR, ROW = 14.0, 26.0
LABELS = 190.0  # pixels for the names of features
UNITS = {"rmse": "rmse", "log_loss": "log loss, in nats"}


def _draw(report: Report) -> str | None:
    """A bar for each feature with its interval, largest first."""
    ranked, on = report.importance, report.importance_on
    if not ranked or on is None:
        return None
    shown = ranked[:MOST_BARS]
    rest = f", the first {len(shown)} of {len(ranked):,} features" if len(shown) < len(ranked) else ""
    unit = UNITS[on.metric] + (f", in units of {target_of(report)}" if on.metric == "rmse" else "")
    subtitle = (
        f"by how much the error grows when a feature's values are shuffled among {on.rows:,} {on.part} rows{rest}"
    )
    height = HEAD + ROW * len(shown) + 62
    said = f"Most: {', '.join(one.feature for one in shown[:3])}. Lines are {on.confidence * 100:.0f} % intervals."
    picture = headed(WIDTH, height, "Which features matter", subtitle, said)
    ends = [end for one in shown for end in (one.value, one.low, one.high) if end is not None]
    x = Axis.around(f"increase of {unit}; thin lines: {on.confidence * 100:.0f} % intervals", ends, zero=True)
    plot = Plot(
        picture, MARGIN + LABELS, HEAD + 8, WIDTH - 2 * MARGIN - LABELS - 70, ROW * len(shown), x, Axis("", 0, 1)
    )
    for value, label in x.ticks(7):
        place, _ = plot.at(value, 0)
        picture.line(place, plot.top, place, plot.top + plot.height, "grid-line")
        picture.text(place, plot.top + plot.height + 17, label, "soft small", anchor="middle")
    for place, one in enumerate(shown):
        middle = plot.top + ROW * (place + 0.5)
        start, end = plot.at(0, 0)[0], plot.at(one.value, 0)[0]
        name = shortened(one.feature, LABELS - 14)
        picture.text(plot.left - 10, middle + 4, name, anchor="end", hint=one.feature)
        hint = f"{one.feature}: {written(one.value, 0)}"
        left, length = min(start, end), max(abs(end - start), 1.0)
        picture.rectangle(left, middle - BAR / 2, length, BAR, "s0", rx=2, hint=hint)
        if one.low is not None and one.high is not None:
            low, high = plot.at(one.low, 0)[0], plot.at(one.high, 0)[0]
            picture.line(low, middle, high, middle, "ink-line")
            for tip in (low, high):
                picture.line(tip, middle - 4, tip, middle + 4, "ink-line")
        picture.text(WIDTH - MARGIN, middle + 4, written(one.value, 0), "soft", anchor="end")
    zero, _ = plot.at(0, 0)
    picture.line(zero, plot.top, zero, plot.top + plot.height, "axis-line")
    picture.text(plot.left + plot.width / 2, plot.top + plot.height + 37, x.name, "soft", anchor="middle")
    return picture.to_text()


EXHIBIT = Exhibit("importance.svg", "Which features matter", Section.RELIANCE, 50, _draw)
