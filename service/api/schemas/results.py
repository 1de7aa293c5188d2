"""What jobs have made, as marshmallow schemas: the answers of `/v1/jobs/{id}/result`."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, one_of, says
from service.api.schemas.models import BY_SPLIT, METRICS, ModelVersion
from service.domain.spec.schema import PROMOTE


class CurvePoint(Answer):
    epoch = fields.Float(required=True)
    steps = fields.Integer(required=True)
    rows_touched = fields.Integer(required=True)
    loss = fields.Float(required=True, metadata=says("scaled or unscaled, over all training rows"))


class ComparedDescent(Answer):
    """Epochs, steps, rows and seconds are those until the goal where `reached`, else until the descent ended."""

    descent = fields.String(required=True, validate=one_of(("batch", "stochastic", "mini-batch")))
    scaled = fields.Boolean(
        required=True, metadata=says("whether columns are scaled to mean 0 and standard deviation 1")
    )
    batch_size = fields.Integer(required=True, metadata=says("batch size: rows per step"))
    learning_rate = fields.Float(required=True)
    stable_learning_rate = fields.Float(
        required=True, metadata=says("below it this descent cannot diverge; with hidden layers, only a guide")
    )
    condition_number = fields.Float(
        required=True, metadata=says("λmax/λmin of 2/n ZᵀZ, where Z is the design matrix with intercept")
    )
    reached = fields.Boolean(required=True, metadata=says("whether the loss reached the goal"))
    diverged = fields.Boolean(required=True, metadata=says("whether it ended above its initial loss"))
    epochs = fields.Float(required=True)
    steps = fields.Integer(required=True)
    steps_least = fields.Integer(
        required=True,
        metadata=says("the loss is checked at intervals: the goal may have been reached after this many rows already"),
    )
    rows_touched = fields.Integer(required=True)
    rows_touched_least = fields.Integer(required=True, metadata=says("the rows touched in `steps_least` steps"))
    seconds = fields.Float(required=True, metadata=says("of the steps alone, without evaluations of the loss"))
    loss = fields.Float(required=True, metadata=says("after these steps, in the target's units"))
    goal_loss = fields.Float(required=True)
    least_loss = fields.Float(required=True)
    curve = fields.List(
        fields.Nested(CurvePoint), required=True, metadata=says("at most 200 points, beginning with the start")
    )


class Comparison(Answer):
    task = fields.String(required=True)
    loss = fields.String(required=True)
    rows = fields.Integer(required=True, metadata=says("all of them train; none is held out"))
    tolerance = fields.Float(
        required=True,
        metadata=says(
            "the goal: the share of the gap between the baseline's loss and the lowest loss that may be left"
        ),
    )
    baseline_loss = fields.Float(required=True, metadata=says("of always predicting the mean, or equal probabilities"))
    least_is = fields.String(
        required=True,
        validate=one_of(("exact", "lowest seen")),
        metadata=says(
            "exact: the optimum of a linear neuron, for all losses except mae and quantile; otherwise the "
            "lowest loss seen"
        ),
    )
    descents = fields.List(fields.Nested(ComparedDescent), required=True)
    sentence = fields.String(required=True, metadata=says("the comparison in words"))
    pictures = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata=says("SVG by file name: the gap left by each descent, over rows and over steps"),
    )


class PromotionSchema(Answer):
    """Whether the version serves: whether the model's bare name means it."""

    rule = fields.String(required=True, validate=one_of(PROMOTE))
    promoted = fields.Boolean(
        required=True, metadata=says("whether the bare name meant this version once it was published")
    )
    serves = fields.Integer(required=True, metadata=says("the version that the bare name meant at that time"))
    served_before = fields.Integer(required=True, allow_none=True, metadata=says("null for the first version"))
    sentence = fields.String(required=True, metadata=says("the reason, with the figures"))
    metric = fields.String(metadata=says("for if_better: the metric that was compared; lower is better"))
    rows = fields.Integer(metadata=says("the new version's validation rows, on which both were evaluated"))
    value = fields.Float(allow_none=True, metadata=says("of the new version; null if they cannot be compared"))
    value_of_served = fields.Float(allow_none=True)


class JobResult(Answer):
    """A training's is its version, metrics and promotion, a comparison's the comparison."""

    model = fields.Nested(ModelVersion)
    metrics = fields.Dict(metadata=says(METRICS, **BY_SPLIT))
    promotion = fields.Nested(
        PromotionSchema, allow_none=True, metadata=says("null for versions older than this field")
    )
    comparison = fields.Nested(Comparison)
