"""CSV to predict: the fast and the careful way read the same, however the body is cut on its way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import Categories
from service.domain.cells.written import PLAIN, TextStyle
from service.domain.reading.dialect import Dialect
from service.errors import BodyMalformed
from service.reading import csv_rows
from service.reading.csv_rows import CsvRows
from service.reading.rows import Rows, in_pieces, joined

KINDS = {"n": "numeric", "w": "categorical", "b": "boolean", "t": "datetime"}
LONGEST = 1024 * 1024
steady = settings(max_examples=120, deadline=None, derandomize=True)

NUMBERS = (
    *("1", "-2.5", "1e3", "+7", " 8", "9 ", "007", "1_000", ".5", "5.", "NA", "", "nan", "inf", "1e400", "x", "0x1"),
    *("1,5", "-999", "1234567890123456789", "4.9e-324", "1.7976931348623157e308", "Infinity", "\t3", "3 4"),
    *(".", "--", "?", "#REF!", "−5", "–5", "$5", "5%", "1 234", "12,34,567", "1990_91", "192.168.1.1"),
)
WORDS = (
    "red",
    " blue ",
    "it's",
    'say "hi"',
    "Ω",
    "",
    "NA",
    "a;b",
    "a,b",
    "a\tb",
    "two\nlines",
    "#x",
    "\\N",
    "x\\",
    "0",
)
TRUTHS = ("true", "FALSE", "Yes", "n", "1", "0", "", "maybe", " t ")
TIMES = ("2024-02-29", "2024-02-29 12:00", "2024-02-29T12:00:00.5Z", "2024-02-30", "", "NULL", "29.02.2024", "today")
ROW = st.tuples(*map(st.sampled_from, (NUMBERS, WORDS, TRUTHS, TIMES)))


def rows_of(
    data: bytes, cuts: Sequence[int] = (), careful: bool = False, style: TextStyle = PLAIN, **options: Any
) -> Rows:
    model = options.pop("model", None)
    rows = CsvRows(pieces(data, cuts), KINDS, style, options, model, LONGEST, True, careful)
    return joined(list(in_pieces(rows.parts(), 7)))


@contextmanager
def small_blocks() -> Iterator[None]:
    """Blocks of a few lines, so that some are read ahead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "FIRST_BLOCK_BYTES", 40)
        patch.setattr(csv_rows, "BLOCK_BYTES", 60)
        yield


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return (data[start:stop] for start, stop in pairwise(places))


def seen(rows: Rows) -> dict[str, Any]:
    """Everything that is known of rows, to compare."""
    assert rows.lines is not None
    assert rows.table is not None
    columns = {}
    for name in KINDS:
        values = rows.columns[name]
        if isinstance(values, Categories):
            columns[name] = [None if code < 0 else values.values[code] for code in values.codes]
        else:
            columns[name] = [value.hex() for value in values.tolist()]
    wrong = sorted((one.row, one.column, one.detail) for one in rows.wrong)
    return {
        **columns,
        "lines": rows.lines.tolist(),
        "wrong": wrong,
        "table": [c.to_pylist() for c in rows.table.values()],
    }


