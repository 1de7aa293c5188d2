"""The root of all errors, and one thing wrong at one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place: a JSON pointer (RFC 6901) into the body, and how to fix it."""

    pointer: str
    detail: str


class AdalineError(Exception):
    """The root. `str(error)` is the detail that a person reads."""

    code: str = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
