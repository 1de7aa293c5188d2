"""Small pictures of a column's cells, as bars and in words."""

from __future__ import annotations

from tests.unit.dashboard.node import run

SPREAD = "words/spread.ts"


def test_bars_are_as_high_as_their_counts_and_none_with_a_cell_is_unseen() -> None:
    bins = {"edges": [0, 1, 2, 3], "counts": [1000, 1, 0]}
    bars = run(SPREAD, "return module.barsOf(given);", bins)
    assert [bar["height"] for bar in bars] == [1, 0.03, 0]
    assert [bar["words"] for bar in bars][1] == "1 to 2: 1 cell"
    told = run(SPREAD, "return module.toldOfBins(given);", bins)
    assert told.startswith("3 bins from 0 to 3; most cells, 99")
    assert told.endswith("from 0 to 1")


def test_one_value_and_none_are_told() -> None:
    script = "return given.map(module.toldOfBins);"
    given = [{"edges": [7, 7], "counts": [4]}, {"edges": [], "counts": []}]
    assert run(SPREAD, script, given) == ["all 7", "no numbers"]
    assert run(SPREAD, "return given.map(module.barsOf);", given)[1] == []


def test_most_frequent_values_have_their_shares_and_the_others_one_together() -> None:
    top = [{"value": "a", "count": 5}, {"value": True, "count": 3}, {"value": 2, "count": 1}]
    script = "return module.sharesOf(given.top, given.of, given.most);"
    two = run(SPREAD, script, {"top": top, "of": 10, "most": 1})
    assert [(one["name"], one["share"], one["isRest"]) for one in two] == [("a", 0.5, False), ("all others", 0.5, True)]
    # one more than asked for has a name of its own
    three = run(SPREAD, script, {"top": top, "of": 9, "most": 2})
    assert [one["name"] for one in three] == ["a", "true", "2"]
    assert run(SPREAD, script, {"top": [], "of": 0, "most": 2}) == []
