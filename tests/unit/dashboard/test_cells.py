"""Cells of a table as a person reads them."""

from __future__ import annotations

from tests.unit.dashboard.node import run

CELLS = "pages/datasets/cells.ts"


def shown(*cells: tuple[object, str]) -> list[str]:
    found: list[str] = run(CELLS, "return given.map(([value, kind]) => module.cellOf(value, kind));", cells)
    return found


def test_missing_cells_truths_and_text_stay_what_they_are() -> None:
    assert shown((None, "numeric"), (False, "boolean"), ("<b>", "text"), ("01", "categorical")) == [
        "–", "false", "<b>", "01",
    ]  # fmt: skip
    (cut,) = shown(("x" * 1000, "text"))
    assert len(cut) == 81


def test_times_are_those_of_the_table_wherever_its_reader_is() -> None:
    script = """
      process.env.TZ = "America/New_York";
      return given.map((text) => module.cellOf(text, "datetime"));
    """
    times = ["2020-01-01T00:00:00.000Z", "2020-01-01T03:04:00.000Z", "2020-01-01T03:04:05.000Z", "no time"]
    day, minute, second, other = run(CELLS, script, times)
    assert "2020" in day
    assert ":" not in day
    assert "3:04" in minute
    assert "3:04:05" in second
    assert other == "no time"
