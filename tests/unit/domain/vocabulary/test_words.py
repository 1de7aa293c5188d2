"""What a vocabulary is: names in order, each once, and nothing for a name that is none."""

from __future__ import annotations

import pytest

from service.domain.vocabulary.tasks import LearningTask
from service.domain.vocabulary.words import listed, unless_auto, vocabulary

ONE, OTHER = LearningTask("one", "the first", "mse", "a thing"), LearningTask("other", "the second", "mse", "a thing")


def test_records_are_found_by_their_names_in_order() -> None:
    assert list(vocabulary(OTHER, ONE).items()) == [("other", OTHER), ("one", ONE)]
    assert listed(vocabulary(ONE, OTHER)) == "one: the first; other: the second"


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="one"):
        vocabulary(ONE, OTHER, LearningTask("one", "the third", "mse", "a thing"))


def test_a_field_that_may_be_auto_has_no_record_yet_and_an_unknown_name_raises() -> None:
    words = vocabulary(ONE, OTHER)
    assert unless_auto(words, "auto") is None
    assert unless_auto(words, "other") is OTHER
    with pytest.raises(KeyError):
        unless_auto(words, "otter")
