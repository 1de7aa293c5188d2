"""What a version says of itself: metrics beside the baseline, the history, the curvature, where it came from."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.domain.arrays import Floats
from service.domain.descent.curvature import Curvature
from service.domain.model.predictor import Predictor
from service.domain.plain import shallow
from service.domain.report.metrics import Metrics, NoMetrics
from service.domain.report.neuron import Weight
from service.domain.report.refit import Refit, TrainedRows
from service.domain.report.report import (
    Explanation,
    Lineage,
    OfTarget,
    Report,
    ReportedCurvature,
    ReportedEpoch,
    Verdict,
)
from service.domain.report.warned import Warned
from service.domain.spec.training import TrainingSpec
from workers.explain.certificate import Certified
from workers.explain.descent import descent_note
from workers.explain.finite import AnyTarget, only_finite
from workers.explain.temperature import Tempered
from workers.explain.understanding import understand_each
from workers.explain.verdict import verdict
from workers.explain.weights import by_epoch, side_by_side
from workers.jobs.better import Contest, Finished
from workers.optimum.effort import EIGENVALUES, LONGEST
from workers.training.data.fill import FilledPart
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices
from workers.training.design import forecasts, products
from workers.training.engines.objectives import in_user_units, loss_scale, loss_units
from workers.training.held_out import HeldOut, judged
from workers.training.metrics import baseline, class_metrics, number_metrics
from workers.training.progress import EpochEnded, Progress
from workers.training.split import split_sha256

LIBRARIES = ("adaline", "numpy", "numba", "torch", "scipy", "pyarrow")


def judge(predictor: Predictor, part: FilledPart, scores: Floats | None = None) -> Metrics:
    """The model's metrics on a part. `scores` are the model's on it, where they are known."""
    if not len(part):
        return NoMetrics()
    pieces = judged(predictor, part) if scores is None else [(part.truth[:], scores)]
    return class_metrics(pieces, predictor.classes) if predictor.classes else number_metrics(pieces, predictor.targets)


def _truths(part: FilledPart) -> Iterator[Floats]:
    return (part.truth[rows] for rows in slices(len(part), 1))


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a run has left, by the settled `spec`; `curvature` is that of the design that the network reads."""

    spec: TrainingSpec
    prepared: Prepared
    predictor: Predictor
    progress: Progress
    curvature: Curvature | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model is judged by: what it says of rows that it was not trained on, the linear neuron that a network is
    held against, its temperature, and the contest that it has won, if there was one."""

    held: HeldOut
    linear: Predictor | None
    tempered: Tempered | None = None
    contest: Contest | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the model came from: the SHA-256 of the dataset that was trained on, and of the one that validated, if
    another did; how the engine went through the rows; how columns were read; and how long it took."""

    dataset_sha256: str
    validation_dataset_sha256: str | None
    engine_note: str
    column_notes: Mapping[str, Sequence[str]]
    seconds: float


def judged_report(learnt: Learnt, evidence: Evidence, origin: Origin, asked: Sequence[Warned]) -> Report:
    """The report on a model, with what was warned of when it was asked for; what its weights tell is still left out. Of
    several targets what is told of one alone is None, and there for each `by_target`."""
    spec, prepared, predictor, progress = learnt.spec, learnt.prepared, learnt.predictor, learnt.progress
    some, scores = evidence.held.prepared, evidence.held.scores
    explained, warnings = understand_each(predictor, some, scores, spec.seed)
    if evidence.tempered is not None:
        explained = [_with_temperature(explained[0], evidence.tempered)]
    known = {name: said for name, said in scores.items() if len(said) == len(prepared.parts[name])}
    each = {name: OfTarget(**shallow(one)) for name, one in zip(predictor.targets, explained, strict=True)}
    is_one = len(each) == 1
    return Report(
        **shallow(each[predictor.targets[0]] if is_one else OfTarget()),
        task=spec.task,
        rows={name: len(part) for name, part in prepared.parts.items()},
        metrics={name: judge(predictor, part, known.get(name)) for name, part in prepared.parts.items()},
        baseline={
            name: baseline(_truths(prepared.train), _truths(part), predictor.classes, predictor.targets)
            for name, part in prepared.parts.items()
            if name != "train" and len(part)
        },
        history=[_epoch(ended, spec, predictor) for ended in progress.history],
        loss_units=loss_units(predictor.target_scales),
        best_epoch=progress.chosen_epoch,
        curvature=_curvature(spec, prepared, learnt.curvature),
        weights_by_epoch=None,
        verdict=_verdict(learnt, evidence),
        choice=None if evidence.contest is None else evidence.contest.choice,
        refit=None,
        by_target=None if is_one else each,
        warnings=[*asked, *warnings],
        lineage=Lineage(
            **shallow(origin), split_sha256=split_sha256(prepared.split), spec=spec, versions=dict(_versions()),
            engine=spec.engine, trained_rows=TrainedRows(len(prepared.train), len(prepared.train)),
        ),
    )  # fmt: skip


