"""What is said of text that cannot be read as a table."""

from __future__ import annotations


class DialectInvalid(ValueError):
    """Text that cannot be read as a table. `code` is stable; `detail` says what is wrong and how to fix it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SampleTooShort(DialectInvalid):
    """The first part of the file does not hold its first line: look at more of it."""
