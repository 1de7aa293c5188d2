"""Pages of a list that are asked for again while it is looked at."""

from __future__ import annotations

from typing import Any

from tests.unit.dashboard.node import run

MERGE = "ui/virtual/merge.ts"
REFRESHED = "return module.refreshed(given.pages, given.at, given.answer, (row) => row[0]);"


def _page(after: str | None, rows: list[str], then: str | None) -> dict[str, Any]:
    return {**({} if after is None else {"after": after}), "rows": [list(row) for row in rows], "next": then}


def _refreshed(pages: list[dict[str, Any]], at: int, rows: list[str], then: str | None) -> list[tuple[str, str | None]]:
    answer = {"data": [list(row) for row in rows], "next": then}
    found: list[dict[str, Any]] = run(MERGE, REFRESHED, {"pages": pages, "at": at, "answer": answer})
    return [(" ".join("".join(row) for row in page["rows"]), page["next"]) for page in found]


TWO = [_page(None, ["f1", "e1", "d1"], "d"), _page("d", ["c1", "b1", "a1"], None)]


def test_a_new_row_comes_in_at_the_top_and_none_is_lost_below() -> None:
    assert _refreshed(TWO, 0, ["g1", "f1", "e1"], "e") == [("g1 f1 e1 d1", "d"), ("c1 b1 a1", None)]


def test_a_row_that_changed_is_replaced() -> None:
    assert _refreshed(TWO, 1, ["c1", "b2", "a1"], None) == [("f1 e1 d1", "d"), ("c1 b2 a1", None)]


def test_a_row_that_was_deleted_goes_and_the_answer_takes_the_place_of_what_it_reaches_into() -> None:
    assert _refreshed(TWO, 0, ["f1", "d1", "c1"], "c") == [("f1 d1 c1 b1 a1", None)]
    three = [*TWO[:1], _page("d", ["c1", "b1"], "b"), _page("b", ["a1"], None)]
    assert _refreshed(three, 0, ["f1", "d1", "c1"], "c") == [("f1 d1 c1 b1", "b"), ("a1", None)]


def test_so_many_new_rows_that_nothing_of_the_page_is_left_begin_the_list_anew() -> None:
    assert _refreshed(TWO, 0, ["i1", "h1", "g1"], "g") == [("i1 h1 g1", "g")]


def test_a_list_that_has_become_short_ends_where_its_answer_ends() -> None:
    assert _refreshed(TWO, 0, ["f1"], None) == [("f1", None)]
    assert _refreshed(TWO, 0, [], None) == [("", None)]


def test_the_only_page_keeps_the_cursor_of_its_answer() -> None:
    assert _refreshed([_page(None, ["f1", "e1"], "e")], 0, ["f2", "e1"], "e") == [("f2 e1", "e")]


def test_the_pages_of_the_rows_that_are_seen() -> None:
    script = "return module.pagesOf(given.pages, given.range);"
    assert run(MERGE, script, {"pages": TWO, "range": [0, 2]}) == [0]
    assert run(MERGE, script, {"pages": TWO, "range": [2, 4]}) == [0, 1]
    assert run(MERGE, script, {"pages": TWO, "range": [3, 6]}) == [1]
