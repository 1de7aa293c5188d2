"""The pictures of the features: which of them matter, and how predictions follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.domain.cells.kinds import kind_of
from service.domain.model.predictor import label_text
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
MOST_BARS = 20
BAR, ROW = 14.0, 26.0
LABELS = 190.0  # pixels for the names of features
COLUMNS = 3
SIDE, STRAIGHT, TURNED = 170.0, 32.0, 78.0  # a small plot's height, and the room below it for its ticks or turned words
PLOT = (WIDTH - 2 * MARGIN) / COLUMNS - LEFT - 4
MOST_CATEGORIES = 12
UNITS = {"rmse": "rmse", "log_loss": "log loss, in nats"}


def importance_picture(report: Mapping[str, Any]) -> Picture | None:
    """A bar for each feature with its interval, largest first."""
    ranked, on = report["importance"], report["importance_on"]
    if not ranked:
        return None
    shown = ranked[:MOST_BARS]
    rest = f", the first {len(shown)} of {len(ranked):,} features" if len(shown) < len(ranked) else ""
    unit = UNITS[on["metric"]] + (f", in units of {target_of(report)}" if on["metric"] == "rmse" else "")
    subtitle = (
        f"by how much the error grows when a feature's values are shuffled among {on['rows']:,} {on['part']} rows{rest}"
    )
    height = HEAD + ROW * len(shown) + 62
    said = (
        f"Most: {', '.join(one['feature'] for one in shown[:3])}. Lines are {on['confidence'] * 100:.0f} % intervals."
    )
    picture = headed(WIDTH, height, "Which features matter", subtitle, said)
    ends = [end for one in shown for end in (one["value"], one["low"], one["high"]) if end is not None]
    x = Axis.around(f"increase of {unit}; thin lines: {on['confidence'] * 100:.0f} % intervals", ends, zero=True)
    plot = Plot(
        picture, MARGIN + LABELS, HEAD + 8, WIDTH - 2 * MARGIN - LABELS - 70, ROW * len(shown), x, Axis("", 0, 1)
    )
    for value, label in x.ticks(7):
        place, _ = plot.at(value, 0)
        picture.line(place, plot.top, place, plot.top + plot.height, "grid-line")
        picture.text(place, plot.top + plot.height + 17, label, "soft small", anchor="middle")
    for place, one in enumerate(shown):
        middle = plot.top + ROW * (place + 0.5)
        start, end = plot.at(0, 0)[0], plot.at(one["value"], 0)[0]
        name = shortened(one["feature"], LABELS - 14)
        picture.text(plot.left - 10, middle + 4, name, anchor="end", hint=one["feature"])
        hint = f"{one['feature']}: {written(one['value'], 0)}"
        left, length = min(start, end), max(abs(end - start), 1.0)
        picture.rectangle(left, middle - BAR / 2, length, BAR, "s0", rx=2, hint=hint)
        if one["low"] is not None:
            low, high = plot.at(one["low"], 0)[0], plot.at(one["high"], 0)[0]
            picture.line(low, middle, high, middle, "ink-line")
            for tip in (low, high):
                picture.line(tip, middle - 4, tip, middle + 4, "ink-line")
        picture.text(WIDTH - MARGIN, middle + 4, written(one["value"], 0), "soft", anchor="end")
    zero, _ = plot.at(0, 0)
    picture.line(zero, plot.top, zero, plot.top + plot.height, "axis-line")
    picture.text(plot.left + plot.width / 2, plot.top + plot.height + 37, x.name, "soft", anchor="middle")
    return picture


def dependence_picture(report: Mapping[str, Any]) -> Picture | None:
    """A small plot for each feature, all on one scale of predictions."""
    found: Sequence[Mapping[str, Any]] = report["partial_dependence"]
    if not found:
        return None
    several = isinstance(found[0]["predictions"], Mapping)
    names = list(found[0]["predictions"])[:HUES] if several else []
    target = target_of(report)
    what = f"probability that {target} is {names[0]}" if len(names) == 1 else "probability" if several else target
    lines = [found[start : start + COLUMNS] for start in range(0, len(found), COLUMNS)]
    below = [TURNED if any(_is_turned(one) for one in line) else STRAIGHT for line in lines]
    keys = [(f"s{hue}", name) for hue, name in enumerate(names)] if len(names) > 1 else []
    key_height = legend_height(WIDTH - 2 * MARGIN, keys)
    picture = headed(
        WIDTH,
        HEAD + key_height + (ABOVE + SIDE) * len(lines) + sum(below) + 4,
        "How predictions follow the features",
        f"mean predicted {what} when one feature is set to a value in all rows, the others as they are",
        f"Features: {', '.join(one['feature'] for one in found)}.",
    )
    legend(picture, MARGIN, HEAD + 16, WIDTH - 2 * MARGIN, keys)
    y = Axis.around("", [value for one in found for curve in _curves(one, names) for value in curve])
    top = HEAD + key_height + ABOVE
    for line, under in zip(lines, below, strict=True):
        for place, one in enumerate(line):
            left = MARGIN + LEFT - 10 + (PLOT + LEFT + 4) * place
            _small_plot(picture, left, top, y, one, _curves(one, names))
        top += SIDE + under + ABOVE
    return picture


def _curves(one: Mapping[str, Any], names: Sequence[str]) -> list[list[float]]:
    predictions = one["predictions"]
    return [predictions[name] for name in names if name in predictions] if names else [predictions]


def _small_plot(
    picture: Picture, left: float, top: float, y: Axis, one: Mapping[str, Any], curves: list[list[float]]
) -> None:
    heading, values = one["feature"], one["values"]
    kind = kind_of(one["kind"])
    if kind.is_measured:
        places = [_seconds(value) for value in values] if kind.holds == "times" else values
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


def _words(one: Mapping[str, Any]) -> list[str]:
    return [label_text(value) for value in one["values"][:MOST_CATEGORIES]]


def _is_turned(one: Mapping[str, Any]) -> bool:
    """Whether the words below the plot are too long to stand side by side."""
    if kind_of(one["kind"]).is_measured:
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
