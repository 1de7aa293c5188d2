"""A preview promises what ingest then does: on the corpus, whose files are all small, both say the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from service.domain.cells.written import TextStyle
from service.domain.reading import sample
from service.domain.reading.dialect import DialectInvalid, find
from tests.unit.workers.ingest.corpus import CASES, Case

LETTERS = {"numeric": "D", "boolean": "B", "datetime": "T", "categorical": "V", "text": "V"}
# where what decides stands after the first part of the file, or is told by the line it stands in
LATER = (
    "latin-1 beyond the first part",
    "a quote that is never closed",
    "a NUL byte",
    "letters after a closing quote",
    "zeros in front at the end of a long file",
    "words at the end of a long file",
    "digits joined at the end of a long file",
    "numbers after a long gap",
    "the day first, told late",
)
READ = [case for case in CASES if case.fails is None and case.name not in LATER]


def plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_a_preview_says_what_ingest_does(case: Case) -> None:
    found = find(case.data, True, case.options)
    style = TextStyle.declared(case.options.get("null_values"), case.options.get("decimal"))
    made = sample.decide(found.names, found.rows, {**found.assumed, **(case.options.get("types") or {})}, style)
    rows, misfits = sample.typed(found.names, found.rows, made)
    assert case.table is not None
    assert "".join(LETTERS[made.kinds[name]] for name in found.names) == (case.types or "".join(made_of(case)))
    assert {name: [plain(row[at]) for row in rows] for at, name in enumerate(found.names)} == case.table
    assert {misfit.column for misfit in misfits} == {column for _, column in case.rejects}
    assert len(misfits) == len(case.rejects)
    for name, words in case.notes.items():
        assert words in " ".join([*found.notes.get(name, ()), *made.notes.get(name, ())])


def made_of(case: Case) -> list[str]:
    """The letters of a case's types, by the values that it expects."""
    letters = {float: "D", bool: "B", datetime: "T", str: "V", type(None): "V"}
    firsts = [next((cell for cell in cells if cell is not None), None) for cells in (case.table or {}).values()]
    return [letters[type(first)] for first in firsts]


@pytest.mark.parametrize("case", [case for case in CASES if case.fails is not None], ids=lambda case: case.name)
def test_what_a_preview_refuses_ingest_refuses_for_the_same_reason(case: Case) -> None:
    assert case.fails is not None
    assert reason_to_refuse(case) in (None, case.fails[0])


def reason_to_refuse(case: Case) -> str | None:
    """None where only all of the file, or more than its marks, can tell."""
    try:
        find(case.data, True, case.options)
    except DialectInvalid as error:
        return error.code
    return None
