"""Markdown (CommonMark, with GitHub's tables) whose text may come from a stranger's table: it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MEANING = re.compile(r"[\\`*_\[\]<>&~$@]")
_LINK = re.compile(r"(?i)(www)\.|(https?|ftp)(?=://)")
_BEGINNING = re.compile(r"^(?:([#+=-])|(\d+)([.)]))")


def code(text: str) -> str:
    """A name as it is, in a code span: nothing in it has a meaning, whatever it holds."""
    text = one_line(text)
    fence = "`"
    while fence in text:
        fence += "`"
    edge = " " if not text or text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def prose(text: str) -> str:
    """A sentence that may quote names: no markup, no HTML and no link comes of it."""
    text = _MEANING.sub(lambda found: "\\" + found[0], one_line(text))
    text = _LINK.sub(lambda found: f"{found[1]}\\." if found[1] else f"{found[2]}\\", text)
    return _BEGINNING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", text)


def one_line(text: str) -> str:
    return " ".join(_UNSHOWN.sub("�", text).split())


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells but those of the first column stand on the right."""
    aligned = "|".join([" :-- ", *[" --: "] * (len(heads) - 1)])
    lines = [heads, *rows]
    written = [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines]
    return "\n".join([written[0], f"|{aligned}|", *written[1:]])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # in code spans too: tables are cut into cells before anything else is read
