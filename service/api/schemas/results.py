"""What jobs have made, as marshmallow schemas: the answers of `/v1/jobs/{id}/result`."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, one_of, says
from service.api.schemas.models import BY_SPLIT, ModelVersion
from service.domain.spec.schema import PROMOTE


class CurvePoint(Answer):
    epoch = fields.Float(required=True)
    steps = fields.Integer(required=True)
    rows_touched = fields.Integer(required=True)
    loss = fields.Float(required=True, metadata=says("of all training rows"))


class ComparedDescent(Answer):
    """Epochs, steps, rows and seconds are those until the goal where `reached`, else until the descent ended."""

    descent = fields.String(required=True, validate=one_of(("batch", "stochastic", "mini-batch")))
    scaled = fields.Boolean(required=True, metadata=says("columns at mean 0 and deviation 1, else as they are"))
    batch_size = fields.Integer(required=True, metadata=says("rows in a step"))
    learning_rate = fields.Float(required=True)
    stable_learning_rate = fields.Float(
        required=True, metadata=says("below it this descent cannot diverge; behind a hidden layer, a guide")
    )
    condition_number = fields.Float(required=True, metadata=says("λmax/λmin of 2/n ZᵀZ, Z the design with intercept"))
    reached = fields.Boolean(required=True, metadata=says("the loss came down to the goal"))
    diverged = fields.Boolean(required=True, metadata=says("it ended above the loss that it began with"))
    epochs = fields.Float(required=True)
    steps = fields.Integer(required=True)
    steps_least = fields.Integer(
        required=True, metadata=says("looks at the loss lie apart: it may have arrived unseen after so many already")
    )
    rows_touched = fields.Integer(required=True)
    rows_touched_least = fields.Integer(required=True, metadata=says("those of `steps_least`"))
    seconds = fields.Float(required=True, metadata=says("of its steps alone, without looks at the loss"))
    loss = fields.Float(required=True, metadata=says("at the end of these steps, in the target's units"))
    goal_loss = fields.Float(required=True)
    least_loss = fields.Float(required=True)
    curve = fields.List(fields.Nested(CurvePoint), required=True, metadata=says("at most 200 points, from the start"))


class Comparison(Answer):
    task = fields.String(required=True)
    loss = fields.String(required=True)
    rows = fields.Integer(required=True, metadata=says("all train: nothing is held out"))
    tolerance = fields.Float(
        required=True,
        metadata=says("the goal: this share is left of the gap from the baseline's loss to the least one"),
    )
    baseline_loss = fields.Float(required=True, metadata=says("of always saying the mean, or equal odds"))
    least_is = fields.String(
        required=True,
        validate=one_of(("exact", "lowest seen")),
        metadata=says("exact: the optimum of a linear neuron, but for mae and quantile; else the lowest that was seen"),
    )
    descents = fields.List(fields.Nested(ComparedDescent), required=True)
    sentence = fields.String(required=True, metadata=says("what a teacher would say of these numbers"))
    pictures = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=says("SVG by the name of a file: the gap that each descent has left, by rows and by steps"),
    )


class PromotionSchema(Answer):
    """Whether the version serves: whether the model's bare name means it."""

    rule = fields.String(required=True, validate=one_of(PROMOTE))
    promoted = fields.Boolean(required=True, metadata=says("the bare name meant this version once it was published"))
    serves = fields.Integer(required=True, metadata=says("the version that the bare name meant then"))
    served_before = fields.Integer(required=True, allow_none=True, metadata=says("null: this is the first one"))
    sentence = fields.String(required=True, metadata=says("why, with the figures"))
    metric = fields.String(metadata=says("of if_better: what was compared; lower is better"))
    rows = fields.Integer(metadata=says("the new version's validation rows, on which both were judged"))
    value = fields.Float(allow_none=True, metadata=says("of the new version; null where they cannot be compared"))
    value_of_served = fields.Float(allow_none=True)


class JobResult(Answer):
    """A training's is its version, metrics and promotion, a comparison's the comparison."""

    model = fields.Nested(ModelVersion)
    metrics = fields.Dict(metadata=says("by split: train, validation, test", **BY_SPLIT))
    promotion = fields.Nested(
        PromotionSchema, allow_none=True, metadata=says("null for a version of before there was any")
    )
    comparison = fields.Nested(Comparison)
