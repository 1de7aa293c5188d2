"""What a report says of a linear neuron: its exact optimum, what was learnt beside it, and how it came there."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.base import Answer, says
from service.api.schemas.report_fields import figures, number, numbers


class Coefficient(Answer):
    """A coefficient of the exact optimum, in the user's units; `weights` has the learnt ones beside it."""

    feature = fields.String()
    label = fields.String(data_key="class")
    value = fields.Float()
    standard_error = number()
    low = number("of the 95 % confidence interval")
    high = number()


class Certificate(Answer):
    """The exact optimum of a linear neuron's loss on the training rows, and how far what was learnt is from it."""

    method = fields.String()
    optimum_loss = fields.Float(metadata=says("in the target's units, like the other losses"))
    loss = fields.Float(metadata=says("of the trained weights, including penalties"))
    gap = fields.Float(metadata=says("loss - optimum_loss"))
    gradient_norm = fields.Float(metadata=says("of the scaled problem, at the trained weights"))
    weight_distance = number("distance between the trained and the optimal scaled weights")
    prediction_distance = number("root mean square difference of the predictions, in the target's units")
    rank = fields.Integer(metadata=says("rank of the design matrix"))
    collinear = fields.List(
        fields.List(fields.String()),
        metadata=says("groups of collinear columns: many optima make the same predictions"),
    )
    condition_number = fields.Float(
        metadata=says(
            "of the scaled design matrix Z: its largest singular value over its smallest. The condition number of the "
            "squared error's Hessian, 2/n ZᵀZ, is the square: `curvature.scaled.condition_number`"
        )
    )
    digits = fields.Integer(
        allow_none=True, metadata=says("significant decimal digits of the coefficients after rounding errors")
    )
    coefficients = fields.List(fields.Nested(Coefficient))
    residual_standard_deviation = number()
    separation = figures("classes that a linear boundary separates perfectly: the optimum is at infinity")
    epochs_to_millionth = fields.Integer(
        allow_none=True,
        metadata=says(
            "upper bound on the epochs that full-batch descent needs, at the learning rate with the best worst case, "
            "to come within a millionth of the optimal loss"
        ),
    )
    note = fields.String(allow_none=True, metadata=says("what was computed from fewer rows, or left out"))


class Weight(Answer):
    """A coefficient of score = intercept + Σ coefficient · feature, in the user's units; for classes of the log-odds:
    of the second of two, of more each against the mean of all."""

    feature = fields.String()
    label = fields.String(data_key="class")
    learnt = fields.Float(metadata=says("the trained coefficient"))
    optimum = number("of the exact optimum on the same rows; null if there is none")
    difference = number("learnt - optimum")
    standard_error = number("standard error of the optimum's coefficient")
    low = number("of the optimum's 95 % confidence interval")
    high = number()
    step = number("what the scaler divides the feature by; for standard, its standard deviation")


class WeightCourse(Answer):
    name = fields.String(
        metadata=says("for a linear neuron the feature; for a network the connection, as `hidden 1.2 ← area`")
    )
    optimum = number("of the exact optimum")
    step = number("in the order of `weights`")
    values = numbers("the value after each of the epochs")


class WeightsByEpoch(Answer):
    """The course of the weights, of networks with at most 20 of them."""

    units = fields.String()
    epochs = fields.List(
        fields.Integer(), metadata=says("0 is the start; every epoch up to 127, every second one up to 255, and so on")
    )
    weights = fields.List(fields.Nested(WeightCourse))
