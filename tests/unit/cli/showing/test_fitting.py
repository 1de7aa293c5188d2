"""Pages fit their window, and no word or number of them is broken."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from rich.text import Text

from service.cli.showing import rendering
from service.cli.showing.fitting import UNLIMITED, wrapped
from tests.unit.cli.pages import LONGEST, PAGES, drawn

LEFT_OUT = re.compile(r"columns left out: ([^;]+); --wide shows all".replace(" ", r"\s+"))


@pytest.mark.parametrize("width", [80, 60, 120])
@pytest.mark.parametrize("page", PAGES)
def test_no_word_and_no_number_of_a_page_is_broken(page: str, width: int) -> None:
    narrow = drawn(PAGES[page](), width)
    whole = set(drawn(PAGES[page](), UNLIMITED).split())
    words = LEFT_OUT.sub("", narrow).split()
    assert [word for word in words if word not in whole and set(word) != {"─"}] == []
    too_long = [line for line in narrow.splitlines() if cell_len(line) > width]
    assert [line for line in too_long if len(line.split(" ")) > 1] == []  # else a word alone, longer than the window
    assert all(LONGEST in line for line in too_long if width >= 80)


@pytest.mark.parametrize("page", PAGES)
def test_a_wide_page_is_told_whole(page: str) -> None:
    assert not LEFT_OUT.search(drawn(PAGES[page](), UNLIMITED))


def test_what_is_left_out_is_named_and_the_rest_is_there() -> None:
    sheet = rendering.table(("name", "rows", "made"), [("houses", "12,345", "2026-11-29")], ("rows",), ("made", "rows"))
    for width, shown, named in ((24, "name rows houses 12,345", "made"), (9, "name houses", "made, rows")):
        told = drawn(sheet, width)
        (left_out,) = LEFT_OUT.findall(told)
        assert left_out.split() == named.split()
        assert [word for word in LEFT_OUT.sub("", told).split() if "─" not in word] == shown.split()


def test_rows_that_fit_in_no_way_are_told_line_by_line() -> None:
    sheet = rendering.table(("name", "rows"), [("houses-of-the-county", "123,456,789")], ("rows",))
    assert [line.split() for line in drawn(sheet, 20).splitlines() if line] == [
        ["name"], ["houses-of-the-county"], ["rows", "123,456,789"],
    ]  # fmt: skip


def test_cells_are_aligned_under_their_headings() -> None:
    sheet = rendering.table(("name", "rows"), [("a", "5"), ("long", "1,000")], ("rows",))
    assert drawn(sheet, 80).splitlines()[1:] == ["name   rows", "───────────", "a         5", "long  1,000", ""]


def test_nothing_in_a_cell_is_markup() -> None:
    assert "[red]x[/red] :cat:" in drawn(rendering.table(("name",), [("[red]x[/red] :cat:",)]), 80)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one", 2, ["one"]),
        ("  in two", 5, ["  in", "two"]),
        ("日本 語", 4, ["日本", "語"]),
        ("a\n\nb", 9, ["a", "", "b"]),
        ("5\u00a0s left", 4, ["5\u00a0s", "left"]),
        ("", 5, [""]),
    ],
)
def test_lines_end_between_words(text: str, width: int, lines: list[str]) -> None:
    assert [line.plain for line in wrapped(Text(text), width)] == lines
