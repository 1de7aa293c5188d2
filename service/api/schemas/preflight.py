"""What the preflight of a spec says, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.derived import schema_of
from service.api.schemas.jobs import ANY_SPEC
from service.domain.descent.curvature import Curvature
from service.domain.descent.forecast import Forecasts
from service.domain.report.warned import Warned


class BoundSchema(Answer):
    learning_rate = fields.Float(
        required=True, metadata=says("descent with this optimizer is stable below this learning rate")
    )
    guide = fields.String(
        required=True, allow_none=True, metadata=says("why the bound is only a guide; null if it is exact")
    )


class NotCovered(Answer):
    column = fields.String(required=True)
    detail = fields.String(required=True)


class SpecCurvature(Answer):
    scaled = fields.Nested(
        schema_of(Curvature), required=True, allow_none=True, metadata=says("of the network's scaled inputs")
    )
    raw = fields.Nested(schema_of(Curvature), required=True, allow_none=True, metadata=says("of the unscaled columns"))
    columns = fields.List(fields.String(), required=True, metadata=says("the columns covered"))
    left_out = fields.List(fields.Nested(NotCovered), required=True, metadata=says("the features not covered"))
    basis = fields.String(required=True, metadata=says("what the curvature was computed from"))
    bound = fields.Nested(BoundSchema, required=True, allow_none=True)
    forecast = fields.Nested(
        schema_of(Forecasts),
        required=True,
        allow_none=True,
        metadata=says("what descent does on this table, in addition to the bounds"),
    )
    forecast_left_out = fields.String(required=True, allow_none=True, metadata=says("why there is no forecast"))


class RatesSchema(Answer):
    learning_rate = fields.Float(required=True)
    momentum = fields.Float(required=True)
    epochs = fields.Integer(required=True)
    why = fields.String(required=True)
    is_estimate = fields.Boolean(
        required=True, metadata=says("from the curvature of all rows; training uses that of the training rows")
    )


class MemorySchema(Answer):
    """Bytes beyond what an idle worker takes."""

    total_bytes = fields.Integer(required=True)
    matrix_bytes = fields.Integer(required=True, metadata=says("the prepared rows of all split parts"))
    weights_bytes = fields.Integer(required=True)
    optimizer_bytes = fields.Integer(required=True)
    workspace_bytes = fields.Integer(required=True)
    limit_bytes = fields.Integer(
        required=True,
        allow_none=True,
        metadata=says("memory allowed for a training process; a spec that does not fit is refused"),
    )


class Duration(Answer):
    seconds = fields.Float(
        required=True, allow_none=True, metadata=says("from the start of the work to its end, with all epochs")
    )
    low = fields.Float(required=True, allow_none=True, metadata=says("according to the fastest comparable run"))
    high = fields.Float(required=True, allow_none=True, metadata=says("according to the slowest comparable run"))
    epoch_seconds = fields.Float(required=True, allow_none=True)
    epochs = fields.Integer(required=True, allow_none=True)
    runs = fields.Integer(required=True, metadata=says("number of comparable runs finished on this machine"))
    why = fields.String(required=True)


class Estimate(Answer):
    memory = fields.Nested(MemorySchema, required=True)
    time = fields.Nested(Duration, required=True)


class SpecCheck(Answer):
    spec = fields.Raw(required=True, metadata=ANY_SPEC)
    notes = fields.List(fields.String(), required=True, metadata=says("choices made automatically"))
    warnings = fields.List(
        fields.Nested(schema_of(Warned)), required=True, metadata=says("problems that the spec or the data may cause")
    )
    curvature = fields.Nested(SpecCurvature, required=True)
    rates = fields.Nested(
        RatesSchema,
        required=True,
        allow_none=True,
        metadata=says("null for a comparison, or if only the training rows determine them"),
    )
    estimate = fields.Nested(Estimate, required=True)
