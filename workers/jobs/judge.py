"""From weights that were learnt to a version that may be published: the model, and what can be said of it."""

from __future__ import annotations

import time
from functools import partial

from service.domain.report.warned import Warned
from service.store import datasets
from service.store.described import dialect_of
from service.wiring import Deps
from workers.explain.certificate import Trained, certify
from workers.explain.linear_neuron import linear_neuron
from workers.export.files import taken_along
from workers.jobs.pose import Posed, room_of
from workers.jobs.record.training import TrainingRecorder
from workers.jobs.report import Evidence, Learnt, Origin, make_report
from workers.jobs.rival import Contender
from workers.jobs.runs.contest import Contest
from workers.training.build import make_predictor
from workers.training.held_out import calibrated, held_out
from workers.training.progress import why_ended


def contender_of(
    deps: Deps, posed: Posed, recorder: TrainingRecorder, started: float, contest: Contest | None = None
) -> Contender:
    """The model, and what can be said of it; `contest` is how it was chosen of two, if it was."""
    asked, spec, prepared, progress = posed.asked, posed.spec, posed.prepared, recorder.progress
    dataset, judging = asked.dataset, asked.other or asked.dataset
    stored_table = partial(datasets.stored_table, deps.blobs)
    network, dialect = posed.problem.network, dialect_of(dataset)
    predictor = make_predictor(spec, prepared, network, progress.chosen, asked.table.style, dialect)
    held = held_out(predictor, prepared)
    predictor = calibrated(predictor, held)
    seconds = time.perf_counter() - started
    trained = Trained(
        partial(stored_table, dataset),
        spec,
        asked.kinds,
        prepared,
        predictor,
        progress.epoch,
        room_of(deps).copies_bytes,
    )
    certified = certify(trained, recorder.check)
    linear, rival = (None, None) if contest is None else contest.pair
    if contest is None and spec.network.kind == "mlp":
        linear = linear_neuron(spec, prepared, predictor, recorder.check)
    along = taken_along(predictor)
    why = why_ended(progress, spec) if progress.history[-1].share < 1 else None
    noticed = [] if why is None else [Warned("cut_off", why)]
    report = make_report(
        Learnt(spec, prepared, predictor, progress, posed.curvature),
        Evidence(held, certified, linear, rival, None if contest is None else contest.choice),
        Origin(dataset.sha256, asked.other.sha256 if asked.other else None, posed.how, asked.column_notes, seconds),
        asked.warnings,
        [*noticed, *along.warnings],
    )
    return Contender(spec, prepared, predictor, judging, partial(stored_table, judging), report, along.files)
