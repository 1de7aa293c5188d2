"""What a preview says, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, one_of, says
from service.api.schemas.dialect import DIALECT
from service.domain.cells.kinds import KINDS


class PreviewColumn(Answer):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(KINDS))
    notes = fields.List(
        fields.String(), required=True, metadata=says("how the column was read, and what to declare if that is wrong")
    )


class PreviewReject(Answer):
    row = fields.Integer(required=True, metadata=says("counted from 1, below the header"))
    column = fields.String(required=True, metadata=says("empty if the whole row is wrong"))
    reason = fields.String(required=True)


class Preview(Answer):
    """What would be read of a file, by its first part, or by the end of a Parquet file. Nothing is stored."""

    dialect = fields.Dict(
        required=True,
        allow_none=True,
        metadata=says("how the file would be read; null for Parquet", properties=DIALECT),
    )
    columns = fields.List(fields.Nested(PreviewColumn), required=True)
    rows = fields.List(
        fields.List(fields.Raw()),
        required=True,
        metadata=says("the first rows, as they would be read; of a Parquet file's end none"),
    )
    rejects = fields.List(fields.Nested(PreviewReject), required=True, metadata=says("rows that would be rejected"))
    truncated = fields.Boolean(required=True, metadata=says("whether the file may have more than the previewed part"))
