"""Awkward CSVs, byte for byte, each with the table or the message that a careful person would expect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

NUMBERS = {"a": [1.0, 3.0], "b": [2.0, 4.0]}


@dataclass(frozen=True, slots=True)
class Case:
    """A file; `table` by column, or `fails` (code, words of the message). `rejects` are (line, column)."""

    name: str
    data: bytes
    table: dict[str, list[Any]] | None = None
    types: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    rejects: tuple[tuple[int, str], ...] = ()
    fails: tuple[str, str] | None = None
    notes: dict[str, str] = field(default_factory=dict)


def _day(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]


def _rows(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


WORDS = {"n": ["é", "x"], "m": [1.0, 2.0]}
ACCENTS = "n,m\né,1\nx,2\n"
MANY = [str(number) for number in range(30)]

ENCODINGS = [
    Case("utf-8", ACCENTS.encode(), WORDS, "VD"),
    Case("utf-8 with a mark", b"\xef\xbb\xbf" + ACCENTS.encode(), WORDS),
    Case("utf-8 with a mark and a quoted header", b'\xef\xbb\xbf"a",b\n1,2\n3,4\n', NUMBERS),
    Case("utf-8 with a mark and no header", b"\xef\xbb\xbf1,2\n3,4\n", {"column_1": [1.0, 3.0], "column_2": [2.0, 4.0]},
         options={"header": False}),
    Case("utf-16 with a mark", ACCENTS.encode("utf-16"), WORDS),
    Case("utf-16-be with a mark", b"\xfe\xff" + ACCENTS.encode("utf-16-be"), WORDS),
    Case("utf-16-le without a mark", ACCENTS.encode("utf-16-le"), WORDS),
    Case("utf-16-be without a mark", ACCENTS.encode("utf-16-be"), WORDS),
    Case("utf-32 with a mark", ACCENTS.encode("utf-32"), WORDS),
    Case("latin-1 found", ACCENTS.encode("latin-1"), WORDS),
    Case("windows-1252 with a euro sign", b"n,m\n\x80,1\n", {"n": ["€"], "m": [1.0]}),
    Case("latin-1 declared", b"n,m\n\xa4,1\n", {"n": ["¤"], "m": [1.0]}, options={"encoding": "latin-1"}),
    Case("latin-9 declared", b"n,m\n\xa4,1\n", {"n": ["€"], "m": [1.0]}, options={"encoding": "iso8859-15"}),
    Case("shift-jis declared", "n,m\n日本,1\n".encode("shift_jis"), {"n": ["日本"], "m": [1.0]},
         options={"encoding": "shift_jis"}),
    Case("latin-1 beyond the first part", b"n,m\n" + b"x,1\n" * 80_000 + b"\xe9,2\n",
         {"n": ["x"] * 80_000 + ["é"], "m": [1.0] * 80_000 + [2.0]}),
    Case("one damaged byte in utf-8", "n,m\né,1\nü,2\nà,3\n".encode() + b"\xff,4\n", {"n": ["é", "ü", "à"], "m": [1.0, 2.0, 3.0]},
         rejects=((5, ""),)),
    Case("an encoding that is none", b"a,b\n1,2\n", options={"encoding": "klingon"}, fails=("encoding_unknown", "klingon")),
    Case("an encoding that is no text", b"a,b\n1,2\n", options={"encoding": "zlib"}, fails=("encoding_unknown", "zlib")),
    Case("utf-8 declared and not so in the header", b"\xe9,b\n1,2\n", options={"encoding": "utf-8"}, fails=("not_text", "line 1")),
]  # fmt: skip

DIALECTS = [
    Case("commas", _rows("a,b", "1,2", "3,4"), NUMBERS, "DD"),
    Case("semicolons", _rows("a;b", "1;2", "3;4"), NUMBERS),
    Case("tabs", _rows("a\tb", "1\t2", "3\t4"), NUMBERS),
    Case("pipes", _rows("a|b", "1|2", "3|4"), NUMBERS),
    Case("blanks", _rows("a b", "1 2", "3 4"), NUMBERS),
    Case("runs of blanks", _rows("a   b", "1     2", "  3   4 "), NUMBERS),
    Case("colons declared", _rows("a:b", "1:2", "3:4"), NUMBERS, options={"delimiter": ":"}),
    Case("a tab declared by name", _rows("a\tb", "1\t2", "3\t4"), NUMBERS, options={"delimiter": "tab"}),
    Case("sentences are no cells", _rows("title", "hello big world", "good morning all"), {"title": ["hello big world", "good morning all"]}),
    Case("windows line ends", _rows("a,b", "1,2", "3,4", end="\r\n"), NUMBERS),
    Case("old mac line ends", _rows("a,b", "1,2", "3,4", end="\r"), NUMBERS),
    Case("mixed line ends", b"a,b\r\n1,2\n3,4\r", NUMBERS),
    Case("no line end at the end", b"a,b\n1,2\n3,4", NUMBERS),
    Case("a line feed in a cell of a windows file", b'a,b\r\n"x\ny",2\r\nz,4\r\n', {"a": ["x\ny", "z"], "b": [2.0, 4.0]}),
    Case("blank lines above and between", b"\n\n\na,b\n1,2\n\n   \n3,4\n\n", NUMBERS),
    Case("comments above and between", b"# made by hand\n# 2, 3\na,b\n1,2\n# note\n3,4\n", NUMBERS),
    Case("a header that begins with a hash", _rows("#a,b", "1,2", "3,4"), {"#a": [1.0, 3.0], "b": [2.0, 4.0]}),
    Case("a hash in the cells", _rows("a,b", "#1,2", "#3,4"), {"a": ["#1", "#3"], "b": [2.0, 4.0]}),
    Case("quoted cells", b'"a","b"\n"1","2"\n"3","4"\n', NUMBERS),
    Case("doubled quotes", b'a,b\n"say ""hi""",2\nx,4\n', {"a": ['say "hi"', "x"], "b": [2.0, 4.0]}),
    Case("backslash before quotes", b'a,b\n"say \\"hi, you\\"",2\n"x",4\n', {"a": ['say "hi, you"', "x"], "b": [2.0, 4.0]}),
    Case("backslash at the end of a path", b'a,b\n"C:\\dir\\",2\n"x",4\n', {"a": ["C:\\dir\\", "x"], "b": [2.0, 4.0]}),
    Case("nulls of MySQL", b'a,b\n\\N,2\n3,\\N\n', {"a": [None, 3.0], "b": [2.0, None]}),
    Case("between apostrophes", b"a,b\n'x,y',2\n'z',4\n", {"a": ["x,y", "z"], "b": [2.0, 4.0]}),
    Case("apostrophes in words", b"a,b\nit's,2\nrock 'n' roll,4\n", {"a": ["it's", "rock 'n' roll"], "b": [2.0, 4.0]}),
    Case("quotes within a word", b'a,b\n5" pipe,2\nx,4\n', {"a": ['5" pipe', "x"], "b": [2.0, 4.0]}),
    Case("blanks before quotes", b'a, "b"\n1, "x, y"\n3, "z"\n', {"a": [1.0, 3.0], "b": ["x, y", "z"]}),
    Case("line ends in cells", b'a,b\n"x\ny\n\nz",2\n', {"a": ["x\ny\n\nz"], "b": [2.0]}),
    Case("a line end in the header", b'"a\nb",c\n1,2\n', {"a\nb": [1.0], "c": [2.0]}),
    Case("no header", _rows("1,2", "3,4"), {"column_1": [1.0, 3.0], "column_2": [2.0, 4.0]}, options={"header": False}),
    Case("blanks around names", _rows(" a , b", "1,2", "3,4"), NUMBERS),
    Case("one column", _rows("a", "1", "2", "3"), {"a": [1.0, 2.0, 3.0]}),
    Case("one column with blank lines", b"a\n1\n\n2\n", {"a": [1.0, 2.0]}),
    Case("a header alone", b"a,b\n", fails=("no_rows", "no rows below it")),
    Case("nothing", b"", fails=("empty_file", "nothing but blank lines")),
    Case("blank lines alone", b"\n \n\r\n", fails=("empty_file", "nothing but blank lines")),
    Case("comments alone", b"# hello\n", fails=("no_rows", "comments")),
    Case("a title above words", _rows("Sales 2024", "a,b", "x,y", "z,w", "u,v"), fails=("header_mismatch", "remove the lines above")),
    Case("a name without end", b"a," + b"x" * 2000 + b"\n1,2\n", fails=("column_name_too_long", "column 2")),
    Case("binary data", bytes(range(256)) * 4, fails=("not_text", "NUL")),
]  # fmt: skip

