"""Datasets, their columns and their rows."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, KeptJson, TimeField, one_of, says
from service.api.schemas.dialect import DIALECT
from service.api.schemas.problems import Reason
from service.domain.cells.kinds import KINDS
from service.domain.jobs.lifecycle import DATASET_STATES
from service.store.listed import KIB, LISTED


class ColumnSchema(Answer):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(KINDS))
    nulls = fields.Integer(required=True, metadata=says("number of missing cells"))
    distinct = fields.Integer(required=True, metadata=says("number of distinct values, without missing cells"))
    minimum = fields.Raw(metadata=says("smallest number, or earliest time", type=["number", "string", "null"]))
    maximum = fields.Raw(metadata=says("largest number, or latest time", type=["number", "string", "null"]))
    mean = fields.Float(allow_none=True)
    standard_deviation = fields.Float(allow_none=True)
    whole = fields.Boolean(metadata=says("whether all numbers are whole"))
    rarest = fields.Dict(allow_none=True, metadata=says("the rarest value and its count, if there are few values"))
    notes = fields.List(fields.String(), metadata=says("how the column was read, and what to declare if that is wrong"))


class DatasetSchema(Answer):
    id = fields.String(required=True, metadata=says("", example="ds_01k4q2v7x8m3n5p6r9s0t1w2y3"))
    name = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(DATASET_STATES))
    sha256 = fields.String(required=True, metadata=says("SHA-256 of the uploaded bytes, decompressed"))
    bytes = fields.Integer(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    rejected_rows = fields.Integer(required=True, allow_none=True)
    dialect = fields.Dict(
        required=True, allow_none=True, metadata=says("how the file was parsed; null for Parquet", properties=DIALECT)
    )
    column_count = fields.Integer(required=True, allow_none=True)
    columns = fields.List(KeptJson(ColumnSchema), required=True, allow_none=True)
    created_at = TimeField(required=True)
    error = fields.Nested(Reason, required=True, allow_none=True)


class ListedDataset(DatasetSchema):
    """A dataset as a list tells it: the columns of wide tables would make it hundreds of megabytes."""

    column_count = fields.Integer(required=True, allow_none=True, attribute="listed_count")
    columns = fields.List(
        KeptJson(ColumnSchema),
        required=True,
        allow_none=True,
        attribute="listed_columns",
        metadata=says(f"null also where they take more than {LISTED // KIB} KiB: the dataset itself has them"),
    )


class RowsSchema(Answer):
    columns = fields.List(fields.String(), required=True)
    data = fields.List(
        fields.List(fields.Raw()),
        required=True,
        metadata=says("one list per row; fewer than `limit` where rows are long or wide"),
    )
    has_more = fields.Boolean(required=True, metadata=says("whether more follow, from `offset` plus those that came"))
