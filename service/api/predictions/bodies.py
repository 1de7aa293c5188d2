"""The bodies of predictions as the document describes them, with examples."""

from __future__ import annotations

import json
from typing import Any

from service.api.predictions.codecs import ARROW, CSV, JSON, NDJSON, PARQUET

CELL: dict[str, Any] = {"description": "a number, a string, true, false, or null if missing"}
_ROW: dict[str, Any] = {"type": "array", "items": CELL}
_FORMS: dict[str, Any] = {
    "records": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": CELL},
        "description": '[{"feature": value, …}, …]: a string is read like a cell of the dataset',
    },
    "instances": {"type": "array", "items": _ROW, "description": "rows, each in the order of the features"},
    "columns": {"type": "object", "additionalProperties": _ROW, "description": "a list per feature"},
    "dataframe_split": {
        "type": "object",
        "required": ["columns", "data"],
        "additionalProperties": False,
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": _ROW},
            "index": {"type": "array", "items": {}},
        },
        "description": "as written by pandas: to_dict(orient='split')",
    },
}
# README's model and rows: what the server answered to them stands in examples.json
NAMES = ["rooms", "area", "garden", "city"]
HOUSES: list[list[Any]] = [[4, 82, True, "Nice"], [2, 35, False, "Lille"]]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in HOUSES]
BY_COLUMN = {name: [row[index] for row in HOUSES] for index, name in enumerate(NAMES)}
TABLE = "rooms,area,garden,city\n4,82,true,Nice\n2,35,false,Lille\n"
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
_EXAMPLES: dict[str, dict[str, Any]] = {
    "records": {"records": RECORDS},
    "instances": {"instances": HOUSES},
    "columns": {"columns": BY_COLUMN},
    "dataframe_split": {"dataframe_split": {"columns": NAMES, "data": HOUSES}},
}
_MODEL = {"type": "string", "description": "name, name@alias or name:version"}


def _schema(beside: dict[str, Any]) -> dict[str, Any]:
    """One of the forms and what stands beside it. Counted: as alternatives generators would make a class for each."""
    count = len(beside) + 1
    return {
        "type": "object",
        "description": f"exactly one of {', '.join(_FORMS)}" + "".join(f", and {name}" for name in beside),
        "properties": {**beside, **_FORMS},
        "additionalProperties": False,
        **({"required": list(beside)} if beside else {}),
        "minProperties": count,
        "maxProperties": count,
    }


SCHEMAS = {"PredictionRows": _schema({}), "PredictionRowsWithModel": _schema({"model": _MODEL})}


def documented(component: str, **beside: Any) -> dict[str, Any]:
    """The request body of an operation; `beside` stands in each of its examples."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "required": True,
        "content": {
            JSON: {
                "schema": {"$ref": f"#/components/schemas/{component}"},
                "examples": {form: {"value": {**beside, **body}} for form, body in _EXAMPLES.items()},
            },
            CSV: {"schema": {"type": "string"}, "example": TABLE},
            NDJSON: {"schema": {"type": "string"}, "example": LINES},
            ARROW: binary,
            PARQUET: binary,
        },
    }
