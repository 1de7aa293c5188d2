"""The form with one field a feature: what a manifest says of the features, what is filled in, and what is sent."""

from __future__ import annotations

from typing import Any

from tests.unit.dashboard.node import run

MANIFEST, FIELDS, ROW = "api/manifest.ts", "ui/features/fields.ts", "ui/features/row.ts"
PLAIN = {"low": None, "high": None, "fill": None, "fill_category": None, "categories": []}
STATISTICS = {"outputs": ["price"], "categories": ["Metz", "Nice"], "values": []}
DOCUMENT: dict[str, Any] = {
    "network": {"sizes": [4, 1]},
    "calibration": {"rows": 180},
    "text_style": {"words": {"garden": ["no", "yes"]}},
    "transform": {
        "features": [
            {**PLAIN, "name": "area", "kind": "numeric", "low": 14.1, "high": 181.6, "fill": 79.0853},
            {**PLAIN, "name": "garden", "kind": "boolean", "low": 0.0, "high": 1.0, "fill": 0.37},
            {
                **PLAIN, "name": "city", "kind": "categorical", "fill_category": "Lille",
                "categories": ["Lille", "Nice"], "statistics": STATISTICS,
            },
            {**PLAIN, "name": "sold_at", "kind": "datetime", "low": 1704067200.0, "high": 1764547200.0},
        ]
    },
}  # fmt: skip
MARKS = {"decimal": ",", "group": ".", "digits": list("0123456789")}


def fields(document: Any, seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    trained = run(MANIFEST, "return module.readManifest(given);", document)
    script = "return given.features.map((one) => module.fieldOf(one, given.seen.find((it) => it.name === one.name)));"
    found: list[dict[str, Any]] = run(FIELDS, script, {"features": trained["features"], "seen": seen})
    return found


def test_a_manifest_gives_ranges_categories_words_and_what_takes_the_place_of_a_gap() -> None:
    trained = run(MANIFEST, "return module.readManifest(given);", DOCUMENT)
    assert (trained["isLinear"], trained["calibrationRows"]) == (True, 180)
    area, garden, city, sold_at = trained["features"]
    assert (area["low"], area["high"], area["fill"], area["words"]) == (14.1, 181.6, 79.0853, None)
    assert garden["words"] == ["no", "yes"]
    assert (city["categories"], city["fill"]) == (["Lille", "Nice", "Metz"], "Lille")
    assert sold_at["fill"] is None


def test_what_is_no_manifest_is_none() -> None:
    documents = [None, 3, [], {}, {"transform": None}, {"transform": {"features": [{"name": 1}]}}]
    documents.append({"transform": {"features": [{"name": "a", "kind": "other"}]}})
    assert run(MANIFEST, "return given.map(module.readManifest);", documents) == [None] * len(documents)


def test_a_usual_row_is_that_of_the_profile_else_that_of_the_model() -> None:
    alone = fields(DOCUMENT, [])
    assert [one["usual"] for one in alone] == ["79.09", "false", "Lille", ""]
    seen = [
        {"name": "area", "quantiles": {"0.5": 75.5}, "whole": False},
        {"name": "garden", "top": [{"value": True, "count": 3}]},
        {"name": "city", "top": [{"value": "Nice", "count": 3}], "values": ["Lille", "Nice", "Metz", "Brest"]},
        {"name": "sold_at", "quantiles": {"0.5": "2024-12-27T12:00:00Z"}},
    ]
    beside = fields(DOCUMENT, seen)
    assert [one["usual"] for one in beside] == ["75.5", "true", "Nice", "2024-12-27"]
    assert beside[2]["choices"] == ["Lille", "Nice", "Metz", "Brest"]
    assert [one["fills"] for one in beside] == [True, True, True, False]


def test_a_typed_row_is_read_as_its_fields_are() -> None:
    row = {
        "area": {"text": "1.234,5", "isMissing": False},
        "garden": {"text": "true", "isMissing": False},
        "city": {"text": "Nice", "isMissing": True},
        "sold_at": {"text": "2024-05-31", "isMissing": False},
    }
    script = "return module.readRow(given.fields, given.row, given.marks);"
    given = {"fields": fields(DOCUMENT, []), "row": row, "marks": MARKS}
    record = {"area": 1234.5, "garden": True, "city": None, "sold_at": "2024-05-31"}
    assert run(ROW, script, given) == {"record": record, "wrong": {}, "blank": []}
    row["area"]["text"], row["city"] = "1.234", {"text": " ", "isMissing": False}
    read = run(ROW, script, given)
    assert read["record"] is None
    assert list(read["wrong"]) == ["area"]
    assert read["blank"] == ["city"]


def test_a_usual_row_is_read_as_it_was_meant_in_any_language() -> None:
    script = "return module.readRow(given.fields, module.usualRow(given.fields, given.marks), given.marks);"
    read = run(ROW, script, {"fields": fields(DOCUMENT, [])[:3], "marks": MARKS})
    assert read["record"] == {"area": 79.09, "garden": False, "city": "Lille"}


def test_names_that_every_object_has_are_names_like_any_other() -> None:
    script = """
      const names = ["__proto__", "constructor", "toString"];
      const fields = names.map((name) => ({ name, kind: "numeric", low: 0, high: 1, usual: "1" }));
      let row = module.blankRow(fields);
      for (const field of fields) row = module.withTyped(row, field.name, { text: "2", isMissing: false });
      const { record } = module.readRow(fields, row, given);
      return [JSON.stringify(record), fields.map((field) => module.isBeyond(field, 2))];
    """
    assert run(ROW, script, MARKS) == ['{"__proto__":2,"constructor":2,"toString":2}', [True, True, True]]
