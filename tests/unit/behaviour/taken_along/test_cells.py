"""predict.py reads cells and files as the service does: it is a second text of the same meaning, held equal here."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.readers import json_reader, text_reader
from service.domain.cells.times import ORDERS
from service.domain.cells.written import TextStyle
from service.domain.model.feature import Feature
from tests.unit.workers.export.made import write_files
from tests.unit.workers.export.test_graph import of_one
from tests.unit.workers.ingest.corpus import HEADERS, Case
from tests.unit.workers.ingest.reading import read
from workers.export.standalone.cells import read_cell
from workers.export.standalone.command import rows_of
from workers.export.standalone.predict import predict

steady = settings(max_examples=300, deadline=None, derandomize=True)
DIGITS = st.sampled_from("0123456789")
MARKS = st.sampled_from(
    ["", "", "", "-", "+", ".", ",", " ", "'", "\u2019", "\u00a0", "\u202f", "e", "E", "_", "N", "a"]
)
NUMBERS = st.lists(st.tuples(MARKS, DIGITS), max_size=10).map(lambda parts: "".join(a + b for a, b in parts))
GROUPED = st.tuples(
    st.sampled_from(["", "-"]), st.integers(0, 999), st.lists(st.integers(0, 999), max_size=3), st.sampled_from(",. '"),
    st.sampled_from(["", ".5", ",25", ".", ","]),
).map(lambda it: it[0] + it[3].join([str(it[1]), *(f"{one:03}" for one in it[2])]) + it[4])  # fmt: skip
TIMES = st.tuples(
    st.datetimes().filter(lambda it: it.year >= 1000),
    st.sampled_from([
        "%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%f+05:30", "%d.%m.%Y", "%d/%m/%y",
        "%Y%m%d",
        "%m-%d-%Y %I:%M %p", "%d %B %Y", "%b %d, %Y", "%d-%b-%Y %H:%M:%S", "%Y %m %d", "%d %m %Y, %H:%M", "%y-%m-%d",
        "%Y-%m-%dT%H:%M:%S-0800", "%Y-%m-%d %H:%M UTC", "%d. %B %Y", "%Y\\%m\\%d",
    ]),
).map(lambda it: it[0].strftime(it[1]))  # fmt: skip
WORDS = st.sampled_from(
    ["true", "F", "Yes", "no", "1", "0", "t", "N", "NA", "", " ", "nan", "-999", "-999.0", "x y", "<NA>"]
)
TEXTS = st.one_of(NUMBERS, GROUPED, TIMES, WORDS, st.text(max_size=5))
BLANKS = st.sampled_from(["", "", " ", "\t", "  "])
STYLES = st.builds(
    lambda missing, mark, order, words: TextStyle(missing, mark, {"other": ","}, {"a": order} if order else {}, words),
    st.sampled_from([TextStyle().missing, ("",), ("", "-999", "?"), ("", "-999,0", "x y")]),
    st.sampled_from(["", ".", ","]),
    st.sampled_from(["", *ORDERS]),
    st.sampled_from([{}, {"a": ("nein", "ja")}]),
)
KINDS = st.sampled_from(["numeric", "boolean", "datetime", "categorical"])


def same(ours: Any, theirs: Any) -> bool:
    """NaN and None are missing to both."""
    gaps = [one is None or one != one for one in (ours, theirs)]
    return gaps[0] == gaps[1] and (gaps[0] or ours == theirs)


@steady
@given(TEXTS, BLANKS, STYLES, KINDS)
def test_text_that_the_service_reads_is_read_the_same(text: str, blank: str, style: TextStyle, kind: str) -> None:
    cell = blank + text + blank
    try:
        expected = text_reader("a", kind, style)(cell)
    except ValueError:
        return
    assert same(read_cell(cell, "a", kind, style.to_json()), expected)


@steady
@given(st.one_of(NUMBERS, GROUPED, WORDS, st.text(max_size=5)), STYLES, st.sampled_from(["numeric", "boolean"]))
def test_text_that_the_service_refuses_is_refused(text: str, style: TextStyle, kind: str) -> None:
    try:
        text_reader("a", kind, style)(text)
    except ValueError:
        with pytest.raises((ValueError, KeyError)):
            read_cell(text, "a", kind, style.to_json())


@steady
@given(
    st.one_of(st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.sampled_from([-999, 1, 0, 20240229])),
    STYLES, KINDS,
)  # fmt: skip
def test_json_cells_are_read_the_same(cell: Any, style: TextStyle, kind: str) -> None:
    if isinstance(cell, float) and math.isnan(cell):
        assert read_cell(cell, "a", kind, style.to_json()) is None  # as pandas holds a gap
        return
    try:
        expected = json_reader("a", kind, style)(cell)
    except ValueError:
        return
    assert same(read_cell(cell, "a", kind, style.to_json()), expected)


@pytest.mark.parametrize("cell", [math.inf, -math.inf, 10**400, "1e999", "Infinity", True, [1], {}])
def test_what_is_no_number_is_refused_with_its_place(cell: Any, tmp_path: Path) -> None:
    write_files(tmp_path, of_one(Feature("a", "numeric", fill=0.0)))
    with pytest.raises(ValueError, match="row 2, 'a'"):
        predict([{"a": 1}, {"a": cell}], tmp_path)


def test_gap_that_nothing_fills_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, of_one(Feature("a", "numeric")))
    with pytest.raises(ValueError, match="row 1: 'a' is missing"):
        predict([{"a": None}], tmp_path)


def test_feature_that_a_row_does_not_have_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, of_one(Feature("a", "numeric")))
    with pytest.raises(KeyError, match="row 2 has no feature 'a'"):
        predict([{"a": 1}, {"b": 1}], tmp_path)


def test_no_rows_have_no_answers(tmp_path: Path) -> None:
    write_files(tmp_path, of_one(Feature("a", "numeric")))
    assert predict([], tmp_path) == []


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("a,b\n1,2\n3,4\n", None),
        ("a;b\r\n1;2\r\n\r\n3;4\r\n", {"delimiter": ";"}),
        ("# made by hand\n\na\tb\n1\t2\n# more\n3\t4\n", {"delimiter": "\t", "comment": "#"}),
        ("A title\nand another\na,b\n1,2\n3,4\n", {"skipped_lines": 2}),
        ("1,2\n3,4\n", {"header": False}),
        ("\ufeff'a', 'b'\n'1', '2'\n'3', '4'\n", {"quote": "'", "blanks_before_quotes": True}),
        ("a  b\n1  2\n3  4\n", {"delimiter": " "}),
        ('"a","b"\n"1","2"\n"3","4"\n', {"encoding": "utf-16"}),
        ('a,b\n1,"x \\" y"\n3,4\n', {"escape": "\\"}),
    ],
)
def test_files_are_read_in_the_dialect_of_the_dataset(text: str, dialect: dict | None, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    told = {"encoding": "utf-8", "delimiter": ",", **(dialect or {})}
    path.write_bytes(text.encode(told["encoding"]))
    rows = list(rows_of(path, {"dialect": dialect and told}))
    names = ("column_1", "column_2") if told.get("header") is False else ("a", "b")
    second = 'x " y' if "escape" in told else "2"
    assert rows == [{names[0]: "1", names[1]: second}, {names[0]: "3", names[1]: "4"}]


def test_row_of_another_width_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(ValueError, match="line 3: 3 cells, but there are 2 columns"):
        list(rows_of(tmp_path / "rows.csv", {}))


def test_answers_as_csv_are_those_of_the_function(tmp_path: Path) -> None:
    cells = np.random.default_rng(0).normal(size=20).tolist()
    write_files(tmp_path, of_one(Feature("a", "numeric", fill=0.0), [0.1]))
    out = io.StringIO()
    csv.writer(out).writerows([["a"], *([cell] for cell in cells)])
    (tmp_path / "rows.csv").write_text(out.getvalue())
    assert predict(list(rows_of(tmp_path / "rows.csv", {})), tmp_path) == predict(
        [{"a": cell} for cell in cells], tmp_path
    )


@pytest.mark.parametrize("case", [case for case in HEADERS if case.table], ids=lambda case: case.name)
def test_a_file_has_the_columns_and_rows_that_ingest_has_found(case: Case, tmp_path: Path) -> None:
    found = read(tmp_path, case.data, case.options).loaded
    (tmp_path / "rows.csv").write_bytes(case.data)
    rows = rows_of(tmp_path / "rows.csv", {"dialect": found.dialect_json()})
    if not found.rejects or all(reject.column for reject in found.rejects):
        rows = list(rows)
        assert len(rows) == found.rows + len(found.rejects)
        assert all(list(row) == list(found.kinds) for row in rows)
    else:
        with pytest.raises(ValueError, match=f"line {found.rejects[0].line}: "):
            list(rows)
