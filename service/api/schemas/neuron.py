"""What a report says of a linear neuron: its exact optimum, what was learnt beside it, and how it came there."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.report_fields import figures, number, numbers


class Coefficient(Answer):
    """Of the optimum, in the user's units; for what was learnt beside it see `weights`."""

    feature = fields.String()
    label = fields.String(data_key="class")
    value = fields.Float()
    standard_error = number()
    low = number("of the 95 % interval")
    high = number()


class Certificate(Answer):
    """The exact optimum of a linear neuron's loss on the training rows, and how far what was learnt is from it."""

    method = fields.String()
    optimum_loss = fields.Float(metadata=says("in the target's units, as the other losses"))
    loss = fields.Float(metadata=says("of what was learnt, with its penalties"))
    gap = fields.Float(metadata=says("loss less optimum_loss"))
    gradient_norm = fields.Float(metadata=says("of the scaled problem, at what was learnt"))
    weight_distance = number("between the scaled weights")
    prediction_distance = number("root mean square over the rows, in the target's units")
    rank = fields.Integer(metadata=says("how many directions of the design the rows tell apart"))
    collinear = fields.List(
        fields.List(fields.String()), metadata=says("columns that determine each other: many optima predict alike")
    )
    condition_number = fields.Float(
        metadata=says(
            "of the scaled design Z itself, its greatest singular value over its least; that of the squared error, "
            "2/n ZᵀZ, is its square: `curvature.scaled.condition_number`"
        )
    )
    digits = fields.Integer(allow_none=True, metadata=says("decimal digits of the coefficients that rounding leaves"))
    coefficients = fields.List(fields.Nested(Coefficient))
    residual_standard_deviation = number()
    separation = figures("classes that a linear boundary separates: the optimum is at infinity")
    epochs_to_millionth = fields.Integer(
        allow_none=True,
        metadata=says(
            "a bound: full-batch descent at the rate with the best worst case takes no more of them to come "
            "within a millionth of the optimal loss"
        ),
    )
    note = fields.String(allow_none=True, metadata=says("what is not from all rows, or left out"))


class Weight(Answer):
    """A coefficient of score = intercept + Σ coefficient · feature, in the user's units; for classes of the log-odds:
    of the second of two, of more each against the mean of all."""

    feature = fields.String()
    label = fields.String(data_key="class")
    learnt = fields.Float(metadata=says("what predicts"))
    optimum = number("the exact optimum's, on the same rows; null where there is none")
    difference = number("learnt less optimum")
    standard_error = number("of the optimum's")
    low = number("of the optimum's 95 % interval")
    high = number()
    step = number("what the scaler divides the feature by: with standard its standard deviation")


class WeightCourse(Answer):
    name = fields.String(metadata=says("of a linear neuron the feature, else from where to where: `hidden 1.2 ← area`"))
    optimum = number("the exact optimum's")
    step = number("as in `weights`")
    values = numbers("after each of the epochs")


class WeightsByEpoch(Answer):
    """Of networks of at most 20 weights."""

    units = fields.String()
    epochs = fields.List(
        fields.Integer(), metadata=says("0 is the start; every epoch up to 127, every second up to 255, and so on")
    )
    weights = fields.List(fields.Nested(WeightCourse))
