"""What a request to predict asks for, from its query."""

from __future__ import annotations

import csv
from typing import Any

from service.domain.model.slots import Wanted
from service.errors import ParameterInvalid


def wanted(query: dict[str, Any]) -> Wanted:
    """The outputs that a parsed PredictQuery asks for. Raises ParameterInvalid."""
    return Wanted(query["flags"], query.get("intervals"), query["contributions"], _names(query.get("columns")))


def _names(text: str | None) -> tuple[str, ...] | None:
    """The names in a line of CSV."""
    if text is None:
        return None
    try:
        (names,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError) as error:
        raise ParameterInvalid.at(
            "/columns",
            f"columns: {text!r} is not a comma-separated list of names ({error}); quote a name that has a comma with "
            'double quotes, and double the quotes inside it: "a,b"',
        ) from None
    return tuple(names)
