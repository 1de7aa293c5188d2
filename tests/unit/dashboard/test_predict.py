"""The pages that predict: whose answer is shown, what it is made of, and a table that comes back piece by piece."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.unit.dashboard.node import run

LATEST, REFERENCE = "api/latest.ts", "words/reference.ts"
ANSWERS, WATERFALL, READER, LINES = (
    f"pages/predict/{name}.ts" for name in ("answers", "waterfall", "answer-reader", "lines")
)


def test_the_last_question_wins_and_late_answers_are_dropped() -> None:
    script = """
      const told = [], asked = [], aborted = [];
      const delays = { a: 60, b: 10, d: 5 };
      const latest = new module.Latest({
        ask: (question, signal) => {
          asked.push(question);
          signal.addEventListener("abort", () => aborted.push(question));
          return new Promise((resolve) => setTimeout(() => resolve(question.toUpperCase()), delays[question]));
        },
        tell: (answer) => told.push(answer), fail: () => told.push("failed"), waitMilliseconds: 20,
      });
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      latest.ask("x"); await pause(5); latest.ask("a"); await pause(40); latest.ask("b"); await pause(150);
      latest.ask("d"); await pause(5); latest.stop(); await pause(60);
      return { told, asked, aborted };
    """
    assert run(LATEST, script) == {"told": ["B"], "asked": ["a", "b"], "aborted": ["a", "b"]}


def test_an_error_of_a_question_that_was_given_up_is_told_to_nobody() -> None:
    script = """
      const told = [];
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const latest = new module.Latest({
        ask: async (question) => {
          if (question === "good") return question;
          await pause(20);
          throw new Error("no");
        },
        tell: (answer) => told.push(answer), fail: (error) => told.push(error.message), waitMilliseconds: 1,
      });
      latest.ask("bad"); await pause(10); latest.ask("good"); await pause(60); latest.ask("bad"); await pause(60);
      return told;
    """
    assert run(LATEST, script) == ["good", "no"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("house-price", [None, "house-price", None, None]),
        (" house@live ", [None, "house", "live", None]),
        ("house:12", [None, "house", None, 12]),
        ("alice/house@live", ["alice", "house", "live", None]),
        *((text, None) for text in ("", "a/b/c", "a@", "a:0", "a:x", "a@b:1", "/a")),
    ],
)
def test_a_reference_is_read_or_refused(text: str, read: list[Any] | None) -> None:
    script = "const it = module.readReference(given); return it && [it.owner, it.name, it.alias, it.version];"
    assert run(REFERENCE, script, text) == read


def answer(told: dict[str, Any], targets: list[str], features: list[str]) -> dict[str, Any]:
    script = "return module.answerOf(given.told, given.targets, new Set(given.features));"
    given = {"told": {"model": {"name": "m", "version": 3}, **told}, "targets": targets, "features": features}
    found: dict[str, Any] = run(ANSWERS, script, given)
    return found


def test_numbers_have_an_interval_and_a_sum() -> None:
    told = {"predictions": [5.0], "intervals": [[4.0, 6.0]], "contributions": [{"(intercept)": 2.0, "intercept": 3.0}]}
    found = answer({**told, "flags": [["intercept"]]}, ["price"], ["intercept"])
    total = {"intercept": 2.0, "added": [{"name": "intercept", "value": 3.0}]}
    outcome = {"name": "price", "value": 5.0, "interval": [4.0, 6.0], "sum": total}
    assert found == {"version": 3, "label": None, "outcomes": [outcome], "flags": ["intercept"]}


def test_several_targets_have_each_their_own() -> None:
    told = {
        "predictions": [{"label": 1.0, "probabilities": 2.0}],
        "intervals": [{"label": [0.0, 2.0], "probabilities": [None, None]}],
        "contributions": [{"label": {"intercept": 0.5, "1": 0.5}, "probabilities": {"intercept": 2.0, "1": 0.0}}],
    }
    first, second = answer(told, ["label", "probabilities"], ["1"])["outcomes"]
    assert (first["value"], first["interval"], first["sum"]["intercept"]) == (1.0, [0.0, 2.0], 0.5)
    assert (second["value"], second["interval"], second["sum"]["added"]) == (2.0, None, [{"name": "1", "value": 0.0}])


def test_of_two_classes_the_sum_is_the_second_ones() -> None:
    prediction = {"label": "no", "probabilities": {"no": 0.8, "yes": 0.2}}
    found = answer({"predictions": [prediction], "contributions": [{"intercept": -1.0, "a": -0.4}]}, ["it"], ["a"])
    assert found["label"] == "no"
    assert [(one["name"], one["sum"] is not None) for one in found["outcomes"]] == [("no", False), ("yes", True)]


def test_steps_lead_from_the_average_row_to_the_answer() -> None:
    added = [{"name": f"x{at}", "value": float((-1) ** at * at)} for at in range(1, 21)]
    found = run(WATERFALL, "return module.waterfall(given, 6);", {"intercept": 10.0, "added": added})
    assert [step["name"] for step in found["steps"]] == ["x20", "x19", "x18", "x17", "x16", None]
    assert found["steps"][-1]["features"] == 15
    at = 10.0
    for step in found["steps"]:
        assert step["from"] == at
        at = step["to"]
    assert at == found["end"] == 10.0 + sum(one["value"] for one in added)
    assert found["low"] <= min(found["start"], found["end"])
    assert found["high"] == 30.0


def table(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read(text: str, size: int, tells_errors: bool = True) -> dict[str, Any]:
    script = """
      const bytes = new TextEncoder().encode(given.text);
      const reader = new module.AnswerReader(given.tells);
      for (let at = 0; at < bytes.length; at += given.size) reader.push(bytes.slice(at, at + given.size));
      const { header, first, errors, rows, failed } = reader;
      return { header, first, errors, rows, failed, bytes: reader.bytes === bytes.length, broken: reader.brokenOff() };
    """
    found: dict[str, Any] = run(READER, script, {"text": text, "size": size, "tells": tells_errors})
    return found


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_a_table_is_read_alike_however_it_comes_in_pieces(size: int) -> None:
    names = ["é, ü", 'say "hi"', "prediction", "error"]
    rows = [[f"a\n{at}", '"', f"{at}.5", ""] for at in range(30)]
    rows[4] = ["x", "", "", "line 5, column 'a': \"x\" is not a number"]
    rows[29] = ["y", "", "", "bad"]
    found = read(table([names, *rows]), size)
    assert found["header"] == names
    assert found["first"] == rows[:20]
    assert (found["rows"], found["failed"], found["broken"], found["bytes"]) == (30, 2, None, True)
    assert found["errors"] == [{"row": 5, "detail": rows[4][3]}, {"row": 30, "detail": "bad"}]


def test_an_answer_that_breaks_off_says_why() -> None:
    from service.api.predictions.breaking import broken_off
    from service.errors import RowsInvalid

    begun = "a,prediction\n1,2\n"
    end = broken_off("text/csv", RowsInvalid('line 7: "x" is not a number')).decode()
    assert read(begun + end, 9, tells_errors=False)["broken"] == 'line 7: "x" is not a number'
    assert read("a,prediction\n1,", 4)["broken"] == "the connection was lost before its end"
    assert read("", 4)["broken"] == "the answer is empty"
    assert read(begun, 4, tells_errors=False)["failed"] == 0


def test_lines_to_copy_survive_quotes_in_names_and_cells() -> None:
    script = "return [module.curlOf('m', given, 'http://h'), module.pythonOf('m', given, 'http://h')];"
    curl, python = run(LINES, script, {"it's": 'a "b"', "n": None, "t": True, "x": 1.5})
    assert curl.endswith("'http://h/v1/models/m/predict'")
    assert """'{"records":[{"it'\\''s":"a \\"b\\"","n":null,"t":true,"x":1.5}]}'""" in curl
    assert """[{"it's": "a \\"b\\"", "n": None, "t": True, "x": 1.5}]""" in python
    compile(python, "lines", "exec")
