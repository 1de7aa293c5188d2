"""What the preflight of a spec says, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.jobs import ANY_SPEC


class Warned(Answer):
    code = fields.String(required=True, metadata=says("stable: decide by it", example="learning_rate_unstable"))
    detail = fields.String(required=True, metadata=says("what is the matter, and what mends it"))
    pointer = fields.String(metadata=says("JSON pointer of the field of the spec that mends it"))


class Curvature(Answer):
    lambda_max = fields.Float(required=True)
    lambda_min = fields.Float(required=True, metadata=says("the least that is not zero"))
    condition_number = fields.Float(required=True)
    stable_learning_rate = fields.Float(required=True, metadata=says("full-batch descent is stable below"))
    best_learning_rate = fields.Float(
        required=True,
        metadata=says("2/(λmax + λmin): the constant one with the best worst case; for a table's own see the forecast"),
    )
    epochs_to_1_percent = fields.Integer(
        required=True,
        metadata=says("a bound, no forecast: at that rate no target takes more of them to 1 % of the gap"),
    )


class Forecast(Answer):
    """Of full-batch descent at a constant rate on these rows, from weights of zero, until 1 % of the gap to the optimum
    is left; exact but for rounding. A number of epochs is null where that never comes."""

    best_learning_rate = fields.Float(required=True, metadata=says("the one that takes the fewest epochs"))
    epochs_to_1_percent = fields.Integer(required=True, allow_none=True, metadata=says("at that rate"))
    epochs_at_worst_case_rate = fields.Integer(
        required=True,
        allow_none=True,
        metadata=says("at the rate with the best worst case, `best_learning_rate` beside"),
    )


class ForecastOfRun(Answer):
    """Of the spec itself, with its rate and momentum."""

    epochs_to_1_percent = fields.Integer(
        required=True,
        allow_none=True,
        metadata=says("after so many 1 % of the gap is left; null: not within its epochs"),
    )
    epochs = fields.Integer(required=True)
    share_left = fields.Float(required=True, metadata=says("of the gap, after all of its epochs; at most 1e30"))


class Forecasts(Answer):
    scaled = fields.Nested(Forecast, required=True, allow_none=True, metadata=says("on what the network reads"))
    raw = fields.Nested(Forecast, required=True, allow_none=True, metadata=says("on the columns as they are"))
    run = fields.Nested(
        ForecastOfRun,
        required=True,
        allow_none=True,
        metadata=says("null where the spec is another descent than full-batch sgd at one rate, without penalties"),
    )


class Bound(Answer):
    learning_rate = fields.Float(required=True, metadata=says("descent with this optimizer is stable below"))
    guide = fields.String(required=True, allow_none=True, metadata=says("why it is a guide only; null: it is exact"))


class NotCovered(Answer):
    column = fields.String(required=True)
    detail = fields.String(required=True)


class SpecCurvature(Answer):
    scaled = fields.Nested(Curvature, required=True, allow_none=True, metadata=says("of what the network reads"))
    raw = fields.Nested(Curvature, required=True, allow_none=True, metadata=says("of the columns as they are"))
    columns = fields.List(fields.String(), required=True, metadata=says("those that it is of"))
    left_out = fields.List(fields.Nested(NotCovered), required=True, metadata=says("features that it is not of"))
    basis = fields.String(required=True, metadata=says("what it is computed from"))
    bound = fields.Nested(Bound, required=True, allow_none=True)
    forecast = fields.Nested(
        Forecasts, required=True, allow_none=True, metadata=says("what descent does on this table, beside the bounds")
    )
    forecast_left_out = fields.String(required=True, allow_none=True, metadata=says("why there is no forecast"))


class Rates(Answer):
    learning_rate = fields.Float(required=True)
    momentum = fields.Float(required=True)
    epochs = fields.Integer(required=True)
    why = fields.String(required=True)
    is_estimate = fields.Boolean(
        required=True, metadata=says("by the curvature of all rows; training takes that of the training rows")
    )


class Memory(Answer):
    """Bytes beyond what an idle worker takes."""

    total_bytes = fields.Integer(required=True)
    matrix_bytes = fields.Integer(required=True, metadata=says("the prepared rows of all parts"))
    weights_bytes = fields.Integer(required=True)
    optimizer_bytes = fields.Integer(required=True)
    workspace_bytes = fields.Integer(required=True)
    limit_bytes = fields.Integer(
        required=True, allow_none=True, metadata=says("what a training process may take: what does not fit is refused")
    )


class Duration(Answer):
    seconds = fields.Float(required=True, allow_none=True, metadata=says("from the start of the work, all epochs made"))
    low = fields.Float(required=True, allow_none=True, metadata=says("by the fastest of the runs that tell it"))
    high = fields.Float(required=True, allow_none=True, metadata=says("by the slowest"))
    epoch_seconds = fields.Float(required=True, allow_none=True)
    epochs = fields.Integer(required=True, allow_none=True)
    runs = fields.Integer(required=True, metadata=says("how many finished runs on this machine tell it"))
    why = fields.String(required=True)


class Estimate(Answer):
    memory = fields.Nested(Memory, required=True)
    time = fields.Nested(Duration, required=True)


class SpecCheck(Answer):
    spec = fields.Raw(required=True, metadata=ANY_SPEC)
    notes = fields.List(fields.String(), required=True, metadata=says("choices made in your stead"))
    warnings = fields.List(fields.Nested(Warned), required=True, metadata=says("what a teacher would say of it"))
    curvature = fields.Nested(SpecCurvature, required=True)
    rates = fields.Nested(
        Rates,
        required=True,
        allow_none=True,
        metadata=says("null of a comparison, or where only the training rows tell them"),
    )
    estimate = fields.Nested(Estimate, required=True)
