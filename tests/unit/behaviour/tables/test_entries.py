"""The tables of bench-tables, and how their rows are dealt out."""

from __future__ import annotations

import pandas as pd

from tests.benchmarks.tables.entries import Entry, deal, listed

NUMBERS = Entry("made", "numbers", "y", False, ())
CLASSES = Entry("made", "classes", "y", True, ())


def test_no_table_that_judges_is_one_to_choose_by():
    choosing, judging = ({entry.item.lower() for entry in listed(which)} for which in ("choosing", "judging"))
    assert not choosing & judging
    assert len(judging) == len(listed("judging")) >= 20


def test_deal_gives_each_row_to_one_side_and_the_same_again():
    frame = pd.DataFrame({"x": range(103), "y": range(103)})
    learn, test = deal(frame, NUMBERS, 3, 1000)
    assert sorted([*learn["x"], *test["x"]]) == list(range(103))
    assert len(test) == 21
    again = deal(frame, NUMBERS, 3, 1000)
    pd.testing.assert_frame_equal(learn, again[0])
    assert set(test["x"]) != set(deal(frame, NUMBERS, 4, 1000)[1]["x"])


def test_deal_gives_no_more_rows_to_learn_from_than_asked():
    frame = pd.DataFrame({"x": range(1000), "y": range(1000)})
    assert [len(part) for part in deal(frame, NUMBERS, 0, 400)] == [400, 100]


def test_deal_keeps_the_shares_of_classes():
    frame = pd.DataFrame({"y": ["a"] * 700 + ["b"] * 200 + ["c"] * 100})
    learn, test = deal(frame, CLASSES, 0, 10_000)
    assert test["y"].value_counts().to_dict() == {"a": 140, "b": 40, "c": 20}
    assert len(learn) == 800
