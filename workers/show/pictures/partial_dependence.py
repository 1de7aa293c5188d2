"""How predictions follow the features: a small plot for each of those that matter most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from service.domain.cells.kinds import kind_of
from service.domain.model.predictor import label_text
from service.domain.report.features import PartialDependence
from service.domain.report.report import Report
from workers.show.exhibit import Exhibit, Section
from workers.show.plot import (
    ABOVE,
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
from workers.show.svg import HUES, Picture, shortened, width_of

WIDTH = 860.0
COLUMNS = 3
SIDE, STRAIGHT, TURNED = 170.0, 32.0, 78.0  # a small plot's height, and the room below it for its ticks or turned words
PLOT = (WIDTH - 2 * MARGIN) / COLUMNS - LEFT - 4
MOST_CATEGORIES = 12


def _draw(report: Report) -> str | None:
    """A small plot for each feature, all on one scale of predictions."""
    found = report.partial_dependence
    if not found:
        return None
    first = found[0].predictions
    names = list(first)[:HUES] if isinstance(first, Mapping) else []
    target = target_of(report)
    what = f"probability that {target} is {names[0]}" if len(names) == 1 else "probability" if names else target
    lines = [found[start : start + COLUMNS] for start in range(0, len(found), COLUMNS)]
    below = [TURNED if any(_is_turned(one) for one in line) else STRAIGHT for line in lines]
    keys = [(f"s{hue}", name) for hue, name in enumerate(names)] if len(names) > 1 else []
    key_height = legend_height(WIDTH - 2 * MARGIN, keys)
    picture = headed(
        WIDTH,
        HEAD + key_height + (ABOVE + SIDE) * len(lines) + sum(below) + 4,
        "How predictions follow the features",
        f"mean predicted {what} when one feature is set to a value in all rows, the others as they are",
        f"Features: {', '.join(one.feature for one in found)}.",
    )
    legend(picture, MARGIN, HEAD + 16, WIDTH - 2 * MARGIN, keys)
    y = Axis.around("", [value for one in found for curve in _curves(one, names) for value in curve])
    top = HEAD + key_height + ABOVE
    for line, under in zip(lines, below, strict=True):
        for place, one in enumerate(line):
            left = MARGIN + LEFT - 10 + (PLOT + LEFT + 4) * place
            _small_plot(picture, left, top, y, one, _curves(one, names))
        top += SIDE + under + ABOVE
    return picture.to_text()


def _curves(one: PartialDependence, names: Sequence[str]) -> list[Sequence[float]]:
    predictions = one.predictions
    if isinstance(predictions, Mapping):
        return [predictions[name] for name in names if name in predictions]
    return [predictions]


def _small_plot(
    picture: Picture, left: float, top: float, y: Axis, one: PartialDependence, curves: list[Sequence[float]]
) -> None:
    heading, values = one.feature, one.values
    kind = kind_of(one.kind)
    if kind.is_measured:
        places = [_seconds(str(value)) if kind.holds == "times" else float(value) for value in values]
        x = Axis.around("", places)
        ticks = _dates(places) if kind.holds == "times" else x.ticks(4)
        plot = Plot(picture, left, top, PLOT, SIDE, x, y)
        plot.frame(heading, ticks, hint=heading)
        for hue, curve in enumerate(curves):
            plot.curve(places, curve, f"s{hue}-line")
        return
    words, turned = _words(one), _is_turned(one)
    more = f" ({len(words)} of {len(values)})" if len(words) < len(values) else ""
    plot = Plot(picture, left, top, PLOT, SIDE, Axis("", -0.5, len(words) - 0.5), y)
    plot.frame(heading + more, [], hint=heading)
    for place, word in enumerate(words):
        x_pixel, bottom = plot.at(place, y.low)
        if turned:
            short = shortened(word, TURNED + 4, 11)
            picture.text(x_pixel + 4, bottom + 14, short, "soft small", anchor="end", turn=-45, hint=word)
        else:
            picture.text(x_pixel, bottom + 17, word, "soft small", anchor="middle")
        for hue, curve in enumerate(curves):
            hint = f"{word}: {written(curve[place], 0)}"
            picture.dot(*plot.at(place, curve[place]), 5, f"s{hue}", ring=True, hint=hint)


def _words(one: PartialDependence) -> list[str]:
    return [label_text(value) for value in one.values[:MOST_CATEGORIES]]


def _is_turned(one: PartialDependence) -> bool:
    """Whether the words below the plot are too long to stand side by side."""
    if kind_of(one.kind).is_measured:
        return False
    words = _words(one)
    return max(width_of(word, 11) for word in words) > PLOT / len(words) - 4


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _dates(seconds: Sequence[float]) -> list[tuple[float, str]]:
    """The first, the middle and the last moment."""
    chosen = (seconds[0], (seconds[0] + seconds[-1]) / 2, seconds[-1])
    form = "%Y-%m-%d" if seconds[-1] - seconds[0] > 3 * 86_400 else "%d %H:%M"
    return [(moment, datetime.fromtimestamp(moment, UTC).strftime(form)) for moment in chosen]


EXHIBIT = Exhibit("partial-dependence.svg", "How predictions follow the features", Section.RELIANCE, 60, _draw)