ROWS = [
    Case("a row too long", _rows("a,b", "1,2", "1,2,3", "3,4"), NUMBERS, rejects=((3, ""),)),
    Case("a row too short", _rows("a,b", "1,2", "1", "3,4"), NUMBERS, rejects=((3, ""),)),
    Case("a bad row after line ends in cells", b'a,b\n"x\n\ny",2\n"z\nz",4\n1,2,3\nw,6\n', {"a": ["x\n\ny", "z\nz", "w"], "b": [2.0, 4.0, 6.0]},
         rejects=((7, ""),)),
    Case("a bad cell after line ends in cells", b"a,b\n" + b'"x\ny",1\n' * 20 + b"z,oops\n", {"a": ["x\ny"] * 20, "b": [1.0] * 20}, rejects=((42, "b"),)),
    Case("a quote that is never closed", b'a,b\n1,2\n"x,3\n3,4\n', NUMBERS, rejects=((3, ""),)),
    Case("letters after a closing quote", b'a,b\nw,2\n"x"y,3\nz,4\n', {"a": ["w", "z"], "b": [2.0, 4.0]}, rejects=((3, ""),)),
    Case("a NUL byte", b"a,b\n1,2\n3,\x004\n5,6\n", {"a": [1.0, 5.0], "b": [2.0, 6.0]}, rejects=((3, ""),)),
    Case("empty cells", _rows("a,b", ",2", '"",x'), {"a": [None, None], "b": ["2", "x"]}),
    Case("a row of empty cells", _rows("a,b", "1,2", ",", "3,4"), {"a": [1.0, None, 3.0], "b": [2.0, None, 4.0]}),
    Case("only bad rows", _rows("a,b", "1", "2"), fails=("header_mismatch", "has 2 cells, most rows have 1")),
    Case("one bad row alone", _rows("a,b", "1"), fails=("no_rows", "line 2")),
    Case("a cell of a megabyte", b"a,b\n" + b"x" * 1_000_000 + b",2\ny,4\n", {"a": ["x" * 1_000_000, "y"], "b": [2.0, 4.0]}),
    Case("a quoted cell of three megabytes", b'a,b\n"' + b"x\n" * 1_500_000 + b'",2\n', {"a": ["x\n" * 1_499_999 + "x"], "b": [2.0]}),
    Case("5,000 columns", _rows(",".join(f"c{n}" for n in range(5000)), ",".join(map(str, range(5000)))),
         {f"c{n}": [float(n)] for n in range(5000)}),
    Case("10,001 columns", _rows(",".join(f"c{n}" for n in range(10_001)), ",".join(map(str, range(10_001)))),
         fails=("too_many_columns", "10,001")),
    Case("formulas are text", _rows("a,b", "=1+1,2", "@x,4"), {"a": ["=1+1", "@x"], "b": [2.0, 4.0]}),
]  # fmt: skip

