"""Which of a linear neuron and a network is better: by the spec's loss on the validation rows. The network, which has
more to choose from and stops at what these rows like best, has to lead by more than a part of the standard error of
what it leads by (Breiman et al. 1984, 3.4.3: the simplest one within one standard error). One whose training has
diverged has lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from service.domain.model.predictor import Predictor
from service.domain.model.promotion import told
from service.domain.report.choice import Choice, Contestant
from service.domain.resolving.settling import CALLED
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from service.errors import WorkFailed
from service.store.described import dialect_of
from workers.explain.temperature import Tempered, temperature_of
from workers.explain.verdict import Paired, paired, row_losses
from workers.jobs.pose import Posed
from workers.training.build import make_predictor
from workers.training.data.fill import FilledPart
from workers.training.data.prepare import Prepared
from workers.training.progress import Progress

LEAD = 0.75  # standard errors; how it was chosen is told in CONTRIBUTING


@dataclass(frozen=True, slots=True)
class Competitor:
    """One of the two trainings, which has made its epochs or has failed."""

    posed: Posed
    progress: Progress


@dataclass(frozen=True, slots=True)
class Finished:
    """A model, and the rows as it reads them."""

    predictor: Predictor
    prepared: Prepared

    @property
    def validation(self) -> FilledPart:
        """The validation rows that it is judged by: the same ones for all models of a table."""
        return self.prepared.with_some_held_out().parts["validation"]


@dataclass(frozen=True, slots=True)
class Contest:
    """Both models, None where the training has diverged; the network's temperature, if it was held against the linear
    neuron and has one; which of them is published, and why."""

    linear: Finished | None
    network: Finished | None
    tempered: Tempered | None
    choice: Choice

    @property
    def seconds_of_other(self) -> float:
        """What the training took of the one that is not published."""
        return (self.choice.mlp if self.choice.kind == "linear" else self.choice.linear).seconds


def better_of(linear: Competitor, network: Competitor) -> Contest:
    """Which of the two is better. Raises WorkFailed where neither has come to a model."""
    failed = [one.progress.failed for one in (linear, network)]
    models = [None if one.progress.failed else _finished(one) for one in (linear, network)]
    losses: list[float | None] = [None, None]
    temperature: Tempered | None = None
    if all(failed):
        raise WorkFailed("diverged", f"linear neuron: {failed[0]}; network: {failed[1]}")
    if models[0] is None or models[1] is None:
        kind, other, why = ("mlp", "linear", failed[0]) if failed[0] else ("linear", "mlp", failed[1])
        sentence = f"The {CALLED[kind]} is published: the {CALLED[other]}'s training has failed ({why})."
    else:
        temperature = temperature_of(network.posed.spec, models[1].predictor, models[1].validation)
        found = _paired(network.posed.spec, models[0], models[1], temperature)
        kind = "mlp" if leads(found) else "linear"
        sentence = sentence_of(found, LOSSES[network.posed.spec.loss].called)
        losses = [found.linear, found.linear - found.difference]
    contestants = [_contestant(*each) for each in zip((linear, network), losses, strict=True)]
    return Contest(models[0], models[1], temperature, Choice(kind, sentence, *contestants))


def predictor_of(posed: Posed, progress: Progress) -> Predictor:
    """The model of the weights that a run keeps."""
    asked, network = posed.asked, posed.problem.network
    return make_predictor(
        posed.spec, posed.prepared, network, progress.chosen, asked.table.style, dialect_of(asked.dataset)
    )


def _finished(one: Competitor) -> Finished:
    return Finished(predictor_of(one.posed, one.progress), one.posed.prepared)


def _paired(spec: TrainingSpec, linear: Finished, network: Finished, temperature: Tempered | None) -> Paired:
    """Their losses on the validation rows, the network's as its probabilities will be."""
    sharpness = None if temperature is None else temperature.sharpness
    part = network.validation
    losses = row_losses(spec, linear.predictor, linear.validation), row_losses(spec, network.predictor, part, sharpness)
    weights = part.data.weights
    return paired(*losses, None if weights is None else weights[:].astype(np.float64))


def _contestant(one: Competitor, loss: float | None) -> Contestant:
    return Contestant(one.posed.spec.network.hidden or (), one.progress.epoch, one.progress.spent, loss)


def leads(found: Paired) -> bool:
    """Whether the network does, by enough."""
    return found.difference > LEAD * found.error


def sentence_of(found: Paired, loss: str) -> str:
    """Which one is published, and why."""
    rows = f"the {found.rows:,} validation rows" if found.rows > 1 else "the only validation row"
    network = found.linear - found.difference
    if found.difference == 0:
        return f"The linear neuron is published: on {rows} the network has the same {loss}, {network:.4g}."
    if found.difference < 0:
        return (
            f"The linear neuron is published: its {loss} of {told(found.linear, network)} on {rows} is lower than the "
            f"network's {told(network, found.linear)}."
        )
    lower, theirs = f"{loss} of {told(network, found.linear)} on {rows} is lower than", told(found.linear, network)
    if not leads(found):
        return (
            f"The linear neuron is published: the network's {lower} its {theirs}, but by less than {LEAD:g} of the "
            f"difference's standard error, {found.error:.2g}, which chance alone gives more than once in five times; "
            '"network": {"kind": "mlp"} publishes the network.'
        )
    sentence = f"The network is published: its {lower} the linear neuron's {theirs}"
    if found.worth_it == "no":
        sentence += '; the gain is small, and "network": {"kind": "linear"} publishes the simpler model'
    return f"{sentence}."
