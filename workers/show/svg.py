"""An SVG picture as text: elements, escaping, and one look for all pictures, in light and in dark.

What a picture shows may hold names from a stranger's table. All text goes through `escaped`; there is no script, no
link and no reference to anything outside. A length in pixels has five digits, which is the hundredth part of one in
all but the tallest pictures.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Sequence
from xml.sax.saxutils import escape

# text, surfaces and rules; then the hues of series, in the order in which neighbours are told apart by most eyes
_LIGHT = {"surface": "#fcfcfb", "ink": "#0b0b0b", "soft": "#52514e", "grid": "#e7e6df", "axis": "#b9b8ae"}
_DARK = {"surface": "#1a1a19", "ink": "#ffffff", "soft": "#c3c2b7", "grid": "#2f2f2c", "axis": "#5b5a54"}
_HUES = ("#2a78d6", "#eb6834", "#1baf7a", "#eda100", "#e87ba4", "#008300", "#4a3aa7", "#e34948")
_HUES_IN_DARK = ("#3987e5", "#d95926", "#199e70", "#c98500", "#d55181", "#2c9c2c", "#9085e9", "#e66767")
HUES = len(_HUES)
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"
TEXT_SIZE = 12.0
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_PLAIN = re.compile("[A-Za-z0-9.,:%()±−-]+(?: [A-Za-z0-9.,:%()±−-]+)*")  # what most is: it needs no change


def _colours(plain: dict[str, str], hues: tuple[str, ...]) -> str:
    rules = [f".{name}{{fill:{colour}}}.{name}-line{{stroke:{colour}}}" for name, colour in plain.items()]
    rules += [f".s{n}{{fill:{colour}}}.s{n}-line{{stroke:{colour}}}" for n, colour in enumerate(hues)]
    return "".join(rules)


STYLE = (
    f"text{{font-family:{FONT};font-size:{TEXT_SIZE:g}px}}.title{{font-size:15px;font-weight:600}}"
    ".heading{font-weight:600}.small{font-size:11px}"
    ".curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.rule{stroke-width:1}"
    ".dashed{stroke-dasharray:4 4}.on-hue{fill:#ffffff}"
    f"{_colours(_LIGHT, _HUES)}@media(prefers-color-scheme:dark){{{_colours(_DARK, _HUES_IN_DARK)}}}"
)


def escaped(text: str) -> str:
    """Text as XML holds it, in content and in attributes: blanks are single, what XML cannot hold is U+FFFD."""
    if _PLAIN.fullmatch(text):
        return text
    return escape(" ".join(_INVALID.sub("�", text).split()), {'"': "&quot;", "'": "&#39;"})


def width_of(text: str, size: float = TEXT_SIZE) -> float:
    """About how many pixels a text takes: fonts differ, so room is left for wide ones."""
    wide = 0 if text.isascii() else sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (0.58 * (len(text) - wide) + wide)


def shortened(text: str, room: float, size: float = TEXT_SIZE) -> str:
    """The text, or its beginning and an ellipsis where `room` pixels do not hold it."""
    text = " ".join(text.split())
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


class Picture:
    """A picture of `width` by `height` pixels that says in words what it shows."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self.width, self.height = width, height
        size = f'width="{width:.5g}" height="{height:.5g}" viewBox="0 0 {width:.5g} {height:.5g}"'
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
            f'<title id="title">{escaped(title)}</title><desc id="desc">{escaped(description)}</desc>',
            f"<style>{STYLE}</style>",
        ]
        self.rectangle(0, 0, width, height, "surface", rx=6.0)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        look: str = "ink",
        *,
        anchor: str = "start",
        turn: float = 0.0,
        hint: str = "",
    ) -> None:
        """A line of text on the base line `y`; `hint` is shown where a pointer rests on it."""
        turned = f' transform="rotate({turn:.5g} {x:.5g} {y:.5g})"' if turn else ""
        inside = escaped(text) + (f"<title>{escaped(hint)}</title>" if hint and hint != text else "")
        self._parts.append(
            f'<text x="{x:.5g}" y="{y:.5g}" class="{look}" text-anchor="{anchor}"{turned}>{inside}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        ends = f'x1="{x1:.5g}" y1="{y1:.5g}" x2="{x2:.5g}" y2="{y2:.5g}"'
        self._parts.append(f'<line {ends} class="rule {look}"/>')

    def curve(self, points: list[tuple[float, float]], look: str) -> None:
        """A line through points."""
        path = " ".join(f"{x:.5g},{y:.5g}" for x, y in points)
        self._parts.append(f'<polyline points="{path}" class="curve {look}"/>')

    def polygon(self, points: list[tuple[float, float]], look: str, opacity: float) -> None:
        path = " ".join(f"{x:.5g},{y:.5g}" for x, y in points)
        self._parts.append(f'<polygon points="{path}" class="{look}" fill-opacity="{opacity:.5g}"/>')

    def dot(self, x: float, y: float, radius: float, look: str, *, ring: bool = False, hint: str = "") -> None:
        shape = f'<circle cx="{x:.5g}" cy="{y:.5g}" r="{radius:.5g}"'
        looks = f' class="{look} surface-line" stroke-width="1.5"' if ring else f' class="{look}"'
        self._parts.append(self._hinted(f"{shape}{looks}", "circle", hint))

    def dots(
        self, points: Sequence[tuple[float, float]], radius: float, look: str, opacity: float, hints: Sequence[str] = ()
    ) -> None:
        """Many of one look; `hints` are none, or one for each."""
        self._parts.append(f'<g class="{look}" fill-opacity="{opacity:.5g}">')
        opened = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.5g}"' for x, y in points]
        if hints:
            closed = [f"><title>{escaped(hint)}</title></circle>" for hint in hints]
            self._parts += map(operator.add, opened, closed)
        else:
            self._parts += [f"{circle}/>" for circle in opened]
        self._parts.append("</g>")

    def rectangle(
        self, x: float, y: float, width: float, height: float, look: str, *, opacity: float = 1.0, rx: float = 0.0,
        hint: str = "",
    ) -> None:  # fmt: skip
        round_ = f' rx="{rx:.5g}"' if rx else ""
        clear = f' fill-opacity="{opacity:.5g}"' if opacity < 1 else ""
        place = f'x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" height="{height:.5g}"'
        self._parts.append(self._hinted(f'<rect {place}{round_}{clear} class="{look}"', "rect", hint))

    def _hinted(self, opened: str, name: str, hint: str) -> str:
        return f"{opened}><title>{escaped(hint)}</title></{name}>" if hint else f"{opened}/>"

    def to_text(self) -> str:
        return "".join([*self._parts, "</svg>\n"])