KINDS = [
    Case("numbers of many forms", _rows("a", "1", "-2.5", "+.5", "1e3", "1E-3", "5.", " 7 ", "−8", "–9"), {"a": [1, -2.5, 0.5, 1000, 0.001, 5, 7, -8, -9]}, "D"),
    Case("digits joined by an underscore", _rows("a,b", "1990_91,1", "1991_92,2"), {"a": ["1990_91", "1991_92"], "b": [1.0, 2.0]}, "VD"),
    Case("digits joined at the end of a long file", _rows("a,b", *["1990,1"] * 6000, *["1990_91,2"] * 2000), {"a": ["1990"] * 6000 + ["1990_91"] * 2000, "b": [1.0] * 6000 + [2.0] * 2000}, "VD",
         notes={"a": "2,000 are \"1990_91\""}),
    Case("an address of octets", _rows("a,b", "192.168.100.100,1", "192.168.100.101,2"), {"a": ["192.168.100.100", "192.168.100.101"], "b": [1.0, 2.0]}, "VD"),
    Case("an address where the decimal mark is declared", _rows("a;b", "192.168.100.100;1,5", "10.20.30.40;2"), {"a": ["192.168.100.100", "10.20.30.40"], "b": [1.5, 2.0]}, "VD", {"decimal": ","}),
    Case("lists of threes", _rows("a;b", "101,202,303;1", "404,505,606;2"), {"a": ["101,202,303", "404,505,606"], "b": [1.0, 2.0]}, "VD", notes={"a": "declare decimal"}),
    Case("lists of threes declared numbers", _rows("a;b", "101,202,303;1", "404,505,606;2"), {"a": [101202303.0, 404505606.0], "b": [1.0, 2.0]}, "DD", {"decimal": "."}),
    Case("lakhs and crores", _rows("a;b", "12,34,567;1", "9,99,99,999;2", "45,000;3"), {"a": [1234567.0, 99999999.0, 45000.0], "b": [1.0, 2.0, 3.0]}, "DD"),
    Case("lakhs and millions", _rows("a;b", "12,34,567;1", "1,234,567;2"), {"a": ["12,34,567", "1,234,567"], "b": [1.0, 2.0]}, "VD", notes={"a": "in one way"}),
    Case("words of one side alone", _rows("a,b", "N,1", "F,2", "N,3"), {"a": ["N", "F", "N"], "b": [1.0, 2.0, 3.0]}, "VD", notes={"a": "declare it boolean"}),
    Case("two words of one side", _rows("a,b", "N,1", "F,2", "T,3"), {"a": ["N", "F", "T"], "b": [1.0, 2.0, 3.0]}, "VD", notes={"a": "declare it boolean"}),
    Case("words of one side, declared", _rows("a,b", "N,1", "F,2"), {"a": [False, False], "b": [1.0, 2.0]}, "BD", {"types": {"a": "boolean"}}),
    Case("points where numbers are left out", _rows("a,b", ".,1", "0.5,2", "--,3", "7,4", "?,5", "*,6"), {"a": [None, 0.5, None, 7.0, None, None], "b": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}, "DD",
         notes={"a": 'read as missing: "*" in 1, "--" in 1, "." in 1, "?" in 1 of 6 cells'}),
    Case("marks among words are words", _rows("a,b", "-,1", "x,2", "-,3"), {"a": ["-", "x", "-"], "b": [1.0, 2.0, 3.0]}, "VD"),
    Case("errors of a spreadsheet", _rows("a,b", "#DIV/0!,1", "0.5,2", "#REF!,3"), {"a": [None, 0.5, None], "b": [1.0, 2.0, 3.0]}, "DD", notes={"a": "could not work"}),
    Case("dollars", _rows("a;b", "$1,234.50;1", "-$7;2", "$-8;3", "($9.25);4"), {"a": [1234.5, -7.0, -8.0, -9.25], "b": [1.0, 2.0, 3.0, 4.0]}, "DD", notes={"a": 'written with "$"'}),
    Case("whole dollars", _rows("a;b", "$1,234;1", "$77,000;2"), {"a": [1234.0, 77000.0], "b": [1.0, 2.0]}, "DD"),
    Case("euros with commas", _rows("a;b", "1.234,50 €;1", "7 €;2"), {"a": [1234.5, 7.0], "b": [1.0, 2.0]}, "DD"),
    Case("euros that may be thousands", _rows("a;b", "1.234 €;1", "7.500 €;2"), {"a": ["1.234 €", "7.500 €"], "b": [1.0, 2.0]}, "VD", notes={"a": "declare decimal"}),
    Case("two currencies", _rows("a;b", "$1;1", "€2;2"), {"a": ["$1", "€2"], "b": [1.0, 2.0]}, "VD", notes={"a": "write the numbers alone"}),
    Case("percents", _rows("a;b", "12.3%;1", "-4 %;2"), {"a": [12.3, -4.0], "b": [1.0, 2.0]}, "DD", notes={"a": "12.3% is read as 12.3, not as 0.123"}),
    Case("percents and shares", _rows("a;b", "12.3%;1", "0.5;2"), {"a": ["12.3%", "0.5"], "b": [1.0, 2.0]}, "VD", notes={"a": "write them in one way"}),
    Case("a missing word beyond float64", _rows("a,b", "1,2", "3,4"), NUMBERS, "DD", {"null_values": ["1e999"]}),
    Case("a row of units", _rows("a,b", "cm,kg", "1,2", "3,4"), NUMBERS, "DD", notes={"a": "the line below the header says 'cm': it is no row"}),
    Case("limits of detection", _rows("a,b", "<0.05,1", "0.5,2", "7,3"), {"a": ["<0.05", "0.5", "7"], "b": [1.0, 2.0, 3.0]}, "VD", notes={"a": '2 of 3 cells are numbers, 1 is "<0.05": declare null_values=["<0.05"]'}),
    Case("a month, a day and a year", _rows("a,b", "Jan-1-1995,1", "1995-Feb-02,2", "3/Mar/1995,3"), {"a": [_day(1995, 1, 1), _day(1995, 2, 2), _day(1995, 3, 3)], "b": [1.0, 2.0, 3.0]}, "TD"),
    Case("names of months and short years, declared", _rows("a,b", "01-Feb-95,1", "2-Mar-24,2"), {"a": [_day(1995, 2, 1), _day(2024, 3, 2)], "b": [1.0, 2.0]}, "TD", {"types": {"a": "datetime:dmy"}}),
    Case("telephone numbers", _rows("a,b", "+4915112345678,1", "+4915112345679,2"), {"a": ["+4915112345678", "+4915112345679"], "b": [1.0, 2.0]}, "VD", notes={"a": "declare it numeric"}),
    Case("names of months and short years", _rows("a,b", "Jan-1-95,1", "Feb-2-24,2"), {"a": ["Jan-1-95", "Feb-2-24"], "b": [1.0, 2.0]}, "VD", notes={"a": "datetime:mdy"}),
    Case("amounts in thousands", _rows("a;b", "$12k;1", "$7k;2"), {"a": ["$12k", "$7k"], "b": [1.0, 2.0]}, "VD", notes={"a": "write the numbers alone"}),
    Case("numbers with units", _rows("a,b", "12 kg,1", "7 kg,2"), {"a": ["12 kg", "7 kg"], "b": [1.0, 2.0]}, "VD", notes={"a": "write the numbers alone"}),
    Case("dollars declared numeric", _rows("a;b", "$1,234.50;1", "x;2", "$7;3"), {"a": [1234.5, 7.0], "b": [1.0, 3.0]}, "DD", {"types": {"a": "numeric"}}, ((3, "a"),)),
    Case("words for a gap", _rows("a,b", "1,NA", "n/a,x", "NULL,None", "#N/A,<NA>", "nan,NaN"), {"a": [1.0, None, None, None, None], "b": [None, "x", None, None, None]}, "DV"),
    Case("a word for a gap between blanks", _rows("a,b", "1,x", " NA ,  "), {"a": [1.0, None], "b": ["x", None]}, "DV"),
    Case("a declared number for a gap, with a blank", _rows("a,b", "1,2", "-999 ,3", "4,-999"), {"a": [1.0, None, 4.0], "b": [2.0, 3.0, None]}, "DD", {"null_values": ["-999"]}),
    Case("declared words for a gap", _rows("a,b", "1,NA", "-999,.", "3,y"), {"a": [1.0, None, 3.0], "b": ["NA", None, "y"]}, "DV", {"null_values": ["-999", "."]}),
    Case("a column without a cell", _rows("a,b", "1,", "2,"), {"a": [1.0, 2.0], "b": [None, None]}, "DV"),
    Case("true and false", _rows("a,b", "true,yes", "FALSE,no", "True,YES"), {"a": [True, False, True], "b": [True, False, True]}, "BB"),
    Case("0 and 1 are numbers", _rows("a", "0", "1"), {"a": [0.0, 1.0]}, "D"),
    Case("0 and 1 declared", _rows("a", "0", "1", "2"), {"a": [False, True]}, "B", {"types": {"a": "boolean"}}, ((4, "a"),)),
    Case("yes, no and maybe are words", _rows("a", *["yes", "no"] * 20, "maybe"), {"a": [*["yes", "no"] * 20, "maybe"]}, "V"),
    Case("zeros in front", _rows("zip,b", "01234,1", "98765,2"), {"zip": ["01234", "98765"], "b": [1.0, 2.0]}, "VD", notes={"zip": "begin with 0"}),
    Case("zeros in front at the end of a long file", _rows("id,b", *[f"{n},1" for n in range(100_000, 160_000)], "007,2"),
         {"id": [*(str(n) for n in range(100_000, 160_000)), "007"], "b": [1.0] * 60_000 + [2.0]}, "VD", notes={"id": "begin with 0"}),
    Case("zeros in front declared numeric", _rows("a,b", "007,x", "8,y"), {"a": [7.0, 8.0], "b": ["x", "y"]}, "DV", {"types": {"a": "numeric"}}),
    Case("words at the end of a long file", _rows("a,b", *["1,1"] * 60_000, *["x,2"] * 10_000), {"a": ["1"] * 60_000 + ["x"] * 10_000, "b": [1.0] * 60_000 + [2.0] * 10_000}, "VD"),
    Case("numbers after a long gap", _rows("a,b", *[",x"] * 90_000, "1.5,y"), {"a": [None] * 90_000 + [1.5], "b": ["x"] * 90_000 + ["y"]}, "DV"),
    Case("one word among many numbers", _rows("a", *MANY, "unknown"), {"a": [float(n) for n in MANY]}, "D", rejects=((32, "a"),)),
    Case("a word among few numbers", _rows("a", "1", "x", "3"), {"a": ["1", "x", "3"]}, "V"),
    Case("a declared type wins", _rows("a", "1", "x", "3"), {"a": [1.0, 3.0]}, "D", {"types": {"a": "numeric"}}, ((3, "a"),)),
    Case("numbers declared words", _rows("a,b", "1,2", "3,4"), {"a": ["1", "3"], "b": [2.0, 4.0]}, "VD", {"types": {"a": "categorical"}}),
    Case("a type for a column that is not there", _rows("a", "1"), options={"types": {"c": "text"}}, fails=("unknown_column", "'c'")),
    Case("infinity", _rows("a,b", *["1,2"] * 20, "inf,3"), {"a": [1.0] * 20, "b": [2.0] * 20}, "DD", rejects=((22, "a"),)),
    Case("a number too large", _rows("a,b", *["1,2"] * 20, "1e999,3"), {"a": [1.0] * 20, "b": [2.0] * 20}, "DD", rejects=((22, "a"),)),
    Case("huge integers", _rows("a", "9007199254740993", "12345678901234567890"), {"a": [9007199254740992.0, 12345678901234567000.0]}, "D"),
    Case("decimal commas", _rows("a;b", "1,5;x", "-2,25;y"), {"a": [1.5, -2.25], "b": ["x", "y"]}, "DV"),
    Case("decimal commas and thousands", _rows("a;b", "1.234,5;1", "7;2"), {"a": [1234.5, 7.0], "b": [1.0, 2.0]}, "DD"),
    Case("decimal commas declared", _rows("a;b", "1,234;1", "2.000;2"), {"a": [1.234, 2000.0], "b": [1.0, 2.0]}, "DD", {"decimal": ","}),
    Case("thousands commas", _rows("a;b", "1,234.5;1", "1,234,567;2"), {"a": [1234.5, 1234567.0], "b": [1.0, 2.0]}, "DD"),
    Case("thousands declared", _rows("a;b", "1,234;1", "5;2"), {"a": [1234.0, 5.0], "b": [1.0, 2.0]}, "DD", {"decimal": "."}),
    Case("a comma that may be either", _rows("a;b", "1,234;1", "5,678;2"), {"a": ["1,234", "5,678"], "b": [1.0, 2.0]}, "VD", notes={"a": "declare decimal"}),
    Case("a point that may be either", _rows("a;b", "1.234;1,5", "5.678;2,5"), {"a": ["1.234", "5.678"], "b": [1.5, 2.5]}, "VD", notes={"a": "declare decimal"}),
    Case("thousands by blanks", _rows("a;b", "1 234;1", "12 345 678;2"), {"a": [1234.0, 12345678.0], "b": [1.0, 2.0]}, "DD"),
    Case("thousands by apostrophes", _rows("a;b", "1'234.5;1", "12'345;2"), {"a": [1234.5, 12345.0], "b": [1.0, 2.0]}, "DD"),
    Case("groups that are none", _rows("a;b", "1,23,4;1", "5;2"), {"a": ["1,23,4", "5"], "b": [1.0, 2.0]}, "VD"),
    Case("iso dates and times", _rows("a,b", "2024-01-31,2024-01-31T10:00:00Z", "2024-02-29,2024-01-31 10:00:00.5+02:00"),
         {"a": [_day(2024, 1, 31), _day(2024, 2, 29)], "b": [_day(2024, 1, 31, 10), _day(2024, 1, 31, 8, 0, 0, 500_000)]}, "TT"),
    Case("dates with the year first", _rows("a,b", "2024/1/31,1", "2024/12/01,2"), {"a": [_day(2024, 1, 31), _day(2024, 12, 1)], "b": [1.0, 2.0]}, "TD"),
    Case("dates with names", _rows("a;b", "3 Jan 2024;Jan 3, 2024", "04-Feb-2024;February 4 2024"), {"a": [_day(2024, 1, 3), _day(2024, 2, 4)], "b": [_day(2024, 1, 3), _day(2024, 2, 4)]}, "TT"),
    Case("the day first, by one date", _rows("a,b", "01/02/2024,1", "31/12/2024,2"), {"a": [_day(2024, 2, 1), _day(2024, 12, 31)], "b": [1.0, 2.0]}, "TD"),
    Case("the month first, by one date", _rows("a,b", "01/02/2024,1", "12/31/2024,2"), {"a": [_day(2024, 1, 2), _day(2024, 12, 31)], "b": [1.0, 2.0]}, "TD"),
    Case("the day first, told late", _rows("a,b", *["01/02/2024,1"] * 60_000, "31/12/2024,2"), {"a": [_day(2024, 2, 1)] * 60_000 + [_day(2024, 12, 31)], "b": [1.0] * 60_000 + [2.0]}, "TD"),
    Case("either may be the day", _rows("a,b", "01/02/2024,1", "03/04/2024,2"), {"a": ["01/02/2024", "03/04/2024"], "b": [1.0, 2.0]}, "VD", notes={"a": "datetime:dmy"}),
    Case("either may be the day, declared", _rows("a,b", "01/02/2024,1", "3.4.24,2"), {"a": [_day(2024, 2, 1), _day(2024, 4, 3)], "b": [1.0, 2.0]}, "TD", {"types": {"a": "datetime:dmy"}}),
    Case("days and months mixed", _rows("a,b", "13/02/2024,1", "02/13/2024,2"), {"a": ["13/02/2024", "02/13/2024"], "b": [1.0, 2.0]}, "VD", notes={"a": "mixed"}),
    Case("years of two digits", _rows("a,b", "01/02/24,1", "03/04/24,2"), {"a": ["01/02/24", "03/04/24"], "b": [1.0, 2.0]}, "VD", notes={"a": "two digits"}),
    Case("dates without marks, declared", _rows("a,b", "20240131,1", "20240229,2"), {"a": [_day(2024, 1, 31), _day(2024, 2, 29)], "b": [1.0, 2.0]}, "TD", {"types": {"a": "datetime:ymd"}}),
    Case("before noon and after", _rows("a,b", "1/31/2024 12:05 AM,1", "1/31/2024 1:30:10 PM,2"), {"a": [_day(2024, 1, 31, 0, 5), _day(2024, 1, 31, 13, 30, 10)], "b": [1.0, 2.0]}, "TD"),
    Case("a day that no month has", _rows("a,b", *["2024-01-31,1"] * 20, "2024-02-30,2"), {"a": [_day(2024, 1, 31)] * 20, "b": [1.0] * 20}, "TD", rejects=((22, "a"),)),
]  # fmt: skip

