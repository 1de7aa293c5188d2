"""Numbers as people type them, in their browser's language."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.dashboard.node import run

NUMBER = "words/number.ts"


def read(locale: str, texts: list[str]) -> list[Any]:
    script = """
      const marks = module.marksOf(given.locale);
      return given.texts.map((text) => module.readNumber(text, marks)).map((read) => read.value ?? read.wrong);
    """
    answer: list[Any] = run(NUMBER, script, {"locale": locale, "texts": texts})
    return answer


@pytest.mark.parametrize(
    ("locale", "texts", "numbers"),
    [
        ("en", ["1234", "1,234", "1,234,567.5", "-0.5", ".5", "5.", "−3", "1e3", "2.5E-2", " 7 "],
         [1234, 1234, 1234567.5, -0.5, 0.5, 5, -3, 1000, 0.025, 7]),
        ("de", ["1,5", "1.234,5", "1.234.567", "0.123", "12.34", ",5", "-1.234.567,25", "1 234,5"],
         [1.5, 1234.5, 1234567, 0.123, 12.34, 0.5, -1234567.25, 1234.5]),
        ("fr", ["1 234,5", "1\u202f234\u202f567,5", "1\u00a0234", "2.5", "1.234"],
         [1234.5, 1234567.5, 1234, 2.5, 1.234]),
        ("de-CH", ["1’234.5", "1'234'567", "2.5"], [1234.5, 1234567, 2.5]),
        ("en-IN", ["12,34,567.5", "1,23,456"], [1234567.5, 123456]),
        ("ar-EG", ["١٢٣٫٥", "123.5"], [123.5, 123.5]),
    ],
)  # fmt: skip
def test_a_number_is_read_as_its_language_writes_it(locale: str, texts: list[str], numbers: list[float]) -> None:
    assert read(locale, texts) == numbers


@pytest.mark.parametrize(
    ("locale", "text", "said"),
    [
        ("de", "1.234", "this may be 1234 or 1,234: write one of them"),
        ("en", "1,5", "a comma is no decimal mark in your browser's language: write 1.5"),
        ("en", "", "type a number"),
        ("en", "abc", "this is not a number"),
        ("en", "1,23,4", "this is not a number"),
        ("en", "1.2.3", "this is not a number"),
        ("en", "12 34", "this is not a number"),
        ("en", "1,234,56", "this is not a number"),
        ("en", ".", "this is not a number"),
        ("en", "1e999", "this is larger than a number can be"),
        ("en", "Infinity", "this is not a number"),
        ("en", "0x10", "this is not a number"),
        ("de", "1,2,3", "this is not a number"),
    ],
)
def test_what_is_no_number_or_may_be_two_is_refused(locale: str, text: str, said: str) -> None:
    assert read(locale, [text]) == [said]
