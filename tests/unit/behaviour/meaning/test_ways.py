"""What one cell is, by each engine that reads it: Python's `re` for rows that come, Arrow's RE2 for files, and the
script that stands beside a downloaded model."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.cells.readers import text_reader
from service.domain.cells.ways import ways_of
from service.domain.cells.written import TextStyle
from service.reading.arrow.cells import read_cells
from workers.export.standalone.cells import read_cell
from workers.ingest.typing.evidence import gather

steady = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIGNS = ("", "+", "-", "−", "–")
CURRENCIES = ("$", "€", "£", "US$", "EUR", "kr", "₹", "%")


@st.composite
def amounts(draw: st.DrawFn) -> str:
    """Cells that are nearly numbers, in all ways."""
    digits = draw(st.sampled_from(("0", "7", "45", "999", "1234", "007", "12345678")))
    group = draw(st.sampled_from(("", ",", ".", " ", "'", "’", "\u00a0", "_")))
    lead = draw(st.sampled_from(("1", "12", "123", "1234")))
    rest = draw(st.lists(st.sampled_from(("234", "567", "00", "89")), max_size=3))
    whole = draw(st.sampled_from((digits, group.join([lead, *rest]))))
    tail = draw(st.sampled_from(("", ".5", ",5", ".", ".125", ",000", "e3", "E-2")))
    number = draw(st.sampled_from(SIGNS)) + whole + tail
    mark, gap = draw(st.sampled_from(("", *CURRENCIES))), draw(st.sampled_from(("", " ", "\u00a0")))
    form = draw(
        st.sampled_from(
            ("{number}", "{mark}{gap}{number}", "{number}{gap}{mark}", "({mark}{number})", "-{mark}{number}")
        )
    )
    return draw(st.sampled_from(("", " "))) + form.format(number=number, mark=mark, gap=gap)


cells = st.one_of(
    amounts(),
    st.sampled_from(
        (".", "..", "--", "-", "—", "?", "*", "#DIV/0!", "#REF!", "Err:502", "##", "_", "/", "nan", "NAN", "x", "Y",
         "no", "T", "192.168.1.1", "192.168.100.100", "101,202,303", "12,34,567", "1990_91", "<0.05", ">= 3",
         "Jan-1-1995",
         "3 Feb 2024", "1995-Mar-01", "01-Feb-95", "2024-01-31", "31/12/2024", "1/2/24", "12 kg", "5m/s", "inf",
         "1e999")
    ),
)  # fmt: skip


@steady
@given(found=st.lists(cells, min_size=1, max_size=30), decimal=st.sampled_from(("", ".", ",")))
def test_both_engines_see_the_same_ways(tmp_path: Path, found: list[str], decimal: str) -> None:
    raw = tmp_path / "raw.parquet"
    pq.write_table(pa.table({"a": pa.array(found, pa.string())}), raw)
    by_arrow = gather(raw, ["a"], TextStyle(decimal=decimal), lambda: None)["a"]
    present = [cell.strip() for cell in found if not TextStyle().is_missing(cell)]
    expected = Counter(way for cell in present for way in ("all", *ways_of(cell, decimal)))
    # a date is not asked whether it is anything else, nor is a word that begins with a letter
    apart = {"iso", "date", "day first", "month first", "named", "short date", "unit", "limit"}
    assert {way: n for way, n in by_arrow.items() if n and way not in apart} == {
        way: n for way, n in expected.items() if way not in apart
    }


@steady
@given(
    cell=cells,
    style=st.builds(
        lambda decimal, mark, missing: TextStyle(missing, decimals={"a": decimal}, marks={"a": mark} if mark else {}),
        st.sampled_from(("", ".", ",")),
        st.sampled_from(("", *CURRENCIES)),
        st.sampled_from((TextStyle().missing, ("",), ("", "-999", "$7"))),
    ),
)
def test_a_number_is_the_same_bits_to_every_reader(cell: str, style: TextStyle) -> None:
    try:
        read = text_reader("a", "numeric", style)(cell)
        by_row = None if read is None or math.isnan(float(read)) else read
    except ValueError:
        by_row = "wrong"
    values, wrong = read_cells("a", "numeric", style, pa.array([cell]))
    assert ("wrong" if wrong[0].as_py() else values[0].as_py()) == by_row
    try:
        by_script = read_cell(cell, "a", "numeric", style.to_json())
    except ValueError:
        by_script = "wrong"
    assert by_script == by_row


@pytest.mark.parametrize(
    ("cell", "decimal", "mark", "number"),
    [
        ("$1,234.50", ".", "$", 1234.5), ("-$1,234.50", ".", "$", -1234.5), ("($1,234.50)", ".", "$", -1234.5),
        ("1.234,50 €", ",", "€", 1234.5), ("US$ 7", "", "US$", 7.0), ("12.3%", "", "%", 12.3), ("−5", "", "", -5.0),
        ("12,34,567.5", ".", "", 1234567.5), ("\u20137.5", "", "", -7.5), ("7", "", "$", 7.0),
        ("EUR 7", "", "EUR", 7.0),
    ],
)  # fmt: skip
def test_numbers_with_a_mark(cell: str, decimal: str, mark: str, number: float) -> None:
    style = TextStyle(decimals={"a": decimal}, marks={"a": mark})
    assert text_reader("a", "numeric", style)(cell) == number


@pytest.mark.parametrize(
    "cell", ["1990_91", "192.168.100.100", "1,23,4", "$5", "5%", "<0.05", "(5)", "1-2", "+-5", "5-"]
)
def test_what_is_no_number_in_a_plain_column(cell: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        text_reader("a", "numeric", TextStyle())(cell)
