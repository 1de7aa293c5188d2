"""The kernel that reads plain numbers, against Python's own `float`."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.ingest.readers.digits import AFTER, count_lines, read_numbers

digits = st.text(st.sampled_from("0123456789"), min_size=1, max_size=9)
exponents = st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(("", "+", "-")), st.integers(0, 30))
decimals = st.builds(
    "{}{}{}{}".format, st.sampled_from(("", "-")), digits, digits.map(lambda after: f".{after}") | st.just(""),
    exponents | st.just(""),
)  # fmt: skip
anything = st.text(st.sampled_from("0123456789.+-eE nNx\r\t\"'"), max_size=8)


PLAIN = re.compile(r"-?((?:0|[1-9][0-9]*)(?:\.([0-9]+))?)(?:[eE]([+-]?[0-9]{1,2}))?")


def is_plain(cell: str) -> bool:
    """Whether the kernel says that it reads such a cell."""
    if not (found := PLAIN.fullmatch(cell)):
        return False
    digits = len(found[1].replace(".", ""))
    return digits <= 15 and abs(int(found[3] or 0) - len(found[2] or "")) <= 22


def numbers(text: str, columns: int, may_lack: bool = True, delimiter: str = ",") -> list[list[float]] | None:
    """The columns of a text, with digits behind its end, as stale memory may hold; None when it is not read."""
    data = np.frombuffer(text.encode() + b"9" * AFTER, dtype=np.uint8)
    cells, gaps = np.full((columns, count_lines(data, 0, len(text))), 77.0), np.zeros(columns, np.int64)
    rows = read_numbers(data, 0, len(text), ord(delimiter), may_lack, cells, gaps)
    if rows < 0:
        return None
    assert rows == cells.shape[1]
    assert gaps.tolist() == np.isnan(cells).sum(axis=1).tolist()
    return cells.tolist()


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.lists(st.tuples(decimals | st.floats(allow_nan=False, allow_infinity=False).map(repr), decimals), min_size=1))
def test_what_is_read_is_what_python_reads(rows: list[tuple[str, str]]) -> None:
    found = numbers("".join(f"{one},{other}\n" for one, other in rows), 2)
    assert (found is not None) == all(map(is_plain, (cell for row in rows for cell in row)))
    if found is not None:
        expected = np.array([[float(cell) for cell in column] for column in zip(*rows, strict=True)])
        np.testing.assert_array_equal(np.array(found).view(np.uint64), expected.view(np.uint64))  # -0.0 too


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(anything, anything)
def test_plain_numbers_are_read_and_gaps_and_nothing_else(one: str, other: str) -> None:
    found = numbers(f"{one},{other}\n", 2)
    assert (found is not None) == all(not cell or is_plain(cell) for cell in (one, other.removesuffix("\r")))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0.0), ("-0.0", -0.0), ("7", 7.0), ("-12.5", -12.5), ("0.1", 0.1), ("123456789012345", 123456789012345.0),
        ("1.23456789012345", 1.23456789012345), ("0.00000001", 1e-8), ("-6e-7", -6e-7), ("1E+15", 1e15), ("5e22", 5e22),
        ("9.99999999999999e-5", 9.99999999999999e-5), ("3e05", 3e5),
    ],
)  # fmt: skip
def test_plain_number_is_read(cell: str, value: float) -> None:
    assert numbers(f"1,{cell}\n{cell},2\n", 2) == [[1, value], [value, 2]]


@pytest.mark.parametrize(
    "cell",
    ["007", "-01", "00", "+1", ".5", "5.", "1e", "1e+", "-", "--1", "1-", "1.2.3", "1e400", "1e23", "1e-23", "1 ", " 1",
     "1234567890123456", "0.1234567890123456", "12345678.123456789", "nan", "NA", "inf", "1_0", '"1"', "1\r", "é"],
)  # fmt: skip
def test_any_other_cell_is_left_to_another_reader(cell: str) -> None:
    assert numbers(f"1,2\n{cell},3\n4,5\n", 2) is None
    assert numbers(f"1,2\n3,{cell}x\n4,5\n", 2) is None


@pytest.mark.parametrize("text", ["1\n", "1,2,3\n", "1,2\n\n", "\n", ",\n3\n", "1,2\n3"])
def test_rows_of_another_width_are_left_to_another_reader(text: str) -> None:
    assert numbers(text.removesuffix("\n") + "\n", 2) is None


def test_empty_cells_are_gaps_where_they_may_be() -> None:
    text = "1,,3\r\n,,\r\n4,5,\r\n"
    assert str(numbers(text, 3)) == "[[1.0, nan, 4.0], [nan, nan, 5.0], [3.0, nan, nan]]"
    assert numbers(text, 3, may_lack=False) is None


def test_other_delimiters_are_read() -> None:
    assert numbers("1;2\n3;4.5\n", 2, delimiter=";") == [[1, 3], [2, 4.5]]
    assert numbers("1;2\n3;4.5\n", 2, delimiter="\t") is None
