"""How a file is written is found on its first part; what is no table is refused with what mends it."""

from __future__ import annotations

import codecs

import pytest

from service.domain.reading.dialect import Found, find
from service.domain.reading.refusals import DialectInvalid


def of(text: str | bytes, **options: object) -> Found:
    return find(text.encode() if isinstance(text, str) else text, True, options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_every_row_alike(delimiter: str) -> None:
    rows = [["name", "price", "note"], ["a", "1.5", "x"], ["b", "2", '"one, two; three | four"']]
    found = of("\n".join(delimiter.join(row) for row in rows))
    assert found.dialect.delimiter == delimiter
    assert found.names == ("name", "price", "note")
    assert found.rows == [["a", "1.5", "x"], ["b", "2", "one, two; three | four"]]


def test_decimal_commas_do_not_hide_the_semicolons() -> None:
    found = of("a;b\n1,5;2,5\n3,25;4\n")
    assert (found.dialect.delimiter, found.names) == (";", ("a", "b"))


def test_a_file_of_one_column_has_a_comma() -> None:
    found = of("price\n1\n2\n")
    assert (found.dialect.delimiter, found.names) == (",", ("price",))


def test_what_was_declared_goes_first() -> None:
    found = of("a;b\n1;2\n", delimiter=",", header=False, encoding="ascii")
    assert (found.dialect.delimiter, found.dialect.header, found.dialect.encoding) == (",", False, "ascii")
    assert found.names == ("column_1",)


def test_without_a_header_columns_are_numbered_and_the_first_line_is_data() -> None:
    found = of("1,2\n3,4\n", header=False)
    assert found.names == ("column_1", "column_2")
    assert found.rows == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (codecs.BOM_UTF8 + "é,b\n1,2\n".encode(), "utf-8"), ("é,b\n1,2\n".encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + "é,b\n1,2\n".encode("utf-16-be"), "utf-16"), ("é,b\n1,2\n".encode("utf-32"), "utf-32"),
        ("é,b\n1,2\n".encode(), "utf-8"),
    ],
)  # fmt: skip
def test_a_byte_order_mark_tells_the_encoding_and_is_no_part_of_a_name(data: bytes, encoding: str) -> None:
    found = of(data)
    assert (found.dialect.encoding, found.names) == (encoding, ("é", "b"))


def test_other_encodings_are_read_when_declared() -> None:
    assert of("prix é,b\n1,2\n".encode("latin-1"), encoding="latin-1").names == ("prix é", "b")
    assert of("a,€\n1,2\n".encode("windows-1252"), encoding="windows-1252").names == ("a", "€")


def test_a_sample_cut_in_the_middle_of_a_row_or_a_letter_is_no_error() -> None:
    data = "name,price\n" + "é,1\n" * 100
    for cut in range(20, 60):
        found = find(data.encode()[:cut], False, {})
        assert found.names == ("name", "price")
        assert all(row == ["é", "1"] for row in found.rows)


def test_a_quoted_newline_is_part_of_a_cell_and_a_blank_line_of_none() -> None:
    found = of('"two\nlines",b\r\n\r\n"x\ny",1\r\n')
    assert found.names == ("two\nlines", "b")
    assert found.rows == [["x\ny", "1"]]


@pytest.mark.parametrize(
    ("data", "options", "code", "says"),
    [
        (b"", {}, "empty_file", "only blank lines"), (b"\n \n\r\n", {}, "empty_file", "only blank lines"),
        (codecs.BOM_UTF8, {}, "empty_file", "only blank lines"),
        (b"a,b\n", {}, "no_rows", "no rows"), (b"a,b", {}, "no_rows", "no rows"),
        (b"PK\x03\x04\x00\x00", {}, "not_text", "NUL"),
        (b"a,b\n1,2\n", {"encoding": "klingon"}, "encoding_unknown", "klingon"),
        (b"a,\xff\n1,2\n", {"encoding": "ascii"}, "not_text", "line 1"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_its_reason(data: bytes, options: dict, code: str, says: str) -> None:
    with pytest.raises(DialectInvalid, match=says) as raised:
        of(data, **options)
    assert raised.value.code == code
