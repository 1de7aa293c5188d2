"""Arrow columns of every type mean what the same cells in a file mean; so says a table, and the reader of texts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Categories, CellInvalid, Values, from_json, from_text
from service.domain.cells.kinds import Kind
from service.domain.cells.written import TextStyle
from service.reading.arrow.values import ColumnInvalid, read_values, values_of

steady = settings(max_examples=150, deadline=None, derandomize=True)
STYLE = TextStyle(
    missing=("", "-", "-999", "9"),
    decimals={"comma": ","},
    marks={"usd": "$", "share": "%"},
    dates={"dmy": "dmy", "ymd": "ymd"},
    words={"b": ("No", "Yes")},
)
DAY, NOON = date(1970, 1, 2), datetime(1970, 1, 2, 12)
TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()))


def plain(values: Values) -> list[Any]:
    """Words or numbers, None where missing."""
    if isinstance(values, Categories):
        return [None if code < 0 else values.values[code] for code in values.codes]
    return [None if math.isnan(value) else value for value in values.tolist()]


@pytest.mark.parametrize(
    ("column", "kind", "cells", "expected"),
    [
        ("n", "numeric", pa.array([1, -999, None], pa.int16()), [1, None, None]),
        ("n", "numeric", pa.array([2**64 - 1, 9], pa.uint64()), [2.0**64, None]),
        ("n", "numeric", pa.array([1.5, math.nan, -999, None]), [1.5, None, None, None]),
        ("n", "numeric", pa.array([0.1, None], pa.float32()), [0.10000000149011612, None]),
        ("n", "numeric", pa.array([Decimal("0.10"), Decimal("-999.00"), None]), [0.1, None, None]),
        ("n", "numeric", pa.array([Decimal("12345678.9012345")]), [12345678.9012345]),
        ("n", "numeric", pa.array([1, 9, 1]).dictionary_encode(), [1, None, 1]),
        ("n", "numeric", pa.nulls(2), [None, None]),
        ("n", "numeric", pa.chunked_array([[1.0], [2.0, None]]), [1, 2, None]),
        ("n", "numeric", pa.chunked_array([], pa.string()), []),
        ("b", "boolean", pa.array([True, False, None]), [1, 0, None]),
        ("b", "boolean", pa.array([1, 0, 9, None]), [1, 0, None, None]),
        ("b", "boolean", pa.array([1.0, 0.0, math.nan]), [1, 0, None]),
        ("t", "datetime", pa.array([DAY, None]), [86400, None]),
        ("t", "datetime", pa.array([DAY], pa.date64()), [86400]),
        ("t", "datetime", pa.array([NOON, None], pa.timestamp("s")), [129600, None]),
        ("t", "datetime", pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("ms", "Asia/Tokyo")), [129600]),
        ("t", "datetime", pa.array([-1, 1999, None], pa.timestamp("ns")), [-1e-6, 1e-6, None]),
        ("ymd", "datetime", pa.array([19700102, -999]), [86400, None]),
        ("ymd", "datetime", pa.array([19700102.0, math.nan]), [86400, None]),
        ("c", "categorical", pa.array([3, -999, None]), ["3", None, None]),
        ("c", "categorical", pa.array([3.0, 2.5, -999, 1e20, math.nan]), ["3", "2.5", None, "1e+20", None]),
        ("c", "categorical", pa.array([0.1, 3, math.nan], pa.float32()), ["0.1", "3", None]),
        ("c", "categorical", pa.array([Decimal("3.00"), Decimal("2.50")]), ["3", "2.50"]),
        ("c", "categorical", pa.array([True, None]), ["true", None]),
        ("b", "categorical", pa.array([True, False]), ["Yes", "No"]),
        ("c", "text", pa.array([DAY, None]), ["1970-01-02", None]),
        ("c", "categorical", pa.array([NOON + timedelta(milliseconds=500)]), ["1970-01-02 12:00:00.5"]),
        ("c", "categorical", pa.nulls(1), [None]),
    ],
)  # fmt: skip
def test_a_column_of_any_type_is_read(column: str, kind: Kind, cells: Any, expected: list[Any]) -> None:
    assert plain(values_of(column, kind, cells, STYLE)) == expected
    if len(cells) > 1:
        assert plain(values_of(column, kind, cells.slice(1), STYLE)) == expected[1:]


@pytest.mark.parametrize("type", TEXTS, ids=str)
@pytest.mark.parametrize(
    ("column", "kind", "cells"),
    [
        ("n", "numeric", ["1", " 2.5", "-999", "-999.0", "NaN", "−8", "-", "", None, ".", "#REF!"]),
        ("usd", "numeric", ["$1", "-$2.5", "$-3", "(4)", "($5)", "6 $", "$ 7", "-999", "$-999", "8", "--", None]),
        ("usd", "numeric", ["1", "2.5", None]),
        ("share", "numeric", ["12.3%", "4 %", "-5%", "0.5", "", None]),
        ("n", "numeric", ["1", "2.5", "+3", "-"]),
        ("n", "numeric", ["1", "2.5", "-", None]),
        ("comma", "numeric", ["1,5", "1.234,5", "-999,0", "-", "7"]),
        ("comma", "numeric", ["1,5", ",5", "7,", "1e3"]),
        ("b", "boolean", ["Yes", "no ", "T", "1", "0", "-", "9", None]),
        ("t", "datetime", ["1970-01-02", "1970-01-02 12:00:00.5", "2 Jan 1970", "-", None]),
        ("dmy", "datetime", ["02/01/1970", "1970-01-02", "", None] * 3),
        ("c", "categorical", ["red", " red", "NA", "-", "9 ", None]),
        ("c", "text", ["red", "red\n", "-999"]),
    ],
)  # fmt: skip
def test_texts_are_read_as_cells_of_a_file(column: str, kind: Kind, cells: list[str | None], type: pa.DataType) -> None:
    expected = plain(from_text(column, kind, cells, STYLE))
    array = pa.array(cells, pa.string())
    array = array.dictionary_encode() if pa.types.is_dictionary(type) else array.cast(type)
    assert plain(values_of(column, kind, array, STYLE)) == expected
    assert plain(from_json(column, kind, cells, STYLE)) == expected


@pytest.mark.parametrize(
    ("column", "kind", "cells", "row", "says"),
    [
        ("n", "numeric", pa.array(["1", None, "x", "y"]), 2, '"x" is not a number; use null'),
        ("n", "numeric", pa.array(["1", "inf"]), 1, "not a finite number"),
        ("n", "numeric", pa.array(["1", "1e400"]), 1, "too large"),
        ("n", "numeric", pa.array([1.0, math.inf]), 1, "not a finite number; use null"),
        ("n", "numeric", pa.array([None, True]), 1, "true is not a number; send 1"),
        ("comma", "numeric", pa.array(["1,5", "1.5"]), 1, "with a decimal comma"),
        ("b", "boolean", pa.array([1, 2]), 1, '"2" is not true or false'),
        ("b", "boolean", pa.array(["Yes", "maybe"]).dictionary_encode(), 1, '"maybe" is not true or false'),
        ("b", "boolean", pa.array([Decimal("0.5")]), 0, '"0.5" is not true or false'),
        ("dmy", "datetime", pa.array(["31/12/1970", "12/31/1970"]), 1, "day/month/year"),
        ("t", "datetime", pa.array([None, 5]), 1, '"5" is not a readable date'),
        ("t", "datetime", pa.array([True]), 0, "true is not a date"),
        ("c", "categorical", pa.array([1.0, -math.inf]), 1, "finite"),
    ],
)  # fmt: skip
def test_the_first_cell_that_cannot_be_read_is_named(column: str, kind: Kind, cells: Any, row: int, says: str) -> None:
    with pytest.raises(CellInvalid, match=says) as raised:
        values_of(column, kind, cells, STYLE)
    assert (raised.value.row, raised.value.column) == (row, column)
    values, wrong = read_values(column, kind, cells, STYLE)
    assert wrong is not None
    assert int(np.argmax(wrong)) == row
    assert plain(values)[row] is None


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("numeric", pa.array([[1.0]])), ("numeric", pa.array([DAY])), ("boolean", pa.array([NOON])),
        ("categorical", pa.array([b"x"])), ("datetime", pa.array([timedelta(1)])),
        ("categorical", pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("s", "Asia/Tokyo"))),
    ],
)  # fmt: skip
def test_a_column_of_a_type_without_meaning_is_refused(kind: Kind, cells: Any) -> None:
    with pytest.raises(ColumnInvalid, match="convert it"):
        values_of("c", kind, cells, STYLE)


AWKWARD = st.text(st.sampled_from("0123456789.,+-eE_ \t/naifYes\u00a0"), max_size=7) | st.sampled_from(
    ("-999", "-999 ", "NA", "nan(1)", "infinity", "yes", "02/01/1970", "1970-01-02", "1 000,5", "1.000", "0x1p3")
)


@steady
@given(
    st.lists(st.none() | AWKWARD, min_size=1, max_size=12),
    st.sampled_from(("numeric", "boolean", "datetime", "categorical")),
    st.sampled_from(("", ".", ",")), st.sampled_from(("", "dmy", "mdy", "ymd")),
    st.sampled_from((("", "NA"), ("", "-999"), ("", "0", "1.000"))),
)  # fmt: skip
def test_any_texts_are_read_as_one_by_one(
    cells: list[str | None], kind: Kind, decimal: str, order: str, missing: tuple[str, ...]
) -> None:
    style = TextStyle(missing, decimal, dates={"x": order} if order else {})
    values, wrong = read_values("x", kind, pa.array(cells, pa.string()), style)
    found = [("wrong",) if wrong is not None and wrong[row] else one for row, one in enumerate(plain(values))]
    assert found == [_alone(kind, cell, style) for cell in cells]


def _alone(kind: Kind, cell: str | None, style: TextStyle) -> Any:
    try:
        return plain(from_text("x", kind, [cell], style))[0]
    except CellInvalid:
        return ("wrong",)
