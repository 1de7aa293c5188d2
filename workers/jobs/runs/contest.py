"""`"network": {"kind": "auto"}`: a linear neuron and then a network learn from the same rows, and the one that the
validation rows like better goes on, as if it had been asked for.

Both are trained as they would be alone, so what is published has the bits of a job that asks for it. The loss is the
spec's, and what is as good as the other is the linear neuron, which is simpler. One whose training diverges has lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain.model.predictor import Predictor
from service.domain.model.promotion import told
from service.domain.report.choice import Choice, Contestant
from service.domain.resolving.settling import CALLED, alternatives
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.errors import WorkFailed
from service.store.described import dialect_of
from workers.explain.verdict import Paired, paired, row_losses
from workers.jobs.choices import choices
from workers.jobs.pose import Posed, pose
from workers.jobs.record.telling import Teller
from workers.jobs.record.training import AskedTraining, Stage, TrainingRecorder, tell_choices
from workers.jobs.report import judge
from workers.jobs.runs.learn import learn
from workers.training.build import make_predictor
from workers.training.data.prepare import Prepared
from workers.training.problem import State
from workers.training.progress import Progress

LINEAR_SHARE = 0.1  # of the job's epochs, as its progress tells it: a linear neuron learns in a moment
LINEAR_BUDGET = 0.5  # of the budget of time, at most; the network has what is left
LEAST_SECONDS = 1e-3  # of a budget that is used up: the first step is always made
STAGES = {
    "linear": Stage("linear", CALLED["linear"], 0.0, LINEAR_SHARE),
    "mlp": Stage("mlp", CALLED["mlp"], LINEAR_SHARE, 1.0),
}


@dataclass(frozen=True, slots=True)
class Contest:
    """Both models, None where the training has diverged, and which of them is published, and why."""

    linear: Predictor | None
    network: Predictor | None
    choice: Choice

    @property
    def pair(self) -> tuple[Predictor | None, Predictor | None]:
        """Both models, for a verdict; none where there are not both."""
        return (None, None) if self.linear is None or self.network is None else (self.linear, self.network)

    @property
    def seconds_of_other(self) -> float:
        """What the training took of the one that is not published."""
        return (self.choice.mlp if self.choice.kind == "linear" else self.choice.linear).seconds


@dataclass(frozen=True, slots=True)
class Competitor:
    """One of the two trainings, how far it has come, and why it has not come to a model, if so."""

    posed: Posed
    progress: Progress
    failed: str | None = None


def better_of_both(
    teller: Teller, asked: AskedTraining, prepared: Prepared, started: float
) -> tuple[Posed, TrainingRecorder, Contest]:
    """The better of the two, as a training that has made its epochs. Raises WorkFailed where both have diverged, and
    what ends the job otherwise."""
    settings, limits = teller.deps.settings, teller.deps.limits
    found = alternatives(asked.spec, asked.table, limits)
    linear, network = (pose(replace(asked, spec=one.spec), prepared, settings.max_parameters) for one in found)
    for posed in (linear, network):
        chosen = choices(posed.asked.spec, posed.rates, posed.spec.device, prepared.transform)
        tell_choices(teller, posed.spec, prepared, chosen, posed.how, CALLED[posed.spec.network.kind])
    recorder = TrainingRecorder(teller, network.spec, prepared, network.problem, started)
    whole = recorder.progress
    runs = {
        "linear": _linear(linear, whole, recorder, settings.worker_processes),
        "mlp": _learnt(network, whole, recorder, settings.worker_processes, _left(network.spec, whole)),
    }
    compared = compare(runs["linear"], runs["mlp"])
    chosen_run = runs[compared.choice.kind]
    recorder.keep(chosen_run.posed.spec, chosen_run.progress)
    teller.add({}, [("message", {"text": compared.choice.sentence, "choice": compared.choice.kind})])
    return chosen_run.posed, recorder, compared


def _linear(posed: Posed, whole: Progress, recorder: TrainingRecorder, processes: int) -> Competitor:
    """The linear neuron's run, which is over once the network's has begun."""
    begun = bool(whole.history)
    if begun and whole.linear is None:
        return Competitor(posed, Progress(State.start(posed.problem)), "its training diverged")
    if whole.linear is None:
        whole.linear = Progress(State.start(posed.problem))
    if begun:
        return Competitor(posed, whole.linear)
    budget = posed.spec.budget_seconds
    made = _learnt(posed, whole.linear, recorder, processes, None if budget is None else budget * LINEAR_BUDGET)
    if made.failed is not None:
        whole.linear = None
    return made


def _learnt(
    posed: Posed, progress: Progress, recorder: TrainingRecorder, processes: int, budget_seconds: float | None
) -> Competitor:
    recorder.turn_to(STAGES[posed.spec.network.kind], posed.spec, progress)
    try:
        learn(posed, progress, recorder, processes, budget_seconds)
    except WorkFailed as error:
        if error.code != "diverged":
            raise
        return Competitor(posed, progress, error.detail)
    return Competitor(posed, progress)


def _left(spec: TrainingSpec, whole: Progress) -> float | None:
    """What the linear neuron has left of the budget of time."""
    if spec.budget_seconds is None:
        return None
    return max(spec.budget_seconds - (whole.linear.spent if whole.linear is not None else 0.0), LEAST_SECONDS)


def compare(linear: Competitor, network: Competitor) -> Contest:
    """Which of the two is better on the validation rows. Raises WorkFailed where neither has come to a model."""
    if linear.failed is not None and network.failed is not None:
        raise WorkFailed("diverged", f"linear neuron: {linear.failed}; network: {network.failed}")
    models = [None if run.failed is not None else predictor_of(run) for run in (linear, network)]
    if linear.failed is not None or network.failed is not None:
        kind, other, failed = ("mlp", "linear", linear) if linear.failed is not None else ("linear", "mlp", network)
        sentence = f"The {CALLED[kind]} is published: the {CALLED[other]}'s training has failed ({failed.failed})."
        losses: Sequence[float | None] = (None, None)
    else:
        found = _paired(linear.posed, *(model for model in models if model is not None))
        kind = "mlp" if found.difference > 0 else "linear"
        sentence = _sentence(found, LOSSES[linear.posed.spec.loss].called)
        losses = (found.linear, found.linear - found.difference)
    contestants = [_contestant(*each) for each in zip((linear, network), models, losses, strict=True)]
    return Contest(models[0], models[1], Choice(kind, sentence, *contestants))


def predictor_of(run: Competitor) -> Predictor:
    posed, asked = run.posed, run.posed.asked
    return make_predictor(
        posed.spec,
        posed.prepared,
        posed.problem.network,
        run.progress.chosen,
        asked.table.style,
        dialect_of(asked.dataset),
    )


def _paired(posed: Posed, linear: Predictor, network: Predictor) -> Paired:
    """Their losses on the validation rows, of a bounded number of these."""
    part = posed.prepared.with_some_held_out().parts["validation"]
    weights = part.data.weights
    counts = None if weights is None else weights[:].astype(float)
    return paired(row_losses(posed.spec, linear, part), row_losses(posed.spec, network, part), counts)


def _contestant(run: Competitor, model: Predictor | None, loss: float | None) -> Contestant:
    parts = {} if model is None else {name: judge(model, part) for name, part in run.posed.prepared.parts.items()}
    hidden = run.posed.spec.network.hidden or ()
    return Contestant(hidden, run.progress.epoch, run.progress.spent, loss, parts)


def _sentence(found: Paired, loss: str) -> str:
    rows = f"the {found.rows:,} validation rows" if found.rows > 1 else "the only validation row"
    network = found.linear - found.difference
    if found.difference == 0:
        return f"The linear neuron is published: on {rows} the network has the same {loss}, {network:.4g}."
    is_network = found.difference > 0
    kind, mine, other, theirs = (
        ("network", network, "linear neuron", found.linear)
        if is_network
        else ("linear neuron", found.linear, "network", network)
    )
    sentence = (
        f"The {kind} is published: its {loss} of {told(mine, theirs)} on {rows} is lower than the {other}'s "
        f"{told(theirs, mine)}"
    )
    if is_network and found.worth_it == "no":
        sentence += '; the gain is small, and "network": {"kind": "linear"} publishes the simpler model'
    return f"{sentence}."
