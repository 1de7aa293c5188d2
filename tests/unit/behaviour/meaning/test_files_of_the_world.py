"""Files of the world whose cells were read as something else, or as nothing, without a word: what each is now."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from rich.console import Console

from service.api.app import create_app
from service.cli.showing import rendering
from service.client.records import Dataset
from service.wiring import Deps
from workers.ingest.run import run as ingest
from workers.jobs.dispatch import run as train

FIXTURES = Path(__file__).parents[3] / "fixtures" / "cells"


class Uploads:
    """Uploads files as they are, and reads them as a worker does."""

    def __init__(self, client: FlaskClient, deps: Deps) -> None:
        self.client = client
        self._deps = deps

    def __call__(self, data: bytes | str, **options: str) -> dict[str, Any]:
        answer = self.client.post("/v1/datasets", data=data, query_string=options, content_type="text/csv")
        assert answer.status_code in (200, 202), answer.json
        ingest(self._deps, answer.json["id"])
        dataset: dict[str, Any] = self.client.get(f"/v1/datasets/{answer.json['id']}").json
        assert dataset["state"] == "ready", dataset["error"]
        return dataset

    def case(self, name: str, **options: str) -> dict[str, Any]:
        return self(file(name), **options)

    def rows(self, dataset: dict[str, Any]) -> list[list[Any]]:
        rows: list[list[Any]] = self.client.get(f"/v1/datasets/{dataset['id']}/rows?limit=1000").json["data"]
        return rows

    def validate(self, dataset: dict[str, Any], target: str, **spec: Any) -> Any:
        return self.client.post(
            "/v1/jobs/validate", json={"dataset": dataset["id"], "model": "m", "target": target, **spec}
        )

    def learn(self, dataset: dict[str, Any], target: str, **spec: Any) -> dict[str, Any]:
        body = {"dataset": dataset["id"], "model": "m", "target": target, **spec}
        job = self.client.post("/v1/jobs", json=body)
        assert job.status_code == 202, job.json
        train(self._deps, job.json["id"])
        done: dict[str, Any] = self.client.get(f"/v1/jobs/{job.json['id']}").json
        assert done["state"] == "succeeded", done["error"]
        version = self.client.get("/v1/models/m/versions").json["data"][0]["version"]
        report: dict[str, Any] = self.client.get(f"/v1/models/m/versions/{version}/report").json
        return report


@pytest.fixture
def uploads(client: FlaskClient, deps: Deps) -> Uploads:
    return Uploads(client, deps)


def file(name: str) -> bytes:
    return (FIXTURES / f"{name}.csv").read_bytes()


def cells(name: str) -> dict[str, list[str]]:
    """The columns of a file, by Python's own reader."""
    rows = list(csv.reader(io.StringIO(file(name).decode())))
    return {name.strip(): list(column) for name, column in zip(rows[0], zip(*rows[1:], strict=True), strict=True)}


def column(dataset: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in dataset["columns"] if one["name"] == name)


def declared(note: str) -> str:
    """The option that a note offers."""
    found = re.search(r"null_values=(\[.*?\])", note)
    assert found, note
    return found[1]


