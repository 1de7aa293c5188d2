"""Text of strangers for a terminal: what would steer it is shown, not sent."""

from __future__ import annotations

import re

# C0, DEL and C1 controls, and the marks that turn the direction of text (Unicode Standard Annex #9)
STEERING = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_STEERING = re.compile(f"[{STEERING}]")


def visible(text: str) -> str:
    r"""The text with such signs written as escapes; line ends and tabs stay.

    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _STEERING.sub(_escaped, text)


def visible_json(text: str) -> str:
    """JSON that is the same document, with such signs escaped as JSON has it."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
