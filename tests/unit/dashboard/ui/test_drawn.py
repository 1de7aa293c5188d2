"""Which rows of a long table are drawn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.dashboard.node import run

DRAWN = "ui/virtual/drawn.ts"


def _seen(count: int, top: float, height: float = 440, row: float = 44) -> list[int]:
    given = {"count": count, "row": row, "seen": {"top": top, "height": height}}
    found: list[int] = run(DRAWN, "return module.seenRows(given.count, given.row, given.seen, 2);", given)
    return found


def _stretches(count: int, of: tuple[int, int], held: int | None) -> list[tuple[int, int, bool]]:
    given = {"count": count, "of": of, "held": held}
    found: list[dict[str, Any]] = run(DRAWN, "return module.stretches(given.count, given.of, given.held);", given)
    return [(one["from"], one["to"], one["isDrawn"]) for one in found]


@pytest.mark.parametrize(
    ("top", "expected"),
    [(0, [0, 12]), (44 * 100, [98, 112]), (44 * 9_990, [9_988, 10_000]), (44 * 20_000, [9_999, 10_000])],
    ids=["top", "middle", "end", "beyond"],
)
def test_the_rows_in_sight_are_drawn_with_two_more_on_each_side(top: float, expected: list[int]) -> None:
    assert _seen(10_000, top) == expected


def test_a_table_without_rows_or_without_height_draws_none_or_few() -> None:
    assert _seen(0, 0) == [0, 0]
    assert _seen(10, 0, height=0) == [0, 2]


@pytest.mark.parametrize("held", [None, 0, 97, 98, 105, 112, 113, 9_999])
def test_every_row_has_its_room_once_and_the_row_with_the_focus_is_drawn(held: int | None) -> None:
    found = _stretches(10_000, (98, 112), held)
    assert [begin for begin, _, _ in found] == [0, *(end for _, end, _ in found[:-1])]
    assert found[-1][1] == 10_000
    drawn = {row for begin, end, is_drawn in found if is_drawn for row in range(begin, end)}
    assert drawn == set(range(98, 112)) | ({held} if held is not None else set())


def test_a_focus_on_a_row_that_is_gone_draws_nothing_more() -> None:
    assert _stretches(5, (0, 5), 7) == [(0, 5, True)]
    assert _stretches(5, (0, 5), -1) == [(0, 5, True)]
