"""Arrow's types by what columns hold (see `service.domain.cells.kinds`): as tables are stored, and as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import types

from service.domain.cells.kinds import Holds, kind_of

NUMBER, TRUTH, WORD, TIME = pa.float64(), pa.bool_(), pa.string(), pa.timestamp("us")
STORED: Mapping[Holds, Any] = {"numbers": NUMBER, "truths": TRUTH, "words": WORD, "times": TIME}
NO_NUMBER, NO_TRUTH, NO_WORD = pa.scalar(None, NUMBER), pa.scalar(None, TRUTH), pa.scalar(None, WORD)

_IS: Mapping[Holds, Callable[[Any], bool]] = {
    "numbers": lambda of: types.is_integer(of) or types.is_floating(of) or types.is_decimal(of),
    "truths": types.is_boolean,
    "words": lambda of: (
        types.is_string(of) or types.is_large_string(of) or types.is_string_view(of) or types.is_null(of)
    ),
    "times": lambda of: types.is_timestamp(of) or types.is_date(of),
}


def stored_type(kind: str) -> Any:
    """The type of a column of this kind in a stored table. Raises KindUnknown."""
    return STORED[kind_of(kind).holds]


def held_by(of: Any) -> Holds | None:
    """What a column of this type holds: a dictionary what its values are, one of nulls words. None for a type that no
    kind is read from."""
    plain = of.value_type if types.is_dictionary(of) else of
    return next((holds for holds, is_one in _IS.items() if is_one(plain)), None)
