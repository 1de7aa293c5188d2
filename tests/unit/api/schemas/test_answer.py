from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, KeptJson
from service.api.schemas.datasets import ColumnSchema
from tests import samples


class Copied(Answer):
    columns = fields.List(fields.Nested(ColumnSchema), allow_none=True)
    first = fields.Nested(ColumnSchema, allow_none=True)


class AsKept(Answer):
    columns = fields.List(KeptJson(ColumnSchema), allow_none=True)
    first = KeptJson(ColumnSchema, allow_none=True)


def test_what_is_kept_is_answered_as_a_copy_field_by_field_would_be() -> None:
    notes = {"notes": ["a", "ü"], "of a later version": 1, "mean": None, "standard_deviation": 0.5}
    columns = [{**column, **notes} for column in samples.COLUMNS]
    for kept in (
        {"columns": columns, "first": columns[0]},
        {"columns": [], "first": {}},
        {"columns": None, "first": None},
    ):
        assert AsKept().dump(kept) == Copied().dump(kept)
    shown = AsKept().dump({"columns": columns})["columns"][0]
    assert list(shown) == [name for name in ColumnSchema().fields if name in columns[0]]