def warned(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.json
    return {one["code"]: one["detail"] for one in answer.json["warnings"]}


def test_two_words_of_one_side_stay_two(uploads: Uploads) -> None:
    dataset = uploads.case("N-and-F-are-both-false")
    machine = column(dataset, "machine")
    assert (machine["kind"], machine["distinct"]) == ("categorical", 2)
    assert machine["notes"] == ['"f" and "n" are kept as text; declare the column boolean if they mean false and true']
    assert [row[0] for row in uploads.rows(dataset)] == cells("N-and-F-are-both-false")["machine"]
    assert uploads.learn(dataset, "y", epochs=50)["metrics"]["validation"]["r2"] > 0.5
    assert (
        column(uploads.case("N-and-F-are-both-false", types='{"machine": "boolean"}'), "machine")["kind"] == "boolean"
    )


def test_a_word_for_true_may_be_sent_in_json(uploads: Uploads) -> None:
    uploads.learn(uploads.case("json-Y-N"), "y", epochs=10)
    predict = "/v1/models/m/predict"
    by_csv = uploads.client.post(predict, data="smoker\nY\nN\n", content_type="text/csv").json["predictions"]
    records = {"records": [{"smoker": "Y"}, {"smoker": "N"}]}
    assert uploads.client.post(predict, json=records).json["predictions"] == by_csv
    assert by_csv[0] != by_csv[1]


@pytest.mark.parametrize(("name", "label"), [("underscore-season", "season"), ("ip-addresses", "addr")])
def test_what_is_no_number_stays_a_word(uploads: Uploads, name: str, label: str) -> None:
    dataset = uploads.case(name)
    assert column(dataset, label)["kind"] in ("categorical", "text")
    assert [row[0] for row in uploads.rows(dataset)] == cells(name)[label]


def test_points_for_missing_numbers_are_gaps_with_a_note(uploads: Uploads) -> None:
    dataset = uploads.case("dots-for-missing-25-percent")
    written = cells("dots-for-missing-25-percent")["a"]
    points = written.count(".")
    a = column(dataset, "a")
    assert (a["kind"], a["nulls"]) == ("numeric", points)
    assert a["notes"] == [f'read as missing: "." in {points} of {len(written)} cells']
    assert [row[0] for row in uploads.rows(dataset)] == [None if cell == "." else float(cell) for cell in written]
    assert uploads.learn(dataset, "y", epochs=50)["metrics"]["validation"]["r2"] > 0.5


def test_errors_of_a_spreadsheet_are_gaps_with_a_note(uploads: Uploads) -> None:
    dataset = uploads.case("excel-errors-30-percent")
    written = cells("excel-errors-30-percent")["a"]
    a = column(dataset, "a")
    counts = Counter(cell for cell in written if cell.startswith("#"))
    assert (a["kind"], a["nulls"]) == ("numeric", sum(counts.values()))
    for word, count in counts.items():
        assert any(
            note.startswith(f'"{word}" is read as missing in {count} of {len(written)} cells') for note in a["notes"]
        )
    assert uploads.validate(dataset, "y").status_code == 200


def test_a_target_in_a_currency_is_predicted(uploads: Uploads) -> None:
    dataset = uploads.case("currency-target")
    amounts = [float(cell.replace("$", "").replace(",", "")) for cell in cells("currency-target")["price"]]
    price = column(dataset, "price")
    assert price["kind"] == "numeric"
    assert price["notes"] == [f'{len(amounts)} of {len(amounts)} cells have "$": only the number is read']
    assert [row[1] for row in uploads.rows(dataset)] == amounts
    uploads.learn(dataset, "price", epochs=50)
    answer = uploads.client.post("/v1/models/m/predict", json={"records": [{"a": 1.264}]}).json["predictions"]
    assert answer[0] == pytest.approx(amounts[cells("currency-target")["a"].index("1.264")], rel=0.1)


def test_a_note_is_shown_by_the_command_line_and_the_card(uploads: Uploads) -> None:
    dataset = uploads.case("currency-target")
    note = column(dataset, "price")["notes"][0]
    out = io.StringIO()
    Console(file=out, width=200).print(rendering.dataset(Dataset.of(dataset)))
    assert f"price: {note}" in out.getvalue()
    report = uploads.learn(dataset, "price", epochs=5)
    assert report["lineage"]["column_notes"] == {"price": [note]}
    card = uploads.client.get("/v1/models/m/versions/1/files/model-card.md").text
    assert "cells have" in card.split("## Limits")[1].split("##")[0]


def test_limits_of_detection_are_told_and_the_mend_reads_them(uploads: Uploads) -> None:
    dataset = uploads.case("detection-limits")
    written = cells("detection-limits")["lead"]
    limits = sum(cell.startswith("<") for cell in written)
    note = column(dataset, "lead")["notes"][0]
    assert note.startswith(
        f'{len(written) - limits} of {len(written)} cells are numbers, {limits} are "<0.05": declare '
    )
    refused = uploads.validate(dataset, "y")
    assert refused.status_code == 422
    assert note in refused.json["detail"]
    as_target = uploads.validate(dataset, "lead")
    assert note in as_target.json["detail"]
    mended = uploads.case("detection-limits", null_values=declared(note))
    lead = column(mended, "lead")
    assert (lead["kind"], lead["nulls"], mended["rejected_rows"]) == ("numeric", limits, 0)
    assert uploads.validate(mended, "y").status_code == 200


def test_a_column_of_many_numbers_that_is_no_feature_is_warned_of(uploads: Uploads) -> None:
    rows = [f"{cell},{number},{2 * number}" for number, cell in enumerate(cells("detection-limits")["lead"])]
    dataset = uploads("\n".join(["lead,x,y", *rows]))
    note = column(dataset, "lead")["notes"][0]
    assert (
        warned(uploads.validate(dataset, "y"))["numbers_as_words"] == f"column 'lead' is left out as free text: {note}"
    )
    assert "numbers_as_words" not in warned(uploads.validate(dataset, "y", exclude=["lead"]))


def test_a_target_of_many_numbers_that_becomes_classes_is_told(uploads: Uploads) -> None:
    few = uploads("\n".join(["x,y", *(f"{row},{'ND' if row % 4 == 0 else row % 3}" for row in range(80))]))
    note = column(few, "y")["notes"][0]
    found = warned(uploads.validate(few, "y"))
    assert found["numbers_as_words"] == f"target 'y' is learnt as classes, not as numbers: {note}"
    many = uploads(
        "\n".join(["x,y", *(f"{row},{'ND' if row % 4 == 0 else row % 20 / 8 + row // 79}" for row in range(80))])
    )
    refused = uploads.validate(many, "y")
    assert refused.status_code == 422
    note = column(many, "y")["notes"][0]
    assert note in refused.json["detail"]
    mended = uploads(
        "\n".join(["x,y", *(f"{row},{'ND' if row % 4 == 0 else row % 20 / 8 + row // 79}" for row in range(80))]),
        null_values=declared(note),
    )
    assert column(mended, "y")["kind"] == "numeric"


def test_a_row_of_units_is_no_row_and_told(uploads: Uploads) -> None:
    dataset = uploads.case("units-row-in-a-short-table")
    assert [one["kind"] for one in dataset["columns"]] == ["numeric"] * 3
    assert (dataset["rows"], dataset["rejected_rows"]) == (8, 0)
    for one, unit in zip(dataset["columns"], ("cm", "kg", "EUR"), strict=True):
        assert one["notes"] == [f"the line below the header says '{unit}': it is not a row"]
    written = cells("units-row-in-a-short-table")
    assert uploads.rows(dataset) == [list(map(float, row)) for row in list(zip(*written.values(), strict=True))[1:]]
    assert uploads.validate(dataset, "y").status_code == 200


def test_dates_of_month_day_and_year_are_read(uploads: Uploads) -> None:
    dataset = uploads.case("month-day-year-names")
    when = column(dataset, "when")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    written = [cell.split("-") for cell in cells("month-day-year-names")["when"]]
    expected = [f"{year}-{months.index(month) + 1:02d}-{int(day):02d}" for month, day, year in written]
    assert (when["kind"], when["notes"]) == ("datetime", [])
    assert [row[0][:10] for row in uploads.rows(dataset)] == expected


def test_blanks_around_words_are_of_no_cell(uploads: Uploads) -> None:
    dataset = uploads.case("blanks-before-categories")
    assert {row[1] for row in uploads.rows(dataset)} == {"Private", "State-gov"}
    uploads.learn(dataset, "income", epochs=5, class_weights={"<=50K": 1, ">50K": 3})
    records = [{"age": 30, "work": "Private"}, {"age": 30, "work": " Private"}]
    first, second = uploads.client.post("/v1/models/m/predict", json={"records": records}).json["predictions"]
    assert first == second
    assert set(first["probabilities"]) == {"<=50K", ">50K"}


@pytest.mark.parametrize(
    ("name", "label", "word", "target"),
    [("class-None-vanishes", "disorder", "None", "disorder"), ("country-NA-default", "country", "NA", "y")],
)
def test_a_word_that_is_read_as_missing_is_told_and_can_be_kept(
    uploads: Uploads, name: str, label: str, word: str, target: str
) -> None:
    dataset, written = uploads.case(name), cells(name)[label]
    count = written.count(word)
    note = column(dataset, label)["notes"][0]
    assert note.startswith(
        f'"{word}" is read as missing in {count} of {len(written)} cells; if it is a value, declare '
    )
    assert column(dataset, label)["nulls"] == count
    assert note in warned(uploads.validate(dataset, target))["missing_word"]
    mended = uploads.case(name, null_values=declared(note))
    kept = column(mended, label)
    assert (kept["nulls"], kept["distinct"], kept["notes"]) == (0, len(set(written)), [])
    assert "missing_word" not in warned(uploads.validate(mended, target))


def test_the_mend_keeps_the_other_words_for_a_gap(uploads: Uploads) -> None:
    words = ["None", "a", "NA", "b", "a", "None"] * 20
    numbers = ["1.5", "n/a", "2", "unknown", "3", "4"] * 20
    dataset = uploads(
        "\n".join(["w,n,y", *(f"{word},{number},1" for word, number in zip(words, numbers, strict=True))])
    )
    notes = {one["name"]: one["notes"] for one in dataset["columns"]}
    assert sorted(json.loads(declared(notes["w"][0]))) == ["NA", "n/a"]
    mended = uploads(
        "\n".join(["w,n,y", *(f"{word},{number},1" for word, number in zip(words, numbers, strict=True))]),
        null_values=declared(notes["n"][0]),
    )
    assert column(mended, "n")["kind"] == "numeric"
    assert column(mended, "n")["nulls"] == numbers.count("n/a") + numbers.count("unknown")
    assert column(mended, "w")["nulls"] == column(dataset, "w")["nulls"]


def test_a_rare_word_for_a_gap_in_a_feature_is_no_warning(uploads: Uploads) -> None:
    rows = [f"{'NA' if row < 3 else 'ab'[row % 2]},{row % 7}" for row in range(100)]
    dataset = uploads("\n".join(["w,y", *rows]))
    assert column(dataset, "w")["notes"][0].startswith('"NA" is read as missing in 3 of 100 cells')
    assert "missing_word" not in warned(uploads.validate(dataset, "y"))
    assert "missing_word" in warned(uploads.validate(dataset, "w"))


def test_each_of_140_shops_has_an_input(uploads: Uploads) -> None:
    dataset = uploads.case("140-shops-of-15-rows")
    assert "categories_shared" not in warned(uploads.validate(dataset, "y"))
    report = uploads.learn(dataset, "y")
    inputs = [one["feature"] for one in report["certificate"]["coefficients"] if one["feature"].startswith("shop=")]
    assert len(inputs) == len(set(cells("140-shops-of-15-rows")["shop"])) == 140
    assert report["metrics"]["validation"]["r2"] > 0.99


@pytest.mark.parametrize(("most", "others"), [(100, 40), (139, 1), (140, 0)])
def test_categories_beyond_the_operators_limit_are_told(make_deps: Callable[..., Deps], most: int, others: int) -> None:
    deps = make_deps(max_categories=most)
    uploads = Uploads(create_app(deps).test_client(), deps)
    found = warned(uploads.validate(uploads.case("140-shops-of-15-rows"), "y"))
    if not others:
        assert "categories_shared" not in found
        return
    assert "has 140 categories" in found["categories_shared"]
    assert f"the other {others} share one" in found["categories_shared"]
    assert "ADALINE_MAX_CATEGORIES=140" in found["categories_shared"]


def test_the_file_itself_is_predicted_from(uploads: Uploads) -> None:
    """Cells with marks, gaps and signs mean the same at prediction as when they were learnt from."""
    marks = ["$1,234.50", "-$7", "($9.25)", "$-8", "--", "$77", "$1,000", "8"]
    shares = ["12.3%", "4 %", ".", "−5%", "?", "7%", "100%", "0.5%"]
    plain = ["−5", "6", "–7.5", "#DIV/0!", "8", "*", "9", "10"]
    rows = list(zip(marks, shares, plain, strict=True)) * 10
    text = "\n".join(["m;s;p;y", *(";".join([*row, str(number % 11 + 0.5)]) for number, row in enumerate(rows))])
    dataset = uploads(text)
    assert [one["kind"] for one in dataset["columns"]] == ["numeric"] * 4
    uploads.learn(dataset, "y", epochs=5)
    predict = "/v1/models/m/predict"
    by_csv = uploads.client.post(predict, data=text.encode(), content_type="text/csv").json["predictions"]
    stored = [dict(zip("msp", row, strict=False)) for row in uploads.rows(dataset)]
    assert uploads.client.post(predict, json={"records": stored}).json["predictions"] == by_csv
    written = [dict(zip("msp", row, strict=True)) for row in rows]
    assert uploads.client.post(predict, json={"records": written}).json["predictions"] == by_csv
    expected = [[1234.5, 12.3, -5], [-7, 4, 6], [-9.25, None, -7.5], [-8, -5, None], [None, None, 8], [77, 7, None],
                [1000, 100, 9], [8, 0.5, 10]]  # fmt: skip
    assert [row[:3] for row in uploads.rows(dataset)[:8]] == expected
    assert np.std(by_csv) > 0
