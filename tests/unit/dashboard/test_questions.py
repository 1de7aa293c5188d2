"""The notes of a preview, asked as questions: each answer is an option that the server reads as it was meant.

The notes are those that the server makes of these tables, so that a note whose words change is one that nobody asks.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.api.uploads.options import merged
from service.domain.cells.written import TextStyle
from service.domain.reading import sample
from service.domain.reading.dialect import find
from tests.unit.dashboard.node import SOURCE, run

QUESTIONS = "pages/datasets/upload/questions.ts"
READING = "pages/datasets/upload/reading.ts"
ASK = "return module.questionsOf(given.columns, given.missing);"
ANSWER = """
  const { AS_FOUND, optionsOf } = await import(given.reading);
  const question = module.questionsOf(given.columns, given.missing)[given.question];
  const reading = module.answered(AS_FOUND, question, question.answers[given.answer].change, given.missing);
  return Object.fromEntries(optionsOf(reading, "text/csv"));
"""


def seen(table: bytes, options: dict[str, str] | None = None) -> dict[str, Any]:
    """What a preview says of a table that is read with these options."""
    read = merged({}, {name: [value] for name, value in (options or {}).items()})
    found = find(table, True, read)
    style = TextStyle.declared(read.get("null_values"), read.get("decimal"))
    made = sample.decide(found.names, found.rows, {**found.assumed, **(read.get("types") or {})}, style)
    notes = {name: [*found.notes.get(name, ()), *made.notes.get(name, ())] for name in found.names}
    columns = [{"name": name, "kind": made.kinds[name], "notes": notes[name]} for name in found.names]
    return {
        "columns": columns,
        "missing": list(made.style.missing),
        "style": made.style,
        "header": found.dialect.header,
    }


def given(told: dict[str, Any]) -> dict[str, Any]:
    return {"columns": told["columns"], "missing": told["missing"]}


def asked(told: dict[str, Any]) -> Any:
    return run(QUESTIONS, ASK, given(told))


def answer(told: dict[str, Any], number: int, question: int = 0) -> dict[str, str]:
    """The options once the answer of this number is given."""
    asking = {"question": question, "answer": number, "reading": (SOURCE / READING).as_uri()}
    options: dict[str, str] = run(QUESTIONS, ANSWER, {**given(told), **asking})
    return options


def column(name: str, *cells: str) -> bytes:
    return "\n".join([f"{name},n", *(f"{cell},{at}" for at, cell in enumerate(cells))]).encode() + b"\n"


def kind(told: dict[str, Any]) -> str:
    return str(told["columns"][0]["kind"])


NUMBERS = [str(one) for one in range(100, 140)]

# a table, what is asked of its first column, the answer that is given, and the kind that follows
CASES = {
    "leading zeros": (column("zip", "01234", "04109", "99999"), "quantities", 0, "numeric"),
    "telephone": (column("call", "+4930123456", "+4930123457"), "quantities", 0, "numeric"),
    "yes and no": (column("ok", "T", "N", "F"), "false and true", 0, "boolean"),
    "day first": (column("on", "1/2/2020", "3/4/2020"), "order", 0, "datetime"),
    "short dates": (column("on", "01.02.20", "03.04.20"), "order", 0, "datetime"),
    "decimal": (b"a;n\n1,234;1\n5,678;2\n", "decimals", 0, "numeric"),
    "groups of three": (b"a;n\n101,202,303;1\n505,606,707;2\n", "decimals", 1, "numeric"),
    "index": (b",n\n1,5\n2,7\n3,9\n", "count the rows", 1, "numeric"),
    "words among numbers": (column("x", *NUMBERS, "lost"), "missing cell", 0, "numeric"),
    "a word for nothing": (column("x", *NUMBERS, *["none"] * 5), "missing cell", 0, "numeric"),
    "many words among numbers": (column("x", *NUMBERS, *(f"some {one}" for one in range(20))), "be read", 1, "numeric"),
    "marks": (column("x", *NUMBERS, ".", "."), "missing", 1, "categorical"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_answer_is_read_as_it_was_meant(case: str) -> None:
    table, about, number, becomes = CASES[case]
    told = seen(table)
    questions = asked(told)
    assert [question["columns"] for question in questions] == [[told["columns"][0]["name"]]]
    assert about in questions[0]["ask"]
    again = seen(table, answer(told, number))
    assert kind(again) == becomes
    assert questions[0]["id"] not in [question["id"] for question in asked(again)]


def test_words_that_mark_a_missing_cell_are_added_to_the_usual_ones() -> None:
    told = seen(column("x", *NUMBERS, "lost", "gone", "lost"))
    (question,) = asked(told)
    assert [one["label"] for one in question["answers"]][:3] == ["Yes, all of them", "Only “lost”", "Only “gone”"]
    all_of_them = seen(column("x", *NUMBERS, "lost", "gone", "NA"), answer(told, 0))
    assert {"lost", "gone", "NA", "null"} <= set(all_of_them["missing"])
    one_of_them = json.loads(answer(told, 1)["null_values"])
    assert "lost" in one_of_them
    assert "gone" not in one_of_them


def test_word_that_is_a_value_is_no_mark_any_more_and_the_others_are() -> None:
    told = seen(column("colour", "red", "None", "None", "blue"))
    (question,) = asked(told)
    assert question["answers"][1]["label"] == '"None" is a value'
    words = json.loads(answer(told, 1)["null_values"])
    assert "None" not in words
    assert {"NA", "null", "NaN"} <= set(words)


@pytest.mark.parametrize(("table", "number", "header"), [(b"1,a\n2,b\n3,c\n", 0, True), (b"1,a\n2,b\n3,c\n", 1, False),
                                                         (b"2019,2020\n1,2\n3,4\n", 1, False)])  # fmt: skip
def test_first_line_is_asked_about(table: bytes, number: int, header: bool) -> None:
    told = seen(table)
    (question,) = asked(told)
    assert question["ask"] == "Is the first line a header?"
    assert seen(table, answer(told, number))["header"] is header


def test_same_question_about_many_columns_is_asked_once() -> None:
    told = seen(b"a,b,n\n01,02,1\n03,04,2\n")
    (question,) = asked(told)
    assert question["columns"] == ["a", "b"]
    assert json.loads(answer(told, 0)["types"]) == {"a": "numeric", "b": "numeric"}


def test_question_that_an_answer_to_another_one_silences_is_kept() -> None:
    table = (
        b"x,colour\n" + b"".join(b"%d,%s\n" % (at, b"None" if at % 3 else b"red") for at in range(40)) + b"lost,blue\n"
    )
    told = seen(table)
    before = asked(told)
    assert [question["columns"] for question in before] == [["x"], ["colour"]]
    again = seen(table, answer(told, 0))
    assert asked(again) == []
    script = "return module.kept(given.before, [], given.names, given.missing);"
    for names, missing, left in [
        (["x", "colour"], again["missing"], [["colour"]]),
        (["x", "colour"], ["NA"], []),
        (["column_1", "column_2"], again["missing"], []),
    ]:
        kept = run(QUESTIONS, script, {"before": before, "names": names, "missing": missing})
        assert [question["columns"] for question in kept] == left


def test_what_only_tells_asks_nothing() -> None:
    told = seen(column("x", "1 kg", "2 kg", "3 kg"))
    assert told["columns"][0]["notes"] != []
    assert asked(told) == []
    script = "return module.statementsOf(given, []);"
    assert run(QUESTIONS, script, told["columns"][0]["notes"]) == told["columns"][0]["notes"]


def test_comma_cannot_stand_between_cells_and_before_decimals() -> None:
    script = 'return [",", ";"].map((mark) => module.closedBy({ of: "decimal", to: "," }, mark));'
    closed, free = run(QUESTIONS, script)
    assert closed
    assert free == ""
