"""What the report of a version says, as marshmallow schemas. A part that does not apply is null."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from service.api.preflight_schemas import Curvature, Forecasts, Warned
from service.api.schemas import ANY_SPEC, Answer, says

LABEL = {"type": ["string", "number", "boolean"]}
NUMBERS = {"type": "array", "items": {"type": "number"}}


def _part(schema: type[Answer], what: str = "") -> fields.Nested:
    return fields.Nested(schema, allow_none=True, metadata=says(what))


def _parts(schema: type[Answer], what: str = "") -> fields.List[Any]:
    return fields.List(fields.Nested(schema), allow_none=True, metadata=says(what))


def _numbers(what: str = "") -> fields.List[Any]:
    return fields.List(fields.Float(), metadata=says(what))


def _number(what: str = "") -> fields.Float:
    return fields.Float(allow_none=True, metadata=says(what))


def _figures(what: str, **more: Any) -> fields.Dict:
    return fields.Dict(allow_none=True, metadata=says(what, **more))


class ReportedEpoch(Answer):
    epoch = fields.Integer()
    train_loss = fields.Float(
        metadata=says(
            "mean over the epoch's steps, of each batch's loss before its step: with full batches that of the weights "
            "with which the epoch begins"
        )
    )
    validation_loss = _number("of the weights with which the epoch ends, one epoch's steps later than `train_loss`")
    learning_rate = fields.Float()
    seconds = fields.Float()


class ReportedCurvature(Answer):
    scaled = _part(Curvature, "of what the network reads")
    raw = _part(Curvature, "of the columns as they came")
    note = fields.String(allow_none=True, metadata=says("where the bounds are a guide only"))
    forecast = _part(Forecasts, "what descent does on the training rows, beside the bounds")
    forecast_left_out = fields.String(allow_none=True, metadata=says("why there is no forecast"))


class Importance(Answer):
    feature = fields.String()
    value = fields.Float(metadata=says("how much the error grows when the values are shuffled among the rows"))
    low = _number("of an interval that covers the choice of rows and of shuffles; null for a single row")
    high = _number()


class ImportanceOn(Answer):
    part = fields.String(metadata=says("the rows: of validation, else of test"))
    metric = fields.String(metadata=says("rmse, in the target's units, or log_loss, in nats"))
    rows = fields.Integer()
    repeats = fields.Integer(metadata=says("shuffles of each feature"))
    confidence = fields.Float(metadata=says("of the intervals"))


class PartialDependence(Answer):
    feature = fields.String()
    kind = fields.String()
    values = fields.List(fields.Raw(metadata=LABEL), metadata=says("what the feature is set to in all rows"))
    predictions = fields.Raw(
        metadata={
            "description": "the mean prediction at each value; for classes such a list for each (of two: the second)",
            "anyOf": [NUMBERS, {"type": "object", "additionalProperties": NUMBERS}],
        }
    )


class WorstRow(Answer):
    row = fields.Integer(metadata=says("its place in the dataset, from 0, as `/rows?offset=` counts"))
    truth = fields.Float()
    prediction = fields.Float()
    residual = fields.Float()


class Points(Answer):
    truth = _numbers()
    prediction = _numbers()


class Residuals(Answer):
    """Truth less prediction, in the target's units."""

    part = fields.String()
    rows = fields.Integer()
    mean = fields.Float()
    standard_deviation = _number()
    skew = _number()
    quantiles = fields.Dict(keys=fields.String(), values=fields.Float())
    worst = fields.List(fields.Nested(WorstRow))
    points = fields.Nested(Points, metadata=says("at most 400 rows, to draw"))


class Interval(Answer):
    """Split-conformal: prediction ± half_width."""

    level = fields.Float(metadata=says("the share of new rows whose truth is within"))
    half_width = _number("in the target's units; null: too few rows for the level")
    coverage = _number("the share that was within, on rows that were not calibrated on")
    rows = fields.Integer(metadata=says("that the coverage was measured on"))
    measured_on = fields.String()
    calibrated_on = fields.String()
    calibration_rows = fields.Integer()
    reason = fields.String(allow_none=True, metadata=says("why there is no half-width"))


class ReportedClass(Answer):
    label = fields.Raw(data_key="class", metadata=LABEL)
    precision = _number()
    recall = _number()
    f1 = _number()
    support = fields.Integer()


class Roc(Answer):
    false_positive_rate = _numbers()
    true_positive_rate = _numbers()


class PrecisionRecall(Answer):
    recall = _numbers()
    precision = _numbers()


class Curves(Answer):
    """Of a class against the rest, at most 200 points each; the areas are those of all points."""

    label = fields.Raw(data_key="class", metadata=LABEL)
    roc_auc = fields.Float()
    average_precision = fields.Float()
    share = fields.Float(metadata=says("of the rows that are of the class"))
    roc = fields.Nested(Roc)
    precision_recall = fields.Nested(PrecisionRecall)


