"""Whether the words of a column are categories, which can be learnt from, or free text, which cannot."""

from __future__ import annotations

from service.domain.cells.kinds import Kind

FEW_WORDS = 20  # so many different ones are categories, however rarely each comes
LONG_TEXT = 100  # categories are short words; longer cells on average are free text
MANY_CATEGORIES = 10_000


def kind_of_words(distinct: int, cells: int, letters: float) -> Kind:
    """The kind of a column of words that nobody has declared, by how many of its cells are there, how many of these
    differ, and how many letters all of them have."""
    names_rather_than_kinds = distinct > FEW_WORDS and distinct > cells / 2
    is_text = names_rather_than_kinds or letters > LONG_TEXT * cells or distinct > MANY_CATEGORIES
    return "text" if is_text else "categorical"
