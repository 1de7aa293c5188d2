"""Prediction bodies and answers: their media types, and what is said of rows that cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from service.domain.cells.kinds import Kind
from service.errors import FieldError, RowsInvalid, told_by_first

JSON = "application/json"
CSV = "text/csv"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
ALSO: Mapping[str, str] = {
    "application/jsonl": NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonlines": NDJSON,
    "application/x-jsonlines": NDJSON,
    "application/x-parquet": PARQUET,
    "application/parquet": PARQUET,
}
"""Other names of the same."""

Kinds = Mapping[str, Kind]


def refused(errors: Sequence[FieldError]) -> RowsInvalid:
    """The error of several places, told by the first."""
    return RowsInvalid(told_by_first(errors), errors)


def too_many_rows(most: int) -> RowsInvalid:
    """The error of a body with more than `most` rows."""
    return RowsInvalid(f"the body has more than {most:,} rows (ADALINE_MAX_PREDICTION_ROWS); send it in parts")


def no_rows() -> RowsInvalid:
    """The error of a body without rows."""
    return RowsInvalid("the body has no rows; send at least one")


def missing_feature(name: str, pointer: str, there: Sequence[str]) -> FieldError:
    """The error of a feature that the body lacks."""
    shown = ", ".join(repr(column) for column in there[:20])
    return FieldError(pointer, f"feature {name!r} is missing; the body has {shown or 'no columns'}")


def check_features(features: Collection[str], names: Sequence[str]) -> None:
    """Raises RowsInvalid when a feature has no column in a table, or two."""
    if errors := [missing_feature(name, "", names) for name in features if name not in names]:
        raise refused(errors)
    for name in features:
        if list(names).count(name) > 1:
            raise refused([FieldError("", f"the table names column {name!r} twice; rename or remove one")])