ROW = "it is no row"
COUNTS = "nothing is learnt from it"
HEADERS = [
    Case("lines above the header", _rows("Series: A1", "Source: office, Oslo", "", "a,b,c", "1,2,3", "4,5,6", "7,8,9"),
         {"a": [1.0, 4.0, 7.0], "b": [2.0, 5.0, 8.0], "c": [3.0, 6.0, 9.0]}, notes={"a": "3 lines above"}),
    Case("a title above the header", _rows("Sales 2024", "a,b", "1,2", "3,4"), NUMBERS, notes={"a": "one line above"}),
    Case("a title filled up with delimiters", _rows("Sales 2024,", ",", "a,b", "1,2", "3,4"), NUMBERS, notes={"a": "2 lines"}),
    Case("years below the lines of an agency", _rows('"Data Source","Indicators",', "", '"Country","1960","1961","1962","1963",', '"Chad","1.5","2","3","4",', '"Peru","3","4.5","5","6",'),
         {"Country": ["Chad", "Peru"], "1960": [1.5, 3.0], "1961": [2.0, 4.5], "1962": [3.0, 5.0], "1963": [4.0, 6.0]}, notes={"Country": "2 lines above"}),
    Case("a header short of its names", _rows("a,b", "1,2,3", "4,2,6"), {"index": ["1", "4"], "a": [2.0, 2.0], "b": [3.0, 6.0]}, notes={"index": COUNTS}),
    Case("a header that is short", _rows("a,b", "1,2,3", "1,5,6"), fails=("header_mismatch", "give each column a name")),
    Case("rows that all end early", _rows("a,b,c", "1,2", "3,4"), fails=("header_mismatch", "end each row with the delimiter")),
    Case("rows that often end early", _rows("a,b,c", "1,2", "3,4,5", "6,7"), {"a": [1.0, 3.0, 6.0], "b": [2.0, 4.0, 7.0], "c": [None, 5.0, None]},
         notes={"c": "2 of the first 3 rows end before their last column"}),
    Case("rows cut in the middle", _rows("n,b,c", "x,1,5", "2,6", "3,7", "y,4,8", "z,9,9"), fails=("too_many_rejects", "more than a third")),
    Case("an index without a name", _rows(",a,b", "0,1,2", "1,3,4"), {"index": ["0", "1"], **NUMBERS}, "VDD", notes={"index": COUNTS}),
    Case("an index declared", _rows(",a,b", "0,1,2", "1,3,4"), {"index": [0.0, 1.0], **NUMBERS}, "DDD", {"types": {"index": "numeric"}}),
    Case("an index of R", _rows('"","a","b"', '"1",1,2', '"2",3,4'), {"index": ["1", "2"], **NUMBERS}, "VDD", notes={"index": COUNTS}),
    Case("an index of names", _rows(",a,b", "x,1,2", "y,3,4"), {"index": ["x", "y"], **NUMBERS}, "VDD", notes={"index": "no name"}),
    Case("an index of days", _rows(",a,b", "2024-01-31,1,2", "2024-02-29,3,4"), {"index": [_day(2024, 1, 31), _day(2024, 2, 29)], **NUMBERS}, "TDD"),
    Case("an index written twice", _rows(",Unnamed: 0,a,b", "5,0,1,2", "7,1,3,4"), {"index": ["5", "7"], "Unnamed: 0": [0.0, 1.0], **NUMBERS}),
    Case("an index that pandas has named", _rows("Unnamed: 0,a,b", "0,1,2", "1,3,4"), {"Unnamed: 0": ["0", "1"], **NUMBERS}, notes={"Unnamed: 0": COUNTS}),
    Case("an index beside a column of that name", _rows(",index,b", "0,1,2", "1,3,4"), {"index.1": ["0", "1"], "index": [1.0, 3.0], "b": [2.0, 4.0]}),
    Case("a delimiter at the end of every row", _rows("a,b", "1,2,", "3,4,"), NUMBERS),
    Case("a delimiter at the end of every line", _rows("a,b,", "1,2,", "3,4,"), NUMBERS),
    Case("a delimiter at the end of the header", _rows("a,b,", "1,2", "3,4"), NUMBERS),
    Case("delimiters at the end of every line", _rows("a;b;;;", "1;2;;;", "3;4;;;"), NUMBERS),
    Case("a cell beyond the last delimiter", _rows("a,b,", "1,2,", "3,4,", "5,6,x"), {"a": [1.0, 3.0, 5.0], "b": [2.0, 4.0, 6.0], "column_3": [None, None, "x"]}),
    Case("a name that is empty", _rows("a,,c", "1,2,3"), {"a": [1.0], "column_2": [2.0], "c": [3.0]}, notes={"column_2": "no name"}),
    Case("a name twice", _rows("a,b,a", "1,2,3"), {"a": [1.0], "b": [2.0], "a.1": [3.0]}, notes={"a.1": "named 'a' in the file"}),
    Case("a name twice but for capitals", _rows("a,A,A.1", "1,2,3"), {"a": [1.0], "A.2": [2.0], "A.1": [3.0]}, notes={"A.2": "capitals"}),
    Case("the delimiter of Excel", _rows("sep=;", "a;b", "1;2", "3;4"), NUMBERS),
    Case("the delimiter of Excel between quotes", _rows('"sep=|"', "a|b", "1|2", "3|4", end="\r\n"), NUMBERS),
    Case("row names", _rows('"a" "b"', '"x" 1 2', '"y" 3 4'), {"index": ["x", "y"], **NUMBERS}, notes={"index": "does not count"}),
    Case("row names and commas", _rows('"a","b"', '"x",1,2', '"y",3,4'), {"index": ["x", "y"], **NUMBERS}),
    Case("row names and gaps", _rows('"a" "b"', '"x" 1 NA', '"y" 3 4'), {"index": ["x", "y"], "a": [1.0, 3.0], "b": [None, 4.0]}),
    Case("apostrophes between blanks", _rows("'a' 'b c'", "1 2", "3 4"), {"a": [1.0, 3.0], "b c": [2.0, 4.0]}),
    Case("numbers above numbers", _rows("1.5,2", "3,4.5", "5,6"), {"column_1": [1.5, 3.0, 5.0], "column_2": [2.0, 4.5, 6.0]}, notes={"column_1": "header=true"}),
    Case("numbers above numbers, declared", _rows("1.5,2", "3,4.5", "5,6"), {"1.5": [3.0, 5.0], "2": [4.5, 6.0]}, options={"header": True}),
    Case("numbers and words that come again", _rows("5.1,3,setosa", "4.9,3,setosa", "6.1,2,other"), {"column_1": [5.1, 4.9, 6.1], "column_2": [3.0, 3.0, 2.0], "column_3": ["setosa", "setosa", "other"]}),
    Case("words that come again", _rows("p,x,s", "e,x,s", "p,y,s", "p,y,t", "e,x,s", "e,x,t"),
         {"column_1": ["p", "e", "p", "p", "e", "e"], "column_2": ["x", "x", "y", "y", "x", "x"], "column_3": ["s", "s", "s", "t", "s", "t"]}),
    Case("a header that comes again", _rows("p,x,s", "e,y,t", "p,x,s", "f,z,u", "g,w,v", "h,q,r"),
         {"p": ["e", "p", "f", "g", "h"], "x": ["y", "x", "z", "w", "q"], "s": ["t", "s", "u", "v", "r"]}),
    Case("numbers that count the columns", _rows("0,1,2", "3,4.5,5", "6,7,8"), {"0": [3.0, 6.0], "1": [4.5, 7.0], "2": [5.0, 8.0]}, notes={"0": "header=false"}),
    Case("years for names", _rows("name,1990,1991", "x,1,2", "y,3,4"), {"name": ["x", "y"], "1990": [1.0, 3.0], "1991": [2.0, 4.0]}, notes={"name": "header=false"}),
    Case("days without a header", _rows("2024-01-31,1.5", "2024-02-29,2.5"), {"column_1": [_day(2024, 1, 31), _day(2024, 2, 29)], "column_2": [1.5, 2.5]}),
    Case("units below the names", _rows("len,mass", "cm,kg", "1,2", "3,4", "5,6"), {"len": [1.0, 3.0, 5.0], "mass": [2.0, 4.0, 6.0]}, notes={"len": ROW}),
    Case("two levels of names", _rows(",a,a", ",x,y", "0,1,2", "1,3,4", "2,5,6"), {"index": ["0", "1", "2"], "a x": [1.0, 3.0, 5.0], "a y": [2.0, 4.0, 6.0]}),
    Case("a word in one column of the first row", _rows("a,b", "x,2", *["1,2"] * 20), {"a": [1.0] * 20, "b": [2.0] * 20}, rejects=((2, "a"),)),
]  # fmt: skip

CASES = [*ENCODINGS, *DIALECTS, *HEADERS, *ROWS, *KINDS]
