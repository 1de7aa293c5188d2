"""Random tables in random dialects come back exactly; all readers agree; ingest and prediction mean the same."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cells.columns import CellInvalid, from_text
from service.domain.cells.kinds import Kind
from service.domain.cells.written import MISSING_WORDS, TextStyle
from service.errors import WorkFailed
from service.reading.arrow.cells import read_cells
from tests.unit.workers.ingest.reading import READERS, read
from workers.ingest.load import Reader
from workers.ingest.readers import unquoted

steady = settings(max_examples=100, deadline=None, derandomize=True)
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=("Cs",))
words = st.text(LETTERS, max_size=12).filter(lambda word: word.strip(" \t\n\v\f\r") not in MISSING_WORDS)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """At least one column of words and one of numbers, with gaps."""
    rows = draw(st.integers(1, 8))
    cells = {"text": st.none() | words, "number": st.none() | numbers}
    names = ["text", "number", *draw(st.lists(st.sampled_from(("text", "number")), max_size=3))]
    return {
        f"{kind} {place}": draw(st.lists(cells[kind], min_size=rows, max_size=rows)) for place, kind in enumerate(names)
    }


def written(table: dict[str, list[Any]], delimiter: str, end: str, decimal: str = ".", **how: Any) -> str:
    """The table as a CSV by Python's writer."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, **how)
    writer.writerow(list(table))
    for row in zip(*table.values(), strict=True):
        writer.writerow(
            [
                "" if cell is None else cell if isinstance(cell, str) else repr(cell).replace(".", decimal)
                for cell in row
            ]
        )
    return out.getvalue()


def kinds(table: dict[str, list[Any]]) -> dict[str, str]:
    return {name: "text" if name.startswith("text") else "numeric" for name in table}


@steady
@given(
    tables(), st.sampled_from(",;\t|:"), st.sampled_from(("\n", "\r\n", "\r")), st.sampled_from(ENCODINGS),
    st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC)), st.sampled_from(".,"),
)  # fmt: skip
def test_a_random_table_in_a_random_dialect_is_read_back(
    table: dict[str, list[Any]], delimiter: str, end: str, encoding: str, quoting: int, decimal: str
) -> None:
    if end == "\r":  # the writer does not quote a line feed for itself then
        quoting = csv.QUOTE_ALL
    text = written(table, delimiter, end, decimal, quoting=quoting)
    options = {"delimiter": delimiter, "types": kinds(table), "encoding": encoding, "decimal": decimal}
    with tempfile.TemporaryDirectory() as directory:
        found = read(Path(directory), text.encode(encoding), options)
    assert found.table == {name: list(map(without_blanks, cells)) for name, cells in table.items()}
    assert found.loaded.rejects == []


def without_blanks(cell: Any) -> Any:
    return cell.strip(" \t\n\v\f\r") if isinstance(cell, str) else cell


@steady
@given(tables(), st.sampled_from(",;\t|"), st.sampled_from(("\n", "\r\n")))
def test_all_readers_make_the_same_of_a_file(table: dict[str, list[Any]], delimiter: str, end: str) -> None:
    text = written(table, delimiter, end)
    with tempfile.TemporaryDirectory() as directory:
        made = [outcome(Path(directory), text.encode(), {"delimiter": delimiter}, fastest) for fastest in READERS]
    assert made == [made[-1]] * len(READERS)


@steady
@given(st.text(st.sampled_from('a1,;"\n\r\t\\ .-#NA0é'), max_size=60), st.sampled_from((None, ",", ";")))
def test_all_readers_make_the_same_of_any_text(text: str, delimiter: str | None) -> None:
    data = ("x,y\n" + text).encode()
    options = {"delimiter": delimiter} if delimiter else {}
    with tempfile.TemporaryDirectory() as directory:
        made = [outcome(Path(directory), data, options, fastest) for fastest in READERS]
    assert made == [made[-1]] * len(READERS)


AWKWARD = st.text(st.sampled_from("0123456789.+-eE_ \tnaif\u00a0"), max_size=7)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(AWKWARD | numbers.map(repr), AWKWARD | st.sampled_from(("-999", "-999 ", "NA", "nan(1)")))),
    st.sampled_from((None, ["-999"], ["NA", "0"])), st.sampled_from(("\n", "\r\n")), st.integers(1, 30),
)  # fmt: skip
def test_all_readers_make_the_same_of_awkward_cells(
    rows: list[tuple[str, str]], null_values: list[str] | None, end: str, block: int
) -> None:
    """Below two rows of numbers, so that numbers are tried; in blocks that cut the file anywhere."""
    text = end.join(["x,y", "1,2.5", "-3,4e2", *map(",".join, rows), ""])
    options: dict[str, Any] = {"delimiter": ",", "null_values": null_values}
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as directory:
        for name in ("WHOLE", "LEAST", "MOST"):
            patch.setattr(unquoted, name, block)
        patch.setattr(unquoted, "LOOKED_AT", 3)
        made = [outcome(Path(directory), text.encode(), options, fastest) for fastest in READERS]
    assert made == [made[-1]] * len(READERS)


