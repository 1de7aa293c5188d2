"""What is too much has its own error; what is bad is kept, by physical line, as it stands in the file."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import WorkFailed
from tests.unit.workers.ingest.reading import LIMITS, MIB, READERS, read
from workers.ingest.load import Reader
from workers.ingest.readers.rejects import Reject, rejects_csv
from workers.ingest.typing.notes import noted


@pytest.mark.parametrize(
    ("limits", "data", "code"),
    [
        ({"rows": 2}, b"a,b\n1,2\n1,2\n1,2\n", "too_many_rows"),
        ({"columns": 1}, b"a,b\n1,2\n", "too_many_columns"),
        ({"cell_bytes": 10}, b"a,b\n1,2\n1," + b"x" * 11 + b"\n", "cell_too_long"),
        ({"cell_bytes": 1000}, b'a,b\n1,"' + "\u00e9".encode() * 501 + b'"\n', "cell_too_long"),
        ({"cell_bytes": 1000}, b"a,b\n1," + b"x" * 100_000, "cell_too_long"),
        ({"rejected_rows": 1}, b"a,b\n1,2\n1\n2\n3,4\n4,5\n", "too_many_rejects"),
    ],
)
@pytest.mark.parametrize("fastest", READERS)
def test_each_limit_has_its_own_error(
    limits: dict[str, int], data: bytes, code: str, fastest: Reader, tmp_path: Path
) -> None:
    with pytest.raises(WorkFailed) as raised:
        read(tmp_path, data, limits=dataclasses.replace(LIMITS, **limits), fastest=fastest)
    assert raised.value.code == code


def test_a_table_at_its_limits_is_read(tmp_path: Path) -> None:
    limits = dataclasses.replace(LIMITS, rows=2, columns=2, cell_bytes=10, rejected_rows=1)
    found = read(tmp_path, b"a,b\n1," + b"x" * 10 + b"\n2\n3,y\n", limits=limits)
    assert found.table == {"a": [1.0, 3.0], "b": ["x" * 10, "y"]}


def test_too_many_rejects_are_told_by_their_first_ten(tmp_path: Path) -> None:
    data = b"a,b\n1,2\n3,4\n" + b"x\n" * 20 + b"1,2\n" * 300
    with pytest.raises(WorkFailed) as raised:
        read(tmp_path, data, limits=dataclasses.replace(LIMITS, rejected_rows=15))
    assert [f"line {line}:" in raised.value.detail for line in (4, 13, 14)] == [True, True, False]


def test_rejects_of_both_sorts_are_in_the_order_of_the_file_with_their_text(tmp_path: Path) -> None:
    data = b'a,b\n"x\ny",oops\n' + b"u,1\n" * 30 + b"short\n" + b'"v\nw",no number\n'
    rejects = read(tmp_path, data).loaded.rejects
    assert [(reject.line, reject.column, reject.raw) for reject in rejects] == [
        (2, "b", '"x\ny",oops'), (34, "", "short"), (35, "b", '"v\nw",no number'),
    ]  # fmt: skip
    assert "oops" in rejects[0].reason


@pytest.mark.parametrize("row", [0, 1, 3, 5], ids=lambda row: f"row {row + 1}")
@pytest.mark.parametrize("line", ['"x', '"x,2', 'x,"2', '"x"y,2', 'x;"2', '"x\t2'])
@pytest.mark.parametrize("above", ["a,b\n", "a;b\n", "a\tb\n", "Sales of 2025,\n\na,b\n"])
def test_a_stray_quote_costs_its_own_row_alone_wherever_it_stands(
    above: str, line: str, row: int, tmp_path: Path
) -> None:
    mark = ";" if ";" in above else "\t" if "\t" in above else ","
    lines = [f"{number}{mark}{number / 2}" for number in range(6)]
    lines[row] = line
    found = read(tmp_path, (above + "\n".join(lines) + "\n").encode())
    rejects = found.loaded.rejects
    assert [(reject.line, reject.raw) for reject in rejects] == [(above.count("\n") + row + 1, line)]
    assert list(found.table) == ["a", "b"]
    assert found.table["a"] == [number for number in range(6) if number != row]


def test_a_spreadsheet_runs_no_cell_of_the_rejects() -> None:
    cells = ["=1+1", "+1", "-1", "@x", "\tx", "plain"]
    rows = list(csv.reader(io.StringIO(rejects_csv([Reject(1, cell, cell, cell) for cell in cells]).decode())))
    assert rows[0] == ["line", "column", "reason", "raw"]
    assert [row[3] for row in rows[1:]] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "plain"]


def test_a_byte_that_is_no_text_is_shown_in_the_rejects() -> None:
    assert b"\\udcff" in rejects_csv([Reject(1, "", "", "\udcff")])


def test_integers_that_are_rounded_are_noted() -> None:
    columns = [
        {"name": name, "kind": "numeric", "minimum": 0.0, "maximum": most, "whole": whole}
        for name, most, whole in (("exact", 2.0**53, True), ("large", 2.0**53 + 2, True), ("floats", 1e300, False))
    ]
    notes = {column["name"]: column["notes"] for column in noted(columns, {"exact": ["a note"]})}
    assert notes["exact"] == ["a note"]
    assert "2^53" in notes["large"][0]
    assert notes["floats"] == []


@pytest.mark.parametrize(
    "make",
    [
        lambda size: b"a,b\n" + b'x","z\n' * size, lambda size: b"a,b\n" + b'"x\n' * size,
        lambda size: b'a,b\n"x\n' + b'y""z,1\n' * size, lambda size: b"\n" * size + b"a,b\n1,2\n",
        lambda size: b"# a\n" * size + b"a,b\n1,2\n", lambda size: b"a,b\n" + b"," * (16 * size),
    ],
    ids=["quotes that open each other", "quotes that are never closed", "one quote before a long file", "blank lines",
         "comments", "a row of very many cells"],
)  # fmt: skip
def test_the_work_does_not_grow_with_the_square_of_the_file(make: Callable[[int], bytes], tmp_path: Path) -> None:
    """By processor time, the least of some tries, since others only add to it. For sixteen times the file the square
    would be 256 times as much: the limit between them leaves a busy machine room. What stray quotes have read again is
    bounded by the longest cell: that is no square of the file, so it is small here."""
    limits = dataclasses.replace(LIMITS, cell_bytes=MIB) if b'"' in make(1) else LIMITS

    def spent(size: int) -> float:
        data = make(size)
        began = time.process_time()
        with contextlib.suppress(WorkFailed):
            read(tmp_path, data, limits=limits)
        return time.process_time() - began

    spent(1000)  # what is imported late
    small, large = math.inf, math.inf
    for _ in range(3):
        small, large = min(small, spent(40_000)), min(large, spent(640_000))
        if large < 80 * max(small, 0.05):
            break
    assert large < 80 * max(small, 0.05)


def test_a_first_row_beyond_what_the_fast_reader_takes_is_not_left_out(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="5000001 cells"):
        read(tmp_path, b"a,b\n" + b"," * 5_000_000)
