"""Whatever a refusal offers helps: it is done to the file by the words of the message, and the file is read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from service.errors import WorkFailed
from tests.mending import mended
from tests.unit.workers.ingest.corpus import CASES, Case
from tests.unit.workers.ingest.reading import LIMITS, Read, read
from workers.ingest.readers.rejects import TooManyRejects

NOT_OFFERED = ("empty_file", "encoding_unknown", "unknown_column", "too_many_columns", "not_text")
"""Refusals of what is no table, or of an option that is named wrongly: there is nothing in the file to mend."""


def _file(*rows: str) -> bytes:
    return "".join(row + "\n" for row in rows).encode()


def _numbers(word: str, of: int = 12, also: str = "2.5") -> list[str]:
    """Rows of which a sixth hold `word` where numbers are, a twelfth in each of two columns."""
    cells = [(word if n % of == 0 else str(n), word if n % of == 1 else also) for n in range(360)]
    return [f"{n},{one},{two}" for n, (one, two) in enumerate(cells)]


def _all_over(word: str) -> list[str]:
    """Rows of which half hold `word`, in one of six columns."""
    return [",".join(word if n % 12 == place else str(n) for place in range(6)) for n in range(240)]


SIX = "a,b,c,d,e,f"
REFUSED = {
    "a word": (_file(SIX, *_all_over("lost")), 240),
    "a word and gaps": (
        _file(f"{SIX},g", *(f"{row},{('NA', '5')[n % 2]}" for n, row in enumerate(_all_over("lost")))), 240,
    ),
    "many words": (_file(SIX, *(row.replace("w", f"w{n}") for n, row in enumerate(_all_over("w")))), 240),
    "rows without a delimiter": (_file("a,b", *["1,2"] * 30, *["1"] * 30), 60),
    "cells beyond the header": (_file("a,b", *["1,2"] * 30, *["1,2,3"] * 30), 60),
    "semicolons beyond the header": (_file("a;b", *["1;2"] * 30, *["1;2;3"] * 30), 60),
    "quotes that are not closed": (_file("a,b", *["1,2"] * 30, *['"x,3'] * 30), 30),
    "a title above words": (_file("Sales 2024", "a,b", "x,y", "z,w", "u,v"), 3),
    "a header short of a name": (_file("a,b", "1,2,3", "1,5,6"), 2),
    "rows that all end early": (_file("a,b,c", "1,2", "3,4"), 2),
    "a long line for a header": (_file("x" * 2000 + ",b", "u,v", "v,w"), 3),
    "a header alone": (b"a,b\n", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_refusal_offers_reads_the_file(name: str, tmp_path: Path) -> None:
    data, rows = REFUSED[name]
    found = after_mending(data, {}, tmp_path)
    assert found.loaded.rows == rows


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.fails and case.fails[0] not in NOT_OFFERED], ids=lambda case: case.name
)
def test_what_the_refusal_of_an_awkward_file_offers_reads_it(case: Case, tmp_path: Path) -> None:
    if case.fails and case.fails[0] == "no_rows" and "rows" not in case.fails[1]:
        pytest.skip("comments alone, or no row but broken ones")
    assert after_mending(case.data, case.options, tmp_path).loaded.rows > 0


def after_mending(data: bytes, options: dict[str, object], directory: Path) -> Read:
    with pytest.raises(WorkFailed) as refused:
        read(directory, data, options)
    lines = [one.line for one in getattr(refused.value, "rejects", ())]
    changed, more = mended(refused.value.detail, data, lines)
    return read(directory, changed, {**options, **more})


def test_a_third_of_the_rows_may_be_rejected_and_no_more(tmp_path: Path) -> None:
    good, bad = ["1,2"] * 20, ["1,2,3"] * 10
    assert read(tmp_path, _file("a,b", *good, *bad)).loaded.rows == 20
    with pytest.raises(
        TooManyRejects, match=r"11 of 31 rows cannot be read, more than a third: 11 \(first on line 22\)"
    ):
        read(tmp_path, _file("a,b", *good, *bad, "1,2,3"))


def test_a_dataset_tells_how_many_rows_it_lacks_why_and_what_brings_them_in(tmp_path: Path) -> None:
    data = _file("a,b,c", *_numbers("lost"))
    told = read(tmp_path, data).loaded.dialect_json()["rejected"]
    assert (told["rows"], told["share"]) == (60, 60 / 360)
    assert [(one["column"], one["count"], one["line"]) for one in told["reasons"]] == [("b", 30, 2), ("c", 30, 3)]
    assert told["options"] == {"null_values": ["lost"]}
    assert mended(told["mend"], data) == (data, told["options"])
    again = read(tmp_path, data, told["options"])
    assert (again.loaded.rows, again.loaded.rejects) == (360, [])
    assert again.table["b"].count(None) == again.table["c"].count(None) == 30


def test_the_usual_words_are_declared_too_where_the_file_has_them(tmp_path: Path) -> None:
    told = read(tmp_path, _file("a,b,c,d", *(f"{row},{('NA', 'x')[n % 2]}" for n, row in enumerate(_numbers("lost")))))
    assert told.loaded.dialect_json()["rejected"]["options"] == {"null_values": ["lost", "NA"]}


def test_a_file_without_rejects_tells_of_none(tmp_path: Path) -> None:
    assert "rejected" not in read(tmp_path, b"a,b\n1,2\n3,4\n").loaded.dialect_json()


def test_too_many_rejects_for_the_limit_have_a_mend_too(tmp_path: Path) -> None:
    data = _file("a,b,c", *_numbers("lost"))
    limits = dataclasses.replace(LIMITS, rejected_rows=40)
    with pytest.raises(TooManyRejects) as refused:
        read(tmp_path, data, limits=limits)
    _, options = mended(refused.value.detail, data)
    assert json.dumps(options) == '{"null_values": ["lost"]}'
    assert read(tmp_path, data, options, limits).loaded.rows == 360
