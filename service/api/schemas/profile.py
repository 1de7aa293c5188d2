"""What a profile says of a table, as marshmallow schemas; it is stored as JSON, and answered as it is stored."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.datasets import ColumnSchema
from service.api.schemas.derived import schema_of
from service.domain.descent.curvature import Curvature

ANY_CELL = ["string", "number", "boolean"]


class ValueCount(Answer):
    value = fields.Raw(required=True, metadata=says("a value of the column", type=ANY_CELL))
    count = fields.Integer(required=True)


class Histogram(Answer):
    """Cells in bins of equal width; a value on an edge is counted in the bin above it, the greatest in the last."""

    edges = fields.List(fields.Float(), required=True, metadata=says("one more than counts; none without cells"))
    counts = fields.List(fields.Integer(), required=True)


class ProfileColumn(ColumnSchema):
    count = fields.Integer(required=True, metadata=says("number of cells that are not missing"))
    distinct_is_exact = fields.Boolean(metadata=says("false: `distinct` is an estimate"))
    distinct_error = fields.Float(metadata=says("standard error of `distinct`, as a share of it"))
    mean_length = fields.Float(allow_none=True, metadata=says("of words, in characters"))
    top = fields.List(fields.Nested(ValueCount), metadata=says("the most frequent words or truths, at most 20"))
    top_missed = fields.Integer(metadata=says("the counts of `top` are too small by at most this"))
    values = fields.List(
        fields.Raw(metadata={"type": ANY_CELL}), metadata=says("all values in order, where there are few")
    )
    quantiles = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(metadata={"type": ["number", "string", "null"]}),
        metadata=says("of numbers and times, by their share: 0.01, 0.25, 0.5, 0.75, 0.99"),
    )
    quantiles_error = fields.Float(metadata=says("how far off their ranks may be, as a share of the cells"))
    rises = fields.Integer(metadata=says("how often a time is later than the one in the row before"))
    falls = fields.Integer(metadata=says("how often it is earlier"))
    histogram = fields.Nested(Histogram, metadata=says("of numbers"))
    missing_words = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=says("words that were read as missing, and how often")
    )
    odd_cells = fields.Integer(metadata=says("cells that kept a column of words from being one of another kind"))


class GramOfProfile(Answer):
    """The matrix of the numeric columns' products, from which correlations are told."""

    sha256 = fields.String(allow_none=True)
    columns = fields.List(fields.String(), required=True)
    missing = fields.String(required=True, metadata=says("what a missing cell counts as: its column's mean"))


class CorrelationWith(Answer):
    column = fields.String(required=True)
    correlation = fields.Float(
        required=True, allow_none=True, metadata=says("Pearson's r; null where a column does not vary")
    )
    rows = fields.Integer(required=True, metadata=says("rows in which both are present"))


class Correlations(Answer):
    column = fields.String(required=True)
    over = fields.String(required=True)
    values = fields.List(fields.Nested(CorrelationWith), required=True, metadata=says("the strongest first"))


class LinearCoefficient(Answer):
    feature = fields.String(required=True)
    value = fields.Float(required=True)


class LinearOptimum(Answer):
    """The least squares fit of the column by all other numeric ones."""

    target = fields.String(required=True)
    rows = fields.Integer(required=True)
    rank = fields.Integer(required=True)
    mse = fields.Float(required=True)
    r2 = fields.Float(required=True, allow_none=True)
    intercept = fields.Float(required=True)
    coefficients = fields.List(fields.Nested(LinearCoefficient), required=True)


class CurvatureOfColumns(Answer):
    scaled = fields.Nested(lambda: schema_of(Curvature)(), required=True, allow_none=True)
    raw = fields.Nested(lambda: schema_of(Curvature)(), required=True, allow_none=True)


class LinearOfColumn(Answer):
    curvature = fields.Nested(CurvatureOfColumns, required=True)
    optimum = fields.Nested(
        LinearOptimum, required=True, allow_none=True, metadata=says("null if cells of the column are missing")
    )


class ProfileSchema(Answer):
    """Statistics of each column; with ?correlate=, of the columns with one of them."""

    rows = fields.Integer(required=True)
    columns = fields.List(fields.Nested(ProfileColumn), required=True)
    gram = fields.Nested(GramOfProfile, required=True, allow_none=True)
    gram_left_out = fields.String(required=True, allow_none=True, metadata=says("why there are no correlations"))
    correlations = fields.Nested(Correlations, metadata=says("with ?correlate= alone"))
    linear = fields.Nested(LinearOfColumn, metadata=says("with ?correlate= alone"))
