"""CSV as the API writes it, read again: against Python's own writer."""

from __future__ import annotations

import csv
import io

from tests.unit.dashboard.node import run

CSV = "words/csv.ts"
RECORDS = [["line", "raw"], ["2", 'a "quoted", cell'], ["3", "two\nlines\r\nof it"], ["", ""], ["5", "'=1+1"]]


def written(line_end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=line_end).writerows(RECORDS)
    return out.getvalue()


def test_records_are_those_that_were_written() -> None:
    given = [written("\r\n"), written("\n"), written("\n")[:-1]]
    assert run(CSV, "return given.map((text) => module.recordsOf(text, true));", given) == [RECORDS] * 3


def test_record_that_is_cut_off_is_left_out() -> None:
    text = written("\n")
    script = "return module.recordsOf(given, false);"
    assert run(CSV, script, text[:-4]) == RECORDS[:-1]
    assert run(CSV, "return module.recordsOf(given, true, 2);", text) == RECORDS[:2]
