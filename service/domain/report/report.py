"""The report of a version: all that it says of itself. A part that does not apply is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.descent.curvature import Curvature
from service.domain.descent.forecast import Forecasts
from service.domain.report.choice import Choice
from service.domain.report.classes import JudgedClasses
from service.domain.report.features import Importance, ImportanceOn, PartialDependence
from service.domain.report.metrics import Metrics
from service.domain.report.neuron import Certificate, Weight, WeightsByEpoch
from service.domain.report.refit import Refit, TrainedRows
from service.domain.report.regression import Interval, Residuals
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec


@dataclass(frozen=True, slots=True)
class ReportedEpoch:
    """An epoch, with its losses in the target's units."""

    epoch: int
    train_loss: Annotated[
        float,
        "mean of the batch losses before each step of the epoch; with full batches, the loss of the weights at the "
        "start of the epoch; with label_smoothing, of the smoothed classes; of several members, the mean of their "
        "losses",
    ]
    validation_loss: Annotated[
        float | None,
        "of the weights at the end of the epoch, one epoch later than `train_loss`; of the true classes; of several "
        "members, of what they say together",
    ]
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ReportedCurvature:
    """What the training rows allow a descent, and what it does on them."""

    scaled: Annotated[Curvature | None, "of the network's scaled inputs"]
    raw: Annotated[Curvature | None, "of the unscaled columns; null where the scaler clips them"]
    note: Annotated[str | None, "why the bounds are only a guide, if they are"]
    forecast: Annotated[Forecasts | None, "what descent does on the training rows, in addition to the bounds"]
    forecast_left_out: Annotated[str | None, "why there is no forecast"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a network's non-linearity is worth it: its loss beside the linear neuron's on the validation rows."""

    worth_it: Annotated[str, "yes, no or unclear"]
    difference: Annotated[float | None, "mean loss of the linear neuron - that of the network, in the target's units"]
    interval: Annotated[Sequence[float] | None, "95 % confidence interval of the difference: [low, high]"]
    rows: Annotated[int, "number of rows that both were evaluated on"]
    sentence: Annotated[str, "the same in words, with the figures"]
    linear: Annotated[Mapping[str, Metrics], "the linear neuron's metrics, by split part"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version came from."""

    dataset_sha256: str
    validation_dataset_sha256: Annotated[str | None, "of the validation dataset"]
    split_sha256: str
    spec: TrainingSpec
    versions: Mapping[str, str]
    engine: str
    engine_note: Annotated[str, "how the engine processed the rows"]
    column_notes: Annotated[
        Mapping[str, Sequence[str]],
        "notes on how the cells of the target and the features were read",
    ]
    seconds: float
    trained_rows: TrainedRows


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model has learnt, and what its predictions are worth, for one target."""

    importance: Annotated[Sequence[Importance] | None, "largest first"] = None
    importance_on: ImportanceOn | None = None
    partial_dependence: Annotated[Sequence[PartialDependence] | None, "of the most important features"] = None
    residuals: Annotated[Residuals | None, "for regression, on held-out rows"] = None
    intervals: Annotated[Sequence[Interval] | None, "for regression"] = None
    classes: Annotated[JudgedClasses | None, "for classifiers, on held-out rows"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTarget(Explanation):
    """The parts of a report that belong to one target."""

    certificate: Annotated[
        Certificate | None,
        "for a linear neuron: the exact optimum on the rows that trained the published model, and its gap to it",
    ] = None
    certificate_left_out: Annotated[str | None, "why there is no certificate"] = None
    weights: Annotated[
        Sequence[Weight] | None,
        "for a linear neuron: learnt and optimal coefficients; null for a network, beyond 5,000 coefficients, and "
        "where the scaler clips the columns",
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(OfTarget):
    """The report of a version."""

    task: str
    rows: Annotated[Mapping[str, int], "by split part"]
    metrics: Annotated[
        Mapping[str, Metrics],
        "by split part: train, validation, test; for several targets their means, and each in by_target",
    ]
    baseline: Annotated[Mapping[str, Metrics], "of always predicting the mean, or the class shares, by split part"]
    history: Sequence[ReportedEpoch]
    loss_units: Annotated[
        str,
        "unit of the losses in the history and the certificate: the target's; `scaled` if its squares exceed float64; "
        "or scaled and summed over several targets",
    ]
    best_epoch: Annotated[int, "the epoch whose weights were kept"]
    curvature: ReportedCurvature
    weights_by_epoch: Annotated[WeightsByEpoch | None, "the weights after each epoch, if there are at most 20"]
    verdict: Annotated[
        Verdict | None,
        "for a network, and where one was trained to choose: whether it is worth it compared with the linear neuron",
    ]
    refit: Annotated[
        Refit | None,
        "how the published model was trained on all rows; null: it is the model that the report evaluates",
    ]
    by_target: Annotated[
        Mapping[str, OfTarget] | None, "for several targets: the parts of each, which are null at the top level"
    ]
    warnings: Sequence[Warned]
    lineage: Lineage
    choice: Annotated[
        Choice | None, "where a linear neuron and a network were trained: which of them was published, and why"
    ] = None
