"""What the report of a version says, as marshmallow schemas. A part that does not apply is null."""

from __future__ import annotations

from marshmallow import fields

from service.api.schemas.answer import Answer, says
from service.api.schemas.jobs import ANY_SPEC
from service.api.schemas.neuron import Certificate, Weight, WeightsByEpoch
from service.api.schemas.preflight import Curvature, Forecasts, Warned
from service.api.schemas.report_fields import LABEL, NUMBERS, figures, number, numbers, part, parts


class ReportedEpoch(Answer):
    epoch = fields.Integer()
    train_loss = fields.Float(
        metadata=says(
            "mean over the epoch's steps, of each batch's loss before its step: with full batches that of the weights "
            "with which the epoch begins"
        )
    )
    validation_loss = number("of the weights with which the epoch ends, one epoch's steps later than `train_loss`")
    learning_rate = fields.Float()
    seconds = fields.Float()


class ReportedCurvature(Answer):
    scaled = part(Curvature, "of what the network reads")
    raw = part(Curvature, "of the columns as they came")
    note = fields.String(allow_none=True, metadata=says("where the bounds are a guide only"))
    forecast = part(Forecasts, "what descent does on the training rows, beside the bounds")
    forecast_left_out = fields.String(allow_none=True, metadata=says("why there is no forecast"))


class Importance(Answer):
    feature = fields.String()
    value = fields.Float(metadata=says("how much the error grows when the values are shuffled among the rows"))
    low = number("of an interval that covers the choice of rows and of shuffles; null for a single row")
    high = number()


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
    truth = numbers()
    prediction = numbers()


class Residuals(Answer):
    """Truth less prediction, in the target's units."""

    part = fields.String()
    rows = fields.Integer()
    mean = fields.Float()
    standard_deviation = number()
    skew = number()
    quantiles = fields.Dict(keys=fields.String(), values=fields.Float())
    worst = fields.List(fields.Nested(WorstRow))
    points = fields.Nested(Points, metadata=says("at most 400 rows, to draw"))


class Interval(Answer):
    """Split-conformal: prediction ± half_width."""

    level = fields.Float(metadata=says("the share of new rows whose truth is within"))
    half_width = number("in the target's units; null: too few rows for the level")
    coverage = number("the share that was within, on rows that were not calibrated on")
    rows = fields.Integer(metadata=says("that the coverage was measured on"))
    measured_on = fields.String()
    calibrated_on = fields.String()
    calibration_rows = fields.Integer()
    reason = fields.String(allow_none=True, metadata=says("why there is no half-width"))


class ReportedClass(Answer):
    label = fields.Raw(data_key="class", metadata=LABEL)
    precision = number()
    recall = number()
    f1 = number()
    support = fields.Integer()


class Roc(Answer):
    false_positive_rate = numbers()
    true_positive_rate = numbers()


class PrecisionRecall(Answer):
    recall = numbers()
    precision = numbers()


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


class OfTarget(Answer):
    """What is told of one target."""

    certificate = part(Certificate, "of a linear neuron: the exact optimum, and the gap to it")
    certificate_left_out = fields.String(allow_none=True, metadata=says("why there is no certificate"))
    weights = parts(
        Weight, "of a linear neuron: learnt and optimal, side by side; null for a network, or beyond 5,000 of them"
    )
    importance = parts(Importance, "largest first")
    importance_on = part(ImportanceOn)
    partial_dependence = parts(PartialDependence, "of the features that matter most")
    residuals = part(Residuals, "of a regression, on held-out rows")
    intervals = parts(Interval, "of a regression")
    classes = part(Classes, "of a classifier, on held-out rows")


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
    weights_by_epoch = part(WeightsByEpoch, "how the weights came to be, where they are at most 20")
    verdict = figures("of a network: whether it is worth it beside the linear neuron")
    by_target = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(OfTarget),
        allow_none=True,
        metadata=says("of several targets: what is told of each alone, and null beside this"),
    )
    warnings = fields.List(fields.Nested(Warned))
    lineage = fields.Nested(Lineage)
