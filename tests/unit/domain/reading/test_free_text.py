"""Which words are categories and which are free text, for ingest and for a preview alike."""

from __future__ import annotations

import pytest

from service.domain.cells.written import PLAIN
from service.domain.reading import sample
from service.domain.reading.free_text import kind_of_words


@pytest.mark.parametrize(
    ("distinct", "cells", "letters", "kind"),
    [
        (3, 100, 500, "categorical"),
        (0, 0, 0, "categorical"),
        (20, 20, 100, "categorical"),  # few are categories, though each comes once
        (21, 41, 100, "text"),  # names of rows
        (21, 42, 100, "categorical"),
        (2, 10, 1000, "categorical"),
        (2, 10, 1001, "text"),  # more than a hundred letters a cell
        (10_000, 1_000_000, 5_000_000, "categorical"),
        (10_001, 1_000_000, 5_000_000, "text"),
    ],
)
def test_words_are_text_where_they_name_rows_or_are_long_or_many(
    distinct: int, cells: int, letters: int, kind: str
) -> None:
    assert kind_of_words(distinct, cells, letters) == kind


@pytest.mark.parametrize(("distinct", "kind"), [(10_000, "categorical"), (10_001, "text")])
def test_a_preview_sees_many_words_as_ingest_does(distinct: int, kind: str) -> None:
    rows = [[f"w{number % distinct}"] for number in range(40_000)]
    assert sample.decide(["x"], rows, {}, PLAIN).kinds == {"x": kind}
