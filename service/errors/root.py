"""The root of all errors, and one thing wrong at one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place: a JSON pointer (RFC 6901) into the body, and how to fix it."""

    pointer: str
    detail: str


def told_by_first(errors: Sequence[FieldError], whole: str = "") -> str:
    """What a person reads of several places: the first, and how many more. `whole` names what has no pointer."""
    at = errors[0].pointer or whole
    more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
    return f"{at}: {errors[0].detail}{more}" if at else f"{errors[0].detail}{more}"


class AdalineError(Exception):
    """The root. `str(error)` is the detail that a person reads."""

    code: str = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