def written(rows: Sequence[Sequence[str]], delimiter: str, end: str, quoting: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([list(KINDS), *rows])
    return out.getvalue().encode()


@steady
@given(
    st.lists(ROW, min_size=1, max_size=40),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.lists(st.integers(0, 10_000), max_size=6),
    st.sampled_from([PLAIN, TextStyle(("", "-999"), ""), TextStyle(("", "NA"), ",")]),
)
def test_both_ways_read_the_same_however_the_body_is_cut(
    rows: list[tuple[str, ...]], delimiter: str, end: str, quoting: Any, cuts: list[int], style: TextStyle
) -> None:
    data = written(rows, delimiter, end, quoting)
    careful = seen(rows_of(data, (), True, style, delimiter=delimiter))
    with small_blocks() if len(cuts) % 2 else nullcontext():
        assert seen(rows_of(data, cuts, False, style, delimiter=delimiter)) == careful
    assert careful["table"] == [[row[at] for row in rows] for at in range(4)]


FLAWS = (
    *("1,a,t,2024-01-01", "2,b,f,", "3,c", "", '4,"d', "x,e,t,", "5,f,t,2024-01-01,9", "  ", "6,\0,t,"),
    *("# note", '7,"g""h",t,', "8,\xe9,t,", "9,i,t,\r"),
)


@steady
@given(
    st.lists(st.sampled_from(FLAWS), max_size=30),
    st.lists(st.integers(0, 1000), max_size=5),
)
def test_flaws_are_found_on_the_same_lines_by_both_ways(lines: list[str], cuts: list[int]) -> None:
    data = "\n".join(["n,w,b,t", "0,z,t,2024-01-01", *lines, ""]).encode()
    careful = seen_or_refused(data, (), True)
    with small_blocks() if len(cuts) % 2 else nullcontext():
        assert seen_or_refused(data, cuts) == careful


def seen_or_refused(data: bytes, cuts: Sequence[int], only_careful: bool = False) -> Any:
    """What is read; the sentence where the body is no text, for so many NULs are in none."""
    try:
        return seen(rows_of(data, cuts, only_careful, header=True, delimiter=","))
    except BodyMalformed as error:
        return error.detail


def test_the_careful_way_goes_on_where_the_fast_one_stopped() -> None:
    plain = [f"{row},w{row % 7},t,2024-01-01" for row in range(60_000)]
    lines = ["n,w,b,t", *plain, '60000,"a, b",t,', "oops,x,t,", *plain]
    rows = rows_of("\n".join(lines).encode())
    assert rows.n_rows == 120_002
    assert rows.lines is not None
    assert rows.lines.tolist() == list(range(2, 120_004))
    assert [(one.row, one.column) for one in rows.wrong] == [(60_001, "n")]
    numbers = rows.columns.floats("n")
    assert numbers[:60_001].tolist() == list(range(60_001))
    assert numbers[60_002:].tolist() == list(range(60_000))


def test_what_the_model_was_told_of_its_file_holds_where_the_body_shows_nothing_else() -> None:
    model = Dialect("iso8859-15", "^", header=False)
    kinds = {"column_1": "numeric", "column_2": "categorical"}

    def names(data: bytes, **options: Any) -> Any:
        rows = CsvRows(iter([data]), kinds, PLAIN, options, model, LONGEST)
        columns = joined(list(rows.parts())).columns
        return columns.floats("column_1").tolist(), columns.categories("column_2").values

    assert names("1^€\n2^b\n".encode("iso8859-15")) == ([1.0, 2.0], ("€", "b"))
    assert names("1,é\n2,b\n".encode()) == ([1.0, 2.0], ("é", "b"))
    assert names(b"column_2;column_1\na;1\nb;2\n") == ([1.0, 2.0], ("a", "b"))
    assert names(b"1 a\n2 b\n", delimiter=" ") == ([1.0, 2.0], ("a", "b"))


def test_letters_beyond_ascii_settle_the_encoding_where_they_first_come() -> None:
    plain = b"n,w,b,t\n" + b"1,x,t,\n" * 60_000
    for encoding, model in (("utf-8", None), ("windows-1252", None), ("iso8859-15", Dialect("iso8859-15", ","))):
        rows = rows_of(plain + "2,é€,t,\n".encode(encoding), model=model)
        assert rows.columns.categories("w").values == ("x", "é€")


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(BodyMalformed, match="ADALINE_MAX_CELL_BYTES"):
        rows_of(b"n,w,b,t\n1," + b"x" * (4 * LONGEST) + b",t,\n")


def test_pieces_have_a_fixed_number_of_rows_whatever_blocks_come() -> None:
    def parts() -> Iterator[Rows]:
        rows = rows_of(b"n,w,b,t\n" + b"".join(b"%d,w%d,t,\n" % (row, row % 3) for row in range(100)))
        for start, stop in ((0, 1), (1, 30), (30, 31), (31, 90), (90, 100)):
            yield rows.slice(start, stop)

    made = list(in_pieces(parts(), 16))
    assert [piece.n_rows for piece in made] == [16] * 6 + [4]
    assert np.concatenate([piece.columns.floats("n") for piece in made]).tolist() == list(range(100))
    words = [
        piece.columns.categories("w").values[code] for piece in made for code in piece.columns.categories("w").codes
    ]
    assert words == [f"w{row % 3}" for row in range(100)]
