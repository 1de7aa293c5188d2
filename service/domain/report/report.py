"""The report of a version: all that it says of itself. A part that does not apply is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from service.domain.descent.curvature import Curvature
from service.domain.descent.forecast import Forecasts
from service.domain.report.classes import JudgedClasses
from service.domain.report.features import Importance, ImportanceOn, PartialDependence
from service.domain.report.metrics import Metrics
from service.domain.report.neuron import Certificate, Weight, WeightsByEpoch
from service.domain.report.regression import Interval, Residuals
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec


@dataclass(frozen=True, slots=True)
class ReportedEpoch:
    """An epoch, with its losses in the target's units."""

    epoch: int
    train_loss: Annotated[
        float,
        "mean over the epoch's steps, of each batch's loss before its step: with full batches that of the weights "
        "with which the epoch begins",
    ]
    validation_loss: Annotated[
        float | None, "of the weights with which the epoch ends, one epoch's steps later than `train_loss`"
    ]
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class ReportedCurvature:
    """What the training rows allow a descent, and what it does on them."""

    scaled: Annotated[Curvature | None, "of what the network reads"]
    raw: Annotated[Curvature | None, "of the columns as they came"]
    note: Annotated[str | None, "where the bounds are a guide only"]
    forecast: Annotated[Forecasts | None, "what descent does on the training rows, beside the bounds"]
    forecast_left_out: Annotated[str | None, "why there is no forecast"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a network's non-linearity is worth it: its loss beside the linear neuron's on the validation rows."""

    worth_it: Annotated[str, "yes, no or unclear"]
    difference: Annotated[float | None, "the linear neuron's mean loss less the network's, in the target's units"]
    interval: Annotated[Sequence[float] | None, "of the difference, 95 %: its low and its high end"]
    rows: Annotated[int, "that both were judged on"]
    sentence: Annotated[str, "the same in words, with the figures"]
    linear: Annotated[Mapping[str, Metrics], "the linear neuron's metrics, by split"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version came from."""

    dataset_sha256: str
    validation_dataset_sha256: Annotated[str | None, "of the dataset whose rows validated"]
    split_sha256: str
    spec: TrainingSpec
    versions: Mapping[str, str]
    engine: str
    engine_note: Annotated[str, "how it went through the rows"]
    column_notes: Annotated[
        Mapping[str, Sequence[str]],
        "of the target and the features: how their cells were read, where that is worth a word",
    ]
    seconds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model has learnt, and what its predictions are worth, for one target."""

    importance: Annotated[Sequence[Importance] | None, "largest first"] = None
    importance_on: ImportanceOn | None = None
    partial_dependence: Annotated[Sequence[PartialDependence] | None, "of the features that matter most"] = None
    residuals: Annotated[Residuals | None, "of a regression, on held-out rows"] = None
    intervals: Annotated[Sequence[Interval] | None, "of a regression"] = None
    classes: Annotated[JudgedClasses | None, "of a classifier, on held-out rows"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTarget(Explanation):
    """What is told of one target."""

    certificate: Annotated[Certificate | None, "of a linear neuron: the exact optimum, and the gap to it"] = None
    certificate_left_out: Annotated[str | None, "why there is no certificate"] = None
    weights: Annotated[
        Sequence[Weight] | None,
        "of a linear neuron: learnt and optimal, side by side; null for a network, or beyond 5,000 of them",
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(OfTarget):
    """What a version says of itself."""

    task: str
    rows: Annotated[Mapping[str, int], "by split"]
    metrics: Annotated[
        Mapping[str, Metrics],
        "by split: train, validation, test; of several targets their means, and each by_target",
    ]
    baseline: Annotated[Mapping[str, Metrics], "of always saying the mean, or the class shares, by split"]
    history: Sequence[ReportedEpoch]
    loss_units: Annotated[
        str,
        "of the losses in the history and the certificate: those of the target; `scaled`, where its squares are "
        "beyond float64; or scaled and summed over several",
    ]
    best_epoch: Annotated[int, "whose weights were kept"]
    curvature: ReportedCurvature
    weights_by_epoch: Annotated[WeightsByEpoch | None, "how the weights came to be, where they are at most 20"]
    verdict: Annotated[Verdict | None, "of a network: whether it is worth it beside the linear neuron"]
    by_target: Annotated[
        Mapping[str, OfTarget] | None, "of several targets: what is told of each alone, and null beside this"
    ]
    warnings: Sequence[Warned]
    lineage: Lineage