def outcome(directory: Path, data: bytes, options: dict[str, Any], fastest: Reader) -> Any:
    try:
        found = read(directory, data, options, fastest=fastest)
    except WorkFailed as error:
        return error.code, error.detail
    return found.table, found.loaded.kinds, found.loaded.notes, found.loaded.rejects, found.loaded.style


@steady
@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_reason(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        outcome(Path(directory), data, {}, "unquoted")


STYLES = (
    TextStyle(), TextStyle(decimal=","), TextStyle(decimal="."), TextStyle(("", "-"), dates={"c": "dmy"}),
    TextStyle(dates={"c": "mdy"}), TextStyle(dates={"c": "ymd"}), TextStyle(decimals={"c": ","}),
)  # fmt: skip
CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{0,8})?)?( ?[AP]M)?(Z|[+-]0[0-9]:?30)?"
WORDS = ("true", "T", "yes", " No ", "0", "1", "NA", "", " ", "Jan 3, 2024", "3 march 2024", "-nan", "inf")
cells = (
    st.text(st.sampled_from("0123456789.,+-eE _'\u00a0naif"), max_size=9)
    | numbers.map(repr)
    | st.datetimes().map(str)
    | st.from_regex(rf"\A[0-3]?[0-9][-/. ][01]?[0-9][-/. ](20)?[0-9]{{2}}( {CLOCK})?\Z")
    | st.from_regex(rf"\A[12][0-9]{{3}}[-/][01][0-9][-/][0-3][0-9]([T ]{CLOCK})?\Z")
    | st.sampled_from(WORDS)
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cells, st.sampled_from(("numeric", "boolean", "datetime")), st.sampled_from(STYLES))
def test_a_cell_means_the_same_at_ingest_and_in_a_prediction(cell: str, kind: Kind, style: TextStyle) -> None:
    values, wrong = read_cells("c", kind, style, pa.array([cell]))
    try:
        expected = from_text("c", kind, [cell], style)
    except CellInvalid:
        assert wrong.to_pylist() == [True]
        return
    assert wrong.to_pylist() == [False]
    made = values.cast(pa.int64()) if kind == "datetime" else values
    value = made.to_pylist()[0]
    scale = 1e6 if kind == "datetime" else 1
    np.testing.assert_array_equal([np.nan if value is None else value / scale], np.asarray(expected))


def test_a_file_goes_the_fastest_way_that_it_can(tmp_path: Path) -> None:
    plain = b'"a","b"\n1,x\n2,y\n'
    long = plain + b"3,z\n" * 100_000  # beyond the first part, by which types are guessed
    ways: dict[Reader, tuple[bytes, ...]] = {
        "unquoted": (plain, plain[:-1], plain.replace(b"\n", b"\r\n"), plain + b"3,\xc3\xa9\n", plain + b"\n4,NA\n"),
        "plain": (plain + b'3,"z"\n', b'"a\nb","c"\n1,2\n', plain + b"007,z\n", long + b"NAN,z\n"),
        "careful": (
            plain + b"3\n",
            b"\n" + plain,
            plain.replace(b"\n", b"\r"),
            plain + b"3,\xe9\n",
            plain + b'3, "z"\n',
        ),
    }
    for way, files in ways.items():
        for data in files:
            assert read(tmp_path, data).reader == way, (way, data[-20:])


@pytest.mark.parametrize("fastest", READERS)
def test_a_file_of_many_groups_keeps_its_order(tmp_path: Path, fastest: Reader) -> None:
    rows = 300_000
    data = b"n,d\n" + b"".join(b"%d,2024-01-%02d\n" % (number, number % 28 + 1) for number in range(rows))
    found = read(tmp_path, data, fastest=fastest)
    assert found.table["n"] == list(range(rows))
    assert [day.day for day in found.table["d"][:30]] == [number % 28 + 1 for number in range(30)]


def test_a_larger_file_has_more_groups_of_rows_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"WHOLE": 3000, "LEAST": 1000, "MOST": 2000}.items():
        monkeypatch.setattr(unquoted, name, size)
    line, groups = b"12345,6789\n", []
    for size in (2900, 9000, 90_000, 900_000):
        found = read(tmp_path, b"a,b\n" + line * (size // len(line)))
        assert found.reader == "unquoted"
        assert set(found.table["a"]) == {12345}
        assert len(found.table["b"]) == size // len(line)
        groups.append(pq.read_metadata(found.loaded.path).num_row_groups)
    # blocks of 3000, 1000, 2000 and 2000 bytes, each up to the next line end
    assert groups == [1, 9, 45, 450]
