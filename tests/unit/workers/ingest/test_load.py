"""A CSV becomes a typed table; a row that does not fit is kept apart, with its line."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest

from service.errors import WorkFailed
from tests.unit.workers.ingest.reading import ingest
from workers.ingest.readers.rejects import Reject, rejects_csv


def column(tmp_path: Path, *cells: str, **options: object) -> tuple[str, list[object]]:
    """The kind of a column and its cells, beside a column of numbers."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["n", "x"], *([number, cell] for number, cell in enumerate(cells))])
    done = ingest(tmp_path / "one", out.getvalue(), **options)
    assert done.rejects == []
    return done.kinds["x"], done.cells("x")


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["1", "-2.5", "", "1e3"], "numeric", [1.0, -2.5, None, 1000.0]),
        (["0", "1", "1"], "numeric", [0.0, 1.0, 1.0]),
        (["true", "False", "NA"], "boolean", [True, False, None]),
        (["yes", "no"], "boolean", [True, False]),
        (["2024-01-31", "", "2024-02-01"], "datetime", [datetime(2024, 1, 31), None, datetime(2024, 2, 1)]),
        (["2024-01-31T12:00:00Z", "2024-01-31 12:00:00.5"], "datetime",
         [datetime(2024, 1, 31, 12), datetime(2024, 1, 31, 12, 0, 0, 500_000)]),
        (["2024-01-31T01:00:00+02:00"], "datetime", [datetime(2024, 1, 30, 23)]),
        (["red", "blue", "null"], "categorical", ["red", "blue", None]),
        (["007", "012"], "categorical", ["007", "012"]),
        (["31/01/2024", "01/02/2024"], "datetime", [datetime(2024, 1, 31), datetime(2024, 2, 1)]),
        (["1", "two"], "categorical", ["1", "two"]),
        (["", "", ""], "categorical", [None, None, None]),
    ],
)  # fmt: skip
def test_a_column_is_what_all_its_cells_are(
    tmp_path: Path, cells: list[str], kind: str, expected: list[object]
) -> None:
    assert column(tmp_path, *cells) == (kind, expected)


@pytest.mark.parametrize(
    ("declared", "cells", "expected"),
    [
        ("categorical", ["1", "2"], ["1", "2"]), ("boolean", ["1", "0"], [True, False]),
        ("text", ["a", "b"], ["a", "b"]), ("datetime", ["2024-01-31"], [datetime(2024, 1, 31)]),
    ],
)  # fmt: skip
def test_a_declared_kind_goes_first(tmp_path: Path, declared: str, cells: list[str], expected: list[object]) -> None:
    assert column(tmp_path, *cells, types={"x": declared}) == (declared, expected)


def test_a_kind_declared_for_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="nope") as raised:
        ingest(tmp_path, "a,b\n1,2\n", types={"nope": "numeric"})
    assert raised.value.code == "unknown_column"


def test_the_machines_time_zone_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert column(tmp_path, "2024-07-01 12:00")[1] == [datetime(2024, 7, 1, 12)]