def published_report(
    report: Report,
    published: Learnt,
    certified: Mapping[str, Certified],
    refit: Refit | None = None,
    noticed: Sequence[Warned] = (),
) -> Report:
    """The report with what the weights of the `published` model tell, which is the judged one or that of a `refit`;
    `certified` is the exact optimum of each target on its rows; `noticed` is what else was found since."""
    predictor, progress, spec = published.predictor, published.progress, report.lineage.spec
    beside = side_by_side(predictor, certified)
    rows = TrainedRows(report.lineage.trained_rows.judged, len(published.prepared.train))
    whole = replace(
        report,
        by_target=report.by_target
        and {name: _with_weights(told, certified[name], beside[name]) for name, told in report.by_target.items()},
        weights_by_epoch=by_epoch(predictor, progress, spec.seed, beside),
        refit=refit,
        lineage=replace(report.lineage, trained_rows=rows),
    )
    if report.by_target is None:
        (target,) = predictor.targets
        whole = _with_weights(whole, certified[target], beside[target])
    finite = only_finite(whole)
    return replace(finite, warnings=[*finite.warnings, *noticed])


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Versions of the libraries that a result depends on: looked up once in a process, since it reads files."""
    return tuple((name, importlib.metadata.version(name)) for name in LIBRARIES)


def _with_weights(told: AnyTarget, certified: Certified, weights: Sequence[Weight] | None) -> AnyTarget:
    return replace(told, certificate=certified.certificate, certificate_left_out=certified.left_out, weights=weights)


def _with_temperature(explained: Explanation, tempered: Tempered) -> Explanation:
    classes = explained.classes
    return explained if classes is None else replace(explained, classes=replace(classes, temperature=tempered.told))


def _verdict(learnt: Learnt, evidence: Evidence) -> Verdict | None:
    """On the network, whichever of the two is published; None where there are not both."""
    temperature = evidence.tempered
    if (contest := evidence.contest) is not None:
        network, linear, temperature = contest.network, contest.linear, contest.tempered
    else:
        network = Finished(learnt.predictor, learnt.prepared)
        linear = None if evidence.linear is None else Finished(evidence.linear, learnt.prepared)
    if network is None or linear is None:
        return None
    metrics = {name: judge(linear.predictor, part) for name, part in linear.prepared.parts.items()}
    rows = network.validation, linear.validation
    sharpness = None if temperature is None else temperature.sharpness
    return verdict(learnt.spec, network.predictor, linear.predictor, rows, metrics, sharpness)


def _epoch(ended: EpochEnded, spec: TrainingSpec, predictor: Predictor) -> ReportedEpoch:
    """An epoch with its losses in the target's units; with several targets their sum, in scaled units."""
    scale, judged = loss_scale(predictor.target_scales), ended.validation_loss
    return ReportedEpoch(
        ended.epoch,
        in_user_units(spec.loss, ended.train_loss, scale),
        None if judged is None else in_user_units(spec.loss, judged, scale),
        ended.learning_rate,
        ended.seconds,
    )


def _curvature(spec: TrainingSpec, prepared: Prepared, scaled: Curvature | None) -> ReportedCurvature:
    """What the rows allow: bounds, on the columns as they are read and as they came; and what descent does on them."""
    rows = len(prepared.train)
    width = prepared.transform.n_outputs
    is_known = EIGENVALUES * width**3 <= LONGEST  # else to know takes as long as a training
    read, bare = products(prepared, spec.network.bias)
    told, left_out = forecasts(spec, rows, width, read, bare)
    raw = bare.curvature if is_known and bare else None
    return ReportedCurvature(scaled, raw, descent_note(spec, rows), told, left_out)
