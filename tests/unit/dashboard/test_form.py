"""The form of a spec, from the schema that the API publishes: every field of it, and one that is new."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

import service
from tests.unit.dashboard.node import run

SCHEMA = "ui/form/schema.ts"
FIELDS = "return module.fieldsOf({ $ref: given[0] }, given[1], given[2] ?? []);"


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    document = yaml.safe_load((Path(service.__file__).parent.parent / "openapi.yaml").read_text())
    found: dict[str, Any] = document["components"]["schemas"]
    return {
        name: found[name]
        for name in ("TrainingSpec", "ComparisonSpec", "Split", "Network", "Optimizer", "EarlyStopping")
    }


def by_name(fields: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in fields}


def test_the_form_has_every_field_of_the_schema_and_those_below_it(schemas: dict[str, Any]) -> None:
    for name in ("TrainingSpec", "ComparisonSpec"):
        fields = by_name(run(SCHEMA, FIELDS, [name, schemas]))
        assert set(fields) == set(schemas[name]["properties"])
        [network] = fields["network"]["ways"]
        assert {one["name"] for one in network["fields"]} == set(schemas["Network"]["properties"])
        assert all(field["ways"] for field in fields.values())


def test_a_field_that_is_new_appears_with_its_words_range_and_default(schemas: dict[str, Any]) -> None:
    grown = copy.deepcopy(schemas)
    grown["TrainingSpec"]["properties"]["averaging"] = {
        "description": 'share of the steps averaged over. auto: by the effort; none: of no step; default: "auto"',
        "anyOf": [{"type": "string", "enum": ["auto", "none"]}, {"type": "number", "minimum": 0.0, "maximum": 1.0}],
    }
    field = by_name(run(SCHEMA, FIELDS, ["TrainingSpec", grown, ["dataset"]]))["averaging"]
    assert field == {
        "name": "averaging",
        "ways": [
            {"is": "word", "value": "auto"},
            {"is": "word", "value": "none"},
            {"is": "number", "isWhole": False, "minimum": 0, "maximum": 1},
        ],
        "about": "share of the steps averaged over",
        "meanings": {"auto": "by the effort", "none": "of no step"},
        "preset": "auto",
    }


def test_a_range_is_told_with_the_bounds_that_it_leaves_out(schemas: dict[str, Any]) -> None:
    script = """
      const { range } = await import(new URL("text.ts", given[2]));
      const look = (fields) => fields.flatMap(({ name, ways }) => ways.flatMap((way) =>
        way.is === "object" ? look(way.fields) : way.is === "number" ? [[name, range(way, String)]] : []));
      return look(module.fieldsOf({ $ref: given[0] }, given[1]));
    """
    base = (Path(service.__file__).parent / "dashboard" / "src" / "ui" / "form" / "x").as_uri()
    ranges = dict(run(SCHEMA, script, ["TrainingSpec", schemas, base]))
    assert ranges["quantile"] == "above 0 to below 1"
    assert ranges["dropout"] == "0 to below 1"
    assert ranges["clip_norm"] == "above 0"
    assert ranges["seed"] == "0 or more"
    assert ranges["patience"] == "1 to 1000000"


def test_descriptions_are_taken_apart_into_meanings_and_default(schemas: dict[str, Any]) -> None:
    fields = by_name(run(SCHEMA, FIELDS, ["TrainingSpec", schemas]))
    scaler = fields["scaler"]
    assert set(scaler["meanings"]) == {"standard", "minmax", "robust", "robust_clip", "none"}
    assert scaler["meanings"]["minmax"] == "range 0 to 1"
    assert scaler["preset"] == "standard"
    assert fields["schedule"]["about"] == "how the learning rate changes over the epochs"
    assert fields["schedule"]["meanings"]["constant"] == "no change"
    assert fields["early_stopping"]["meanings"]["null"] == "train all epochs"
    assert fields["early_stopping"]["preset"] == "auto"
    assert [way["is"] for way in fields["early_stopping"]["ways"]] == ["word", "object", "word"]
    assert fields["budget_seconds"]["ways"][0] == {"is": "word", "value": None}
    assert fields["class_weights"]["ways"][1] == {"is": "json"}
    assert fields["metadata"]["ways"] == [{"is": "json"}]


def test_every_default_of_the_schema_is_one_that_the_form_can_choose(schemas: dict[str, Any]) -> None:
    script = """
      const { choicesOf, choiceOf, onlyWay } = await import(new URL("choices.ts", given[2]));
      const look = (fields) => fields.flatMap((field) => {
        const inside = field.ways.flatMap((way) => (way.is === "object" ? look(way.fields) : []));
        return [[field.name, onlyWay(field) ? 0 : choiceOf(choicesOf(field), undefined)], ...inside];
      });
      return look(module.fieldsOf({ $ref: given[0] }, given[1]));
    """
    base = (Path(service.__file__).parent / "dashboard" / "src" / "ui" / "form" / "x").as_uri()
    for name, place in run(SCHEMA, script, ["TrainingSpec", schemas, base]):
        assert place >= 0, name


def test_a_draft_holds_what_was_chosen_and_nothing_else() -> None:
    script = """
      let draft = { dataset: "ds_1", target: "price" };
      draft = module.put(draft, ["optimizer", "learning_rate"], 0.1);
      draft = module.put(draft, ["optimizer", "l2"], 0.5);
      draft = module.put(draft, ["target"], "rent");
      const full = structuredClone(draft);
      draft = module.put(draft, ["optimizer", "learning_rate"], undefined);
      draft = module.put(draft, ["optimizer", "l2"], undefined);
      draft = module.put(draft, ["early_stopping"], {});
      const l2 = module.at(full, ["optimizer", "l2"]);
      return [full, draft, module.chosen(full), l2, module.pointer(["class_weights", "a/b~c"])];
    """
    full, draft, chosen, l2, pointer = run("ui/form/draft.ts", script)
    assert full == {"dataset": "ds_1", "target": "rent", "optimizer": {"learning_rate": 0.1, "l2": 0.5}}
    assert list(full) == ["dataset", "target", "optimizer"]
    assert draft == {"dataset": "ds_1", "target": "rent", "early_stopping": {}}
    assert (chosen, l2, pointer) == (4, 0.5, "/class_weights/a~1b~0c")


def test_what_is_typed_and_no_value_stays_text_for_the_server_to_judge() -> None:
    script = """
      const read = (text) => (/^[\\d.]+$/.test(text) ? Number(text) : null);
      return given.map(([text, way]) => module.valueOf(text, way, read) ?? "nothing");
    """
    number, text, numbers = {"is": "number"}, {"is": "list", "of": "text"}, {"is": "list", "of": "number"}
    typed = [
        ["0.5", number],
        ["half", number],
        ["  ", number],
        ["16, 8", numbers],
        ["16 x", numbers],
        ["a, b\n c ", text],
    ]
    assert run("ui/form/text.ts", script, [*typed, ['{"a": 1}', {"is": "json"}], ["{", {"is": "json"}]]) == [
        0.5, "half", "nothing", [16, 8], [16, "x"], ["a, b", "c"], {"a": 1}, "{",
    ]  # fmt: skip


def test_a_spec_with_every_field_written_down_is_the_few_that_differ_from_the_defaults(schemas: dict[str, Any]) -> None:
    script = """
      const { withoutPresets } = await import(new URL("draft.ts", given[2]));
      const fields = module.fieldsOf({ $ref: "TrainingSpec" }, given[1]);
      return withoutPresets(given[0], fields);
    """
    spec = {
        "dataset": "ds_1",
        "target": "price",
        "scaler": "standard",
        "missing": "median",
        "network": {"kind": "linear", "hidden": None, "bias": True, "dropout": 0.0},
        "optimizer": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.0, "clip_norm": None},
        "early_stopping": {"patience": 10, "min_delta": 0.5},
        "class_weights": None,
        "metadata": {},
        "epochs": 20,
        "of_later": {"x": 1},
    }
    base = (Path(service.__file__).parent / "dashboard" / "src" / "ui" / "form" / "x").as_uri()
    assert run(SCHEMA, script, [spec, schemas, base]) == {
        "dataset": "ds_1",
        "target": "price",
        "missing": "median",
        "optimizer": {"kind": "sgd", "learning_rate": 0.1},
        "early_stopping": {"min_delta": 0.5},
        "epochs": 20,
        "of_later": {"x": 1},
    }
