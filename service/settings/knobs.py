"""What settings are made of: a default with its meaning, and how each kind is read."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from service.errors import SettingInvalid

PREFIX = "ADALINE_"
MIB = 1024 * 1024
# Names under the prefix that are read by commands and the test suite, not by the service.
CLIENTS_KEY = "ADALINE_KEY"
ADALINE_ELSEWHERE = frozenset({"ADALINE_REQUIRE", "ADALINE_URL", CLIENTS_KEY})
_NAME = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*"
HOST = re.compile(rf"\*|(?:\*\.)?{_NAME}\.?|\[?[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*\]?")
ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://(?:{_NAME}|\[[0-9a-f:.]+\])(?::[0-9]{{1,5}})?")


def knob(default: Any, meaning: str, minimum: float | None = None) -> Any:
    """A setting: a field of a record of them."""
    return field(default=default, metadata={"meaning": meaning, "minimum": minimum})


def entries(text: str) -> list[str]:
    """The entries of a setting that holds several, in lower case.

    >>> entries("a.example, B.example")
    ['a.example', 'b.example']
    """
    return [entry for part in text.lower().split(",") if (entry := part.strip())]


def parse(name: str, text: str, one: Any) -> Any:
    """What a text means for the setting of this name. Raises SettingInvalid."""
    kind = {"int": int, "float": float, "str": str, "Path": Path}[one.type]
    try:
        value = kind(text)
    except ValueError:
        raise SettingInvalid(f"{name} is {text!r}: {one.metadata['meaning']}; give a number") from None
    minimum = one.metadata["minimum"]
    if minimum is not None and not value >= minimum:
        raise SettingInvalid(f"{name} is {text}: the minimum is {minimum} ({one.metadata['meaning']})")
    return value


def without_password(value: str) -> str:
    """A setting as it may be shown."""
    if "://" not in value:
        return value
    parts = urlsplit(value)
    if parts.password is None:
        return value
    return value.replace(f":{parts.password}@", ":***@", 1)
