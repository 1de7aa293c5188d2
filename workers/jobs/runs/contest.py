"""`"network": {"kind": "auto"}`: a linear neuron and then a network learn from the same rows, and the better one goes
on, as if it had been asked for. The rows are prepared once for each where the two read them differently.

Both are trained as they would be alone, so what is published has the bits of a job that asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from service.domain.resolving.settling import CALLED, alternatives
from service.domain.spec.training import TrainingSpec
from service.errors import WorkFailed
from workers.jobs.better import Competitor, Contest, better_of
from workers.jobs.choices import choices
from workers.jobs.pose import Posed, pose, prepared_for
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import AskedTraining, TrainingRecorder, tell_choices
from workers.jobs.runs.learn import learn
from workers.training.data.prepare import Prepared
from workers.training.problem import State
from workers.training.progress import Progress

LINEAR_BUDGET = 0.5  # of the budget of time, at most; the network has what is left
LEAST_SECONDS = 1e-3  # of a budget that is used up: the first step is always made


def better_of_both(teller: Teller, asked: AskedTraining, started: float) -> tuple[Posed, TrainingRecorder, Contest]:
    """The better of the two, as a training that has made its epochs. Raises WorkFailed where both have diverged, and
    what ends the job otherwise."""
    settings, limits = teller.deps.settings, teller.deps.limits
    specs = [one.spec for one in alternatives(asked.spec, asked.table, limits)]
    prepared = _prepared(teller, asked, specs)
    linear, network = (
        pose(replace(asked, spec=spec), rows, settings.max_parameters)
        for spec, rows in zip(specs, prepared, strict=True)
    )
    for posed in (linear, network):
        chosen = choices(posed.asked.spec, posed.rates, posed.spec.device, posed.prepared.merged)
        tell_choices(teller, posed.spec, posed.prepared, chosen, posed.how, CALLED[posed.spec.network.kind])
    recorder = TrainingRecorder(teller, network.spec, network.prepared, network.problem, started)
    whole = recorder.progress
    if whole.linear is None:
        whole.linear = Progress(State.start(linear.problem))
    both = {"linear": Competitor(linear, whole.linear), "mlp": Competitor(network, whole)}
    is_over = any(one.progress.refit is not None for one in both.values())
    for kind, one in both.items():
        recorder.turn_to(one.posed.spec, one.progress)
        if not is_over and not (kind == "linear" and whole.history):
            _learn(one, recorder, settings.worker_processes, _budget(kind, one.posed.spec, whole))
    contest = better_of(both["linear"], both["mlp"])
    better = both[contest.choice.kind]
    recorder.keep(better.posed.spec, better.progress)
    teller.add({}, [("message", {"text": contest.choice.sentence, "choice": contest.choice.kind})])
    return better.posed, recorder, contest


def _prepared(teller: Teller, asked: AskedTraining, specs: Sequence[TrainingSpec]) -> list[Prepared]:
    """The rows as each of the specs reads them: once, where all read them alike. What the first ones take of the
    memory, the next has less. Raises WorkFailed, StorageFull, and what ends the job otherwise."""
    of_reading: dict[Any, Prepared] = {}
    for spec in specs:
        if spec.reading not in of_reading:
            read = replace(asked.spec, scaler=spec.scaler, numeric_bins=spec.numeric_bins)
            taken = sum(rows.memory_bytes for rows in of_reading.values())
            of_reading[spec.reading] = prepared_for(teller.deps, replace(asked, spec=read), taken_bytes=taken)
            teller.lease.check()
    return [of_reading[spec.reading] for spec in specs]


def _learn(one: Competitor, recorder: TrainingRecorder, processes: int, budget_seconds: float | None) -> None:
    try:
        learn(one.posed, one.progress, recorder, processes, budget_seconds=budget_seconds)
    except WorkFailed as error:
        if error.code != "diverged":
            raise
        one.progress.failed = error.detail


def _budget(kind: str, spec: TrainingSpec, whole: Progress) -> float | None:
    """The share of one of the two."""
    if spec.budget_seconds is None:
        return None
    if kind == "linear" or whole.linear is None:
        return LINEAR_BUDGET * spec.budget_seconds
    return max(spec.budget_seconds - whole.linear.spent, LEAST_SECONDS)
