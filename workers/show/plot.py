"""A plot in a picture: axes with round ticks, a grid that stays behind, and places for numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.domain.report.report import Report
from workers.show.svg import Picture, shortened, width_of

MARGIN = 20.0
HEAD = 58.0  # a picture's title and the line below it
WIDEST, FINEST = 8e307, 1e-300  # of an axis: its length is in float64, and its ticks are no subnormal numbers
GREATEST = 1.7e308
LEFT, BELOW, ABOVE = 62.0, 42.0, 26.0  # of a plot: room for its ticks, its names and its heading


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `low` to `high`, along a side of a plot."""

    name: str
    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, name: str, values: Iterable[float], *, log: bool = False, zero: bool = False) -> Axis:
        """That holds all values with some room; with `zero` that number as well."""
        held = [value for value in values if math.isfinite(value)] + ([0.0] if zero else [])
        low, high = (min(held), max(held)) if held else (0.0, 1.0)
        if log:
            room = 0.05 * math.log(high / low) if high > low else math.log(2)
            return cls(name, low / math.exp(room), high * math.exp(room), log=True)
        if math.isinf(1.2 * (high - low)):
            low, high = max(low, -WIDEST), min(high, WIDEST)
        room = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
        keep_zero = zero and low == 0.0
        return cls(name, low if keep_zero else max(low - room, -GREATEST), min(high + room, GREATEST))

    def shares(self, values: Iterable[float]) -> list[float]:
        """How far along the axis values lie, 0 to 1."""
        low = self.low
        if self.log:
            decades = math.log(self.high / low)
            return [math.log(value / low) / decades for value in values]
        length = self.high - low
        return [(value - low) / length for value in values]

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Round numbers on the axis and how they are written."""
        if self.log:
            return self._log_ticks(most)
        step = _round_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        values = [place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]
        return [(value, written(value, step)) for value in values]

    def _log_ticks(self, most: int) -> list[tuple[float, str]]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in ((1, 2, 5), (1, 3), (1,)):
            values = [factor * 10.0**decade for decade in decades for factor in factors]
            inside = [value for value in values if self.low <= value <= self.high]
            if len(inside) <= most:
                break
        inside = inside[:: math.ceil(len(inside) / most)] if inside else [self.low, self.high]
        return [(value, written(value, 0.0)) for value in inside]


def _round_step(least: float) -> float:
    least = max(least, FINEST)
    magnitude = 10.0 ** math.floor(math.log10(least))
    return magnitude * next(factor for factor in (1, 2, 5, 10) if factor * magnitude >= least * (1 - 1e-9))


def written(value: float, step: float) -> str:
    """A tick's number: as many decimals as its step has, or three digits where there is no step."""
    size = max(abs(value), step)
    if value == 0:
        return "0"
    if size >= 1e6 or size < 1e-4:
        mantissa, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
        short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{short}e{int(exponent)}".replace("-", "−")
    if not step and size < 999.5:
        return f"{value:.3g}".replace("-", "−")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Plot:
    """A rectangle of a picture with an axis below and one on its left."""

    picture: Picture
    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    def places(self, xs: Iterable[float], ys: Iterable[float]) -> list[tuple[float, float]]:
        """Where points lie, in pixels."""
        left, width, bottom, height = self.left, self.width, self.top + self.height, self.height
        shares = zip(self.x.shares(xs), self.y.shares(ys), strict=True)
        return [(left + width * along, bottom - height * up) for along, up in shares]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies, in pixels."""
        return self.places((x,), (y,))[0]

    def frame(self, heading: str = "", x_ticks: Sequence[tuple[float, str]] | None = None, hint: str = "") -> None:
        """The grid, the ticks and the names of the axes. `x_ticks` stand in the place of round numbers."""
        picture, bottom = self.picture, self.top + self.height
        if heading:
            picture.text(self.left, self.top - 10, shortened(heading, self.width), "ink heading", hint=hint)
        y_ticks = self.y.ticks(max(4, int(self.height // 36)))
        for share, (_, label) in zip(self.y.shares(value for value, _ in y_ticks), y_ticks, strict=True):
            y = bottom - self.height * share
            picture.line(self.left, y, self.left + self.width, y, "grid-line")
            picture.text(self.left - 8, y + 4, label, "soft small", anchor="end")
        x_ticks = x_ticks if x_ticks is not None else self.x.ticks(max(4, int(self.width // 54)))
        for share, (_, label) in zip(self.x.shares(value for value, _ in x_ticks), x_ticks, strict=True):
            x = self.left + self.width * share
            picture.line(x, bottom, x, bottom + 4, "axis-line")
            picture.text(x, bottom + 17, label, "soft small", anchor="middle")
        picture.line(self.left, bottom, self.left + self.width, bottom, "axis-line")
        if self.x.name:
            middle = self.left + self.width / 2
            picture.text(middle, bottom + 35, shortened(self.x.name, self.width), "soft", anchor="middle")
        if self.y.name:
            x, y = self.left - LEFT + 14, self.top + self.height / 2
            picture.text(x, y, shortened(self.y.name, self.height), "soft", anchor="middle", turn=-90)

    def curve(self, xs: Sequence[float], ys: Sequence[float], look: str) -> None:
        self.picture.curve(self.places(xs, ys), look)

    def line(self, start: tuple[float, float], stop: tuple[float, float], look: str) -> None:
        """A straight line between two points."""
        self.picture.line(*self.at(*start), *self.at(*stop), look)

    def band(self, low: float, high: float, look: str, opacity: float) -> None:
        """All of the plot between two heights."""
        top = self.at(self.x.low, min(high, self.y.high))[1]
        bottom = self.at(self.x.low, max(low, self.y.low))[1]
        self.picture.rectangle(self.left, top, self.width, bottom - top, look, opacity=opacity)


def figure(value: float | None) -> str:
    """A number by itself, or a dash for none."""
    return "–" if value is None else written(value, 0)


def target_of(report: Report) -> str:
    """What the model predicts, as pictures and the card call it."""
    return ", ".join(report.lineage.spec.targets)


def headed(width: float, height: float, title: str, subtitle: str, description: str) -> Picture:
    """A picture with its title and a line of explanation."""
    picture = Picture(width, height, title, f"{subtitle} {description}".strip())
    room = width - 2 * MARGIN
    picture.text(MARGIN, 28, shortened(title, room, 15), "ink title", hint=title)
    picture.text(MARGIN, 47, shortened(subtitle, room), "soft", hint=subtitle)
    return picture


def legend(picture: Picture, left: float, top: float, room: float, entries: Sequence[tuple[str, str]]) -> None:
    """A key for each (look, text), in lines of `room` pixels."""
    each = _each(room, entries)
    for place, (look, text) in enumerate(entries):
        x, y = left + place % int(room // each) * each, top + 18 * (place // int(room // each))
        picture.rectangle(x, y - 9, 14, 4, look, rx=2)
        picture.text(x + 20, y - 3, shortened(text, each - 28), "ink", hint=text)


def legend_height(room: float, entries: Sequence[tuple[str, str]]) -> float:
    """How many pixels the legend takes."""
    return 18.0 * math.ceil(len(entries) / int(room // _each(room, entries))) + 8 if entries else 0.0


def _each(room: float, entries: Sequence[tuple[str, str]]) -> float:
    return min(room, max((40 + width_of(text) for _, text in entries), default=room))