class ReliabilityBin(Answer):
    predicted = fields.Float(metadata=says("mean probability"))
    observed = fields.Float(metadata=says("the share that came true"))
    low = fields.Float(metadata=says("of the 95 % score interval of the share"))
    high = fields.Float()
    rows = fields.Integer()


class Calibration(Answer):
    of = fields.String(metadata=says("whose probabilities: of the second of two classes, else of the predicted one"))
    bins = fields.List(fields.Nested(ReliabilityBin))
    expected_error = fields.Float(metadata=says("mean distance between predicted and observed, by rows"))
    brier = fields.Float()


class Classes(Answer):
    part = fields.String()
    rows = fields.Integer()
    per_class = fields.List(fields.Nested(ReportedClass))
    curves = fields.List(fields.Nested(Curves))
    calibration = fields.Nested(Calibration)


class Lineage(Answer):
    dataset_sha256 = fields.String()
    validation_dataset_sha256 = fields.String(allow_none=True, metadata=says("of the dataset whose rows validated"))
    split_sha256 = fields.String()
    spec = fields.Raw(metadata=ANY_SPEC)
    versions = fields.Dict(keys=fields.String(), values=fields.String())
    engine = fields.String()
    engine_note = fields.String(metadata=says("how it went through the rows"))
    column_notes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata=says("of the target and the features: how their cells were read, where that is worth a word"),
    )
    seconds = fields.Float()


class Coefficient(Answer):
    """Of the optimum, in the user's units; for what was learnt beside it see `weights`."""

    feature = fields.String()
    label = fields.String(data_key="class")
    value = fields.Float()
    standard_error = _number()
    low = _number("of the 95 % interval")
    high = _number()


class Certificate(Answer):
    """The exact optimum of a linear neuron's loss on the training rows, and how far what was learnt is from it."""

    method = fields.String()
    optimum_loss = fields.Float(metadata=says("in the target's units, as the other losses"))
    loss = fields.Float(metadata=says("of what was learnt, with its penalties"))
    gap = fields.Float(metadata=says("loss less optimum_loss"))
    gradient_norm = fields.Float(metadata=says("of the scaled problem, at what was learnt"))
    weight_distance = _number("between the scaled weights")
    prediction_distance = _number("root mean square over the rows, in the target's units")
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
    residual_standard_deviation = _number()
    separation = _figures("classes that a linear boundary separates: the optimum is at infinity")
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
    optimum = _number("the exact optimum's, on the same rows; null where there is none")
    difference = _number("learnt less optimum")
    standard_error = _number("of the optimum's")
    low = _number("of the optimum's 95 % interval")
    high = _number()
    step = _number("what the scaler divides the feature by: with standard its standard deviation")


class WeightCourse(Answer):
    name = fields.String(metadata=says("of a linear neuron the feature, else from where to where: `hidden 1.2 ← area`"))
    optimum = _number("the exact optimum's")
    step = _number("as in `weights`")
    values = _numbers("after each of the epochs")


class WeightsByEpoch(Answer):
    """Of networks of at most 20 weights."""

    units = fields.String()
    epochs = fields.List(
        fields.Integer(), metadata=says("0 is the start; every epoch up to 127, every second up to 255, and so on")
    )
    weights = fields.List(fields.Nested(WeightCourse))


class OfTarget(Answer):
    """What is told of one target."""

    certificate = _part(Certificate, "of a linear neuron: the exact optimum, and the gap to it")
    certificate_left_out = fields.String(allow_none=True, metadata=says("why there is no certificate"))
    weights = _parts(
        Weight, "of a linear neuron: learnt and optimal, side by side; null for a network, or beyond 5,000 of them"
    )
    importance = _parts(Importance, "largest first")
    importance_on = _part(ImportanceOn)
    partial_dependence = _parts(PartialDependence, "of the features that matter most")
    residuals = _part(Residuals, "of a regression, on held-out rows")
    intervals = _parts(Interval, "of a regression")
    classes = _part(Classes, "of a classifier, on held-out rows")


class Report(OfTarget):
    """What a version says of itself. A part that does not apply is null."""

    task = fields.String()
    rows = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=says("by split"))
    metrics = fields.Dict(
        metadata=says("by split: train, validation, test; of several targets their means, and each by_target")
    )
    baseline = fields.Dict(metadata=says("of always saying the mean, or the class shares, by split"))
    history = fields.List(fields.Nested(ReportedEpoch))
    loss_units = fields.String(
        metadata=says(
            "of the losses in the history and the certificate: those of the target; `scaled`, where its squares are "
            "beyond float64; or scaled and summed over several"
        )
    )
    best_epoch = fields.Integer(metadata=says("whose weights were kept"))
    curvature = fields.Nested(ReportedCurvature)
    weights_by_epoch = _part(WeightsByEpoch, "how the weights came to be, where they are at most 20")
    verdict = _figures("of a network: whether it is worth it beside the linear neuron")
    by_target = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(OfTarget),
        allow_none=True,
        metadata=says("of several targets: what is told of each alone, and null beside this"),
    )
    warnings = fields.List(fields.Nested(Warned))
    lineage = fields.Nested(Lineage)
