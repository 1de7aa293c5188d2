"""A cell's meaning, from JSON and from the text of a CSV."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Categories, CellInvalid, Columns, Values, from_json, from_text, missing
from service.domain.cells.kinds import Kind
from service.domain.cells.times import is_time
from service.domain.cells.written import MISSING_WORDS, TextStyle, is_number

steady = settings(max_examples=60, deadline=None, derandomize=True)


def words(values: Values) -> list[str | None]:
    assert isinstance(values, Categories)
    return [None if code < 0 else values.values[code] for code in values.codes]


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("numeric", [1, -2.5, 0, 1e300, 2**60], [1.0, -2.5, 0.0, 1e300, float(2**60)]),
        ("boolean", [True, False], [1.0, 0.0]),
        ("datetime", ["1970-01-02", "1970-01-01T00:00:01.5Z"], [86400.0, 1.5]),
    ],
)
def test_json_cells_become_numbers(kind: Kind, cells: list[Any], expected: list[float]) -> None:
    values = from_json("c", kind, cells)
    assert isinstance(values, np.ndarray)
    assert values.tolist() == expected


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("numeric", ["1", " -2.5 ", "+.5", "1e3", "1E-3", "5.", "007", "−8", "NAN", ".", "--", "#REF!"],
         [1, -2.5, 0.5, 1000, 0.001, 5, 7, -8, *[math.nan] * 4]),
        ("boolean", ["true", "T", "YES", "y", "1", "False", "f", "no", "N", "0"], [1] * 5 + [0] * 5),
        ("datetime", ["1970-01-02", "1970-1-2", "1970/01/02", "1970-01-01 01:00", "1970-01-01T01:00:00+01:00"],
         [86400, 86400, 86400, 3600, 0]),
    ],
)  # fmt: skip
def test_text_cells_become_numbers(kind: Kind, cells: list[str], expected: list[float]) -> None:
    np.testing.assert_array_equal(from_text("c", kind, cells), expected)


@pytest.mark.parametrize("kind", ["categorical", "text"])
def test_categories_are_words_without_the_blanks_around_them(kind: Kind) -> None:
    cells = ["a", " a", "é", "a,b", 'say "x"', "line\nbreak", "a\t", "0"]
    expected = ["a", "a", "é", "a,b", 'say "x"', "line\nbreak", "a", "0"]
    assert words(from_text("c", kind, cells)) == expected
    assert words(from_json("c", kind, cells)) == expected


STYLE = TextStyle(
    missing=("", "-", "-999", "9"),
    decimals={"comma": ","},
    dates={"dmy": "dmy", "ymd": "ymd"},
    words={"b": ("No", "Yes")},
)


@pytest.mark.parametrize(
    ("column", "kind", "cells", "expected"),
    [
        ("n", "numeric", ["1.5", " 2 ", "NaN", "-", "-999", "-999.0", -999, -999.0, 1, 2.5, None],
         [1.5, 2, None, None, None, None, None, None, 1, 2.5, None]),
        ("comma", "numeric", ["1,5", "1.234,5", "-999,0", 1.5], [1.5, 1234.5, None, 1.5]),
        ("b", "boolean", ["Yes", "no", "T", "1", "0", 1, 0, 1.0, True, False, "-", 9, "9", None],
         [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, None, None, None, None]),
        ("dmy", "datetime", ["02/01/1970", "1970-01-02", "-", -999], [86400, 86400, None, None]),
        ("ymd", "datetime", [19700102, 19700102.0, "700102"[:0]], [86400, 86400, None]),
        ("c", "categorical", ["NA", " red ", "-", 3, 3.0, 2.5, -999, -999.0, 1e20, True],
         ["NA", "red", None, "3", "3", "2.5", None, None, "1e+20", "true"]),
        ("b", "categorical", [True, False], ["Yes", "No"]),
        ("c", "text", ["NA ", 10**17, "9"], ["NA", "100000000000000000", None]),
    ],
)  # fmt: skip
def test_json_cells_mean_what_the_same_cells_in_the_file_mean(
    column: str, kind: Kind, cells: list[Any], expected: list[Any]
) -> None:
    values = from_json(column, kind, cells, STYLE)
    if isinstance(values, Categories):
        assert words(values) == expected
    else:
        assert [None if math.isnan(value) else value for value in values.tolist()] == expected


@pytest.mark.parametrize("kind", ["numeric", "boolean", "datetime", "categorical", "text"])
def test_every_word_for_a_gap_is_a_missing_cell(kind: Kind) -> None:
    assert missing(from_text("c", kind, [*MISSING_WORDS, None])).all()
    assert missing(from_json("c", kind, [None, None])).all()
    assert missing(from_json("c", kind, list(MISSING_WORDS))).all()


@pytest.mark.parametrize(
    ("kind", "cell", "says"),
    [
        ("numeric", "x", "not a number; send null"), ("numeric", True, "true is not a number; send 1"),
        ("numeric", [1], "not a number; send a number, or null"), ("numeric", "1,5", "not a number"),
        ("numeric", math.nan, "finite"), ("numeric", -math.inf, "finite"), ("numeric", 10**400, "finite"),
        ("numeric", "inf", "no finite number; send null"), ("numeric", "1e400", "too large"),
        ("boolean", 2, '"2" is not true or false; send null'), ("boolean", 0.5, "true or false"),
        ("boolean", "maybe", "true or false"), ("boolean", [], "true or false; send true, false, or null"),
        ("datetime", 5, "date"), ("datetime", "yesterday", "date"), ("datetime", "2024-02-30", "date"),
        ("datetime", "2024-01-01T25:00:00", "date"), ("datetime", "10000-01-01", "date"),
        ("datetime", False, "false is not a date; send a string such as"), ("datetime", 10**400, "finite"),
        ("categorical", math.inf, "finite"), ("categorical", {}, "not a category; send a string, or null"),
    ],
)  # fmt: skip
def test_a_json_cell_of_another_kind_is_named_by_row_and_column(kind: Kind, cell: Any, says: str) -> None:
    with pytest.raises(CellInvalid, match=says) as raised:
        from_json("price", kind, [None, None, cell])
    assert (raised.value.row, raised.value.column) == (2, "price")


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("numeric", "x"), ("numeric", "1,5"), ("numeric", "0x1F"), ("numeric", "inf"), ("numeric", "1e400"),
        ("numeric", "1__0"), ("numeric", "- 1"), ("numeric", "1\u00a0"), ("numeric", "\u0661"),
        ("boolean", "maybe"), ("boolean", "2"), ("boolean", "on"),
        ("datetime", "01/02/2024"), ("datetime", "2024-13-01"), ("datetime", "20240101"), ("datetime", "epoch"),
        ("datetime", "2024-01-01 10:60"), ("datetime", "0000-01-01"), ("datetime", "2024-01/01"),
    ],
)  # fmt: skip
def test_a_text_cell_of_another_kind_is_named_by_row_and_column(kind: Kind, cell: str) -> None:
    with pytest.raises(CellInvalid) as raised:
        from_text("price", kind, ["", cell])
    assert (raised.value.row, raised.value.column) == (1, "price")
    assert cell in str(raised.value)


def test_a_long_cell_is_shown_in_part() -> None:
    with pytest.raises(CellInvalid) as raised:
        from_text("price", "numeric", ["x" * 10_000])
    assert len(str(raised.value)) < 200


@steady
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_means_the_same_as_json_and_as_text(number: float) -> None:
    for text in (repr(number), f"{number:.17g}", f"{number:.20e}"):
        assert from_text("c", "numeric", [text]) == from_json("c", "numeric", [number])
        assert is_number(text)


zones = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@steady
@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=zones), st.sampled_from("T ")
)
def test_a_time_is_what_pythons_datetime_says(moment: datetime, mark: str) -> None:
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    microseconds = (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    text = moment.isoformat(mark)
    assert from_text("c", "datetime", [text]) == microseconds / 1e6
    assert from_json("c", "datetime", [text]) == microseconds / 1e6
    assert is_time(text)


def test_the_end_of_a_day_is_the_start_of_the_next() -> None:
    end, start = np.asarray(from_text("c", "datetime", ["2024-02-28T24:00:00", "2024-02-29"]))
    assert end == start


def test_rows_are_taken_by_index_and_by_mask() -> None:
    columns = Columns({"n": np.array([1.0, 2.0, 3.0]), "c": Categories.of(["a", None, "b"])}, 3)
    by_mask = columns.take(np.array([True, False, True]))
    by_index = columns.take(np.array([2, 0, 2]))
    assert (by_mask.n_rows, by_index.n_rows) == (2, 3)
    assert by_mask.floats("n").tolist() == [1, 3]
    assert words(by_mask.categories("c")) == ["a", "b"]
    assert words(by_index["c"]) == ["b", "a", "b"]


def test_a_column_read_as_another_kind_is_a_programming_error() -> None:
    columns = Columns({"n": np.array([1.0]), "c": Categories.of(["a"])}, 1)
    with pytest.raises(TypeError):
        columns.floats("c")
    with pytest.raises(TypeError):
        columns.categories("n")
