"""What is told of how a CSV is written. It is stored and answered as JSON; this is what the document says of it."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_BY_COLUMN: dict[str, Any] = {"type": "object", "additionalProperties": _TEXT}

TEXT_STYLE: dict[str, Any] = {
    "type": "object",
    "description": "what cells mean beyond their plain forms",
    "properties": {
        "missing": {"type": "array", "items": _TEXT, "description": "words for a missing cell"},
        "decimal": {**_TEXT, "description": 'the declared decimal mark; "" where none was declared'},
        "decimals": {**_BY_COLUMN, "description": "the decimal mark of columns that have another"},
        "dates": {**_BY_COLUMN, "description": "the order of day, month and year: ymd, dmy or mdy"},
        "words": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _TEXT},
            "description": "how false and true are written",
        },
        "marks": {**_BY_COLUMN, "description": "the currency or % that numbers are written with"},
    },
}

DIALECT: dict[str, Any] = {
    "encoding": _TEXT,
    "delimiter": _TEXT,
    "quote": _TEXT,
    "escape": {**_TEXT, "description": '"" where a quote inside quotes is doubled'},
    "header": {"type": "boolean", "description": "whether the first line is a header"},
    "comment": {**_TEXT, "description": "the mark of lines that are no rows"},
    "blanks_before_quotes": {"type": "boolean"},
    "skipped_lines": {"type": "integer", "description": "lines above the header"},
    "newline": _TEXT,
    "header_lines": {"type": "integer"},
    "row_names": {"type": "boolean", "description": "whether rows begin with a name for which the header has none"},
    "cells_beyond": {"type": "integer", "description": "empty cells that a row may have after its last"},
    "short_rows": {"type": "boolean", "description": "whether rows that end early lack the cells that are missing"},
    "text_style": TEXT_STYLE,
}
