"""What a version says of itself: metrics beside the baseline, the history, the curvature, where it came from."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.domain.cells.columns import Floats
from service.domain.descent.curvature import Curvature
from service.domain.model.predictor import Predictor
from service.domain.spec.training import TrainingSpec
from workers.explain.certificate import Certified
from workers.explain.descent import descent_note
from workers.explain.finite import only_finite
from workers.explain.understanding import Understood, understand_each
from workers.explain.verdict import verdict
from workers.explain.weights import by_epoch, side_by_side
from workers.optimum.effort import EIGENVALUES, LONGEST
from workers.training.data.fill import Part
from workers.training.data.prepare import Prepared
from workers.training.data.rows import slices
from workers.training.design import forecasts, products
from workers.training.engines.objectives import in_user_units, loss_scale, loss_units
from workers.training.held_out import HeldOut, judged
from workers.training.metrics import Metrics, baseline, class_metrics, number_metrics
from workers.training.progress import EpochEnded, Progress
from workers.training.split import split_sha256

LIBRARIES = ("adaline", "numpy", "numba", "torch", "scikit-learn", "pyarrow")


def judge(predictor: Predictor, part: Part, scores: Floats | None = None) -> Metrics:
    """The model's metrics on a part; {} without rows. `scores` are the model's on it, where they are known."""
    if not len(part):
        return {}
    pieces = judged(predictor, part) if scores is None else [(part.truth[:], scores)]
    return class_metrics(pieces, predictor.classes) if predictor.classes else number_metrics(pieces, predictor.targets)


def _truths(part: Part) -> Iterator[Floats]:
    return (part.truth[rows] for rows in slices(len(part), 1))


def make_report(
    spec: TrainingSpec,
    prepared: Prepared,
    predictor: Predictor,
    held: HeldOut,
    progress: Progress,
    scaled: Curvature | None,
    certified: Mapping[str, Certified],
    linear: Predictor | None,
    sources: tuple[str, str | None],
    seconds: float,
    warnings: list[dict[str, str]],
) -> dict[str, Any]:
    """The report as it is stored and answered. Parts that do not apply are null. `held` is what the model says of rows
    that it was not trained on; `linear` is the linear neuron that a network is held against; `sources` are the SHA-256
    of the dataset that was trained on, and of the one that validated, if another did. Of several targets what is told
    of one alone is null, and there for each `by_target`."""
    some, scores = held.prepared, held.scores
    understood, noticed = understand_each(predictor, some, scores, spec.seed)
    known = {name: said for name, said in scores.items() if len(said) == len(prepared.parts[name])}
    only = certified[predictor.targets[0]] if len(predictor.targets) == 1 else Certified()
    beside = side_by_side(predictor, certified)
    held_out = {name: part for name, part in prepared.parts.items() if name != "train" and len(part)}
    report = {
        "task": spec.task,
        "rows": {name: len(part) for name, part in prepared.parts.items()},
        "metrics": {name: judge(predictor, part, known.get(name)) for name, part in prepared.parts.items()},
        "baseline": {
            name: baseline(_truths(prepared.train), _truths(part), predictor.classes, predictor.targets)
            for name, part in held_out.items()
        },
        "history": [epoch_json(ended, spec, predictor) for ended in progress.history],
        "loss_units": loss_units(predictor.target_scales),
        "best_epoch": progress.best_epoch if progress.best is not None else progress.epoch,
        "curvature": _curvature(spec, prepared, scaled),
        "certificate": only.certificate,
        "certificate_left_out": only.left_out,
        "weights": beside[predictor.targets[0]] if len(predictor.targets) == 1 else None,
        "weights_by_epoch": by_epoch(predictor, progress, spec.seed, beside),
        "verdict": _verdict(spec, prepared, some, predictor, linear) if linear else None,
        **understood[0],
        "by_target": _by_target(predictor, certified, beside, understood),
        "warnings": [*warnings, *noticed],
        "lineage": {
            "dataset_sha256": sources[0],
            "validation_dataset_sha256": sources[1],
            "split_sha256": split_sha256(prepared.split),
            "spec": spec.to_json(),
            "versions": dict(_versions()),
            "engine": spec.engine,
            "seconds": seconds,
        },
    }
    return only_finite(report)


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Of the libraries that a result depends on: looked up once in a process, since it reads files."""
    return tuple((name, importlib.metadata.version(name)) for name in LIBRARIES)


def _by_target(
    predictor: Predictor,
    certified: Mapping[str, Certified],
    beside: Mapping[str, Any],
    understood: Sequence[Understood],
) -> dict[str, Any] | None:
    """What is told of each target alone, where there are several; `understood` has them after their common part."""
    if len(predictor.targets) == 1:
        return None
    return {
        name: {
            **parts,
            "certificate": certified[name].certificate,
            "certificate_left_out": certified[name].left_out,
            "weights": beside[name],
        }
        for name, parts in zip(predictor.targets, understood[1:], strict=True)
    }


def _verdict(
    spec: TrainingSpec, prepared: Prepared, some: Prepared, network: Predictor, linear: Predictor
) -> dict[str, Any]:
    found = verdict(spec, network, linear, some.parts["validation"])
    metrics = {name: judge(linear, part) for name, part in prepared.parts.items()}
    return {**found, "linear": metrics}


def epoch_json(ended: EpochEnded, spec: TrainingSpec, predictor: Predictor) -> dict[str, Any]:
    """An epoch with its losses in the target's units; with several targets their sum, in scaled units."""
    scale = loss_scale(predictor.target_scales)
    judged = ended.validation_loss
    return {
        "epoch": ended.epoch,
        "train_loss": in_user_units(spec.loss, ended.train_loss, scale),
        "validation_loss": None if judged is None else in_user_units(spec.loss, judged, scale),
        "learning_rate": ended.learning_rate,
        "seconds": ended.seconds,
    }


def _curvature(spec: TrainingSpec, prepared: Prepared, scaled: Curvature | None) -> dict[str, Any]:
    """What the rows allow: bounds, on the columns as they are read and as they came; and what descent does on them."""
    rows = len(prepared.train)
    width = prepared.transform.n_outputs
    is_known = EIGENVALUES * width**3 <= LONGEST  # else to know takes as long as a training
    read, bare = products(prepared, spec.network.bias)
    told, left_out = forecasts(spec, rows, width, read, bare)
    return {
        "scaled": _json(scaled),
        "raw": _json(bare.curvature) if is_known else None,
        "note": descent_note(spec, rows),
        "forecast": told,
        "forecast_left_out": left_out,
    }


def _json(found: Curvature | None) -> dict[str, Any] | None:
    return found.to_json() if found else None