def test_long_free_words_are_text_and_few_words_are_categories(tmp_path: Path) -> None:
    done = ingest(
        tmp_path,
        "id,long,colour\n" + "".join(f"name {n},{'x' * 150},{('red', 'blue')[n % 2]}\n" for n in range(50)),
    )
    assert done.kinds == {"id": "text", "long": "text", "colour": "categorical"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_encoding_gives_the_same_table(tmp_path: Path, encoding: str, newline: str) -> None:
    text = newline.join(["größe,when", "é,2024-01-01", '"a\u2028b",2024-01-02', ""])
    done = ingest(tmp_path, text.encode(encoding))
    assert done.cells("größe") == ["é", "a\u2028b"]
    assert done.kinds["when"] == "datetime"


def test_latin_1_is_read_when_it_is_declared(tmp_path: Path) -> None:
    done = ingest(tmp_path, "größe,b\né,1\n".encode("latin-1"), encoding="latin-1")
    assert done.cells("größe") == ["é"]


def test_a_byte_outside_the_encoding_far_into_the_file_is_named_by_its_line(tmp_path: Path) -> None:
    data = ("a,b\n" + "1,2\n" * 300_000).encode("utf-16") + b"\x00\xd8"
    with pytest.raises(WorkFailed, match="line 300002") as raised:
        ingest(tmp_path, data)
    assert raised.value.code == "not_text"


def test_a_bad_row_is_told_by_its_physical_line_after_cells_of_many_lines(tmp_path: Path) -> None:
    good = '"one\ntwo\nthree",1\n' * 20
    done = ingest(tmp_path, f"name,price\n{good}x,many\n{good}y\n{good}z,3,4\n", types={"price": "numeric"})
    # the header is line 1, each good row takes three
    assert [(reject.line, reject.raw) for reject in done.rejects] == [(62, "x,many"), (123, "y"), (184, "z,3,4")]
    assert done.rejects[0].column == "price"
    assert "many" in done.rejects[0].reason
    assert done.table.rows == 60


def test_a_row_with_several_bad_cells_is_one_reject(tmp_path: Path) -> None:
    done = ingest(tmp_path, "a,b\n" + "1,2\n" * 40 + "x,y\n" + "3,4\n", types={"a": "numeric", "b": "numeric"})
    assert [reject.line for reject in done.rejects] == [42]
    assert done.cells("a")[-1] == 3.0


def test_a_column_whose_later_cells_are_words_is_text_after_all(tmp_path: Path) -> None:
    numbers = "1.5,x\n" * 50_000  # beyond the first part, by which types are found
    done = ingest(tmp_path, "a,b\n" + numbers + "soon,x\n" * 20_000)
    assert done.kinds["a"] == "categorical"
    assert done.table.rows == 70_000
    assert done.rejects == []


def test_more_bad_rows_than_allowed_fail_with_the_first_of_them(tmp_path: Path) -> None:
    data = "a,b\n" + "1,2\n" * 200 + "1,2,3\n" * 6
    with pytest.raises(WorkFailed, match="line 202") as raised:
        ingest(tmp_path, data, most_rejects=5)
    assert raised.value.code == "too_many_rejects"
    assert len(ingest(tmp_path, data, most_rejects=6).rejects) == 6


def test_rejects_are_a_csv_that_no_spreadsheet_runs() -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
    rows = [Reject(number, "b", "why", raw) for number, raw in enumerate(formulas)] + [
        Reject(9, "=b", "a,b", 'say "x"')
    ]
    read = list(csv.reader(io.StringIO(rejects_csv(rows).decode(), newline="")))
    assert read[0] == ["line", "column", "reason", "raw"]
    assert [row[3] for row in read[1:-1]] == ["'" + raw for raw in formulas]
    assert read[-1] == ["9", "'=b", "a,b", 'say "x"']


@pytest.mark.parametrize("name", ["select", 'a "quoted" name', "it's", "with,comma", "x;y", "ß", "a.b", "100%", "{}"])
def test_any_name_can_name_a_column(tmp_path: Path, name: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[name, "n", "t"], [1.5, 2, "2024-01-01"], ["", 3, ""]])
    done = ingest(tmp_path, out.getvalue())
    assert done.cells(name) == [1.5, None]
    assert done.kinds == {name: "numeric", "n": "numeric", "t": "datetime"}


def test_cells_of_many_lines_and_quotes_come_through_whole(tmp_path: Path) -> None:
    cells = ["a,b", 'say "x"', "one\ntwo", "one\r\ntwo", "sp  aced", "'", "\\n", "Ω≈ç", "=1+1", "x" * 10_000]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["c", "n"], *([cell, 1] for cell in cells)])
    assert ingest(tmp_path, out.getvalue(), types={"c": "categorical"}).cells("c") == cells
