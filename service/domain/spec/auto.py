"""What `auto` stands for, as far as a table's figures tell. What only the training rows tell, the worker settles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from service.domain.spec.training import EarlyStopping, NetworkSpec, OptimizerSpec, TrainingSpec, split_counts
from service.domain.vocabulary.efforts import EFFORTS, NORMAL, Recipe, TrainingEffort
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.optimizers import BETA_2, OPTIMIZERS
from service.domain.vocabulary.schedules import SCHEDULES
from service.domain.vocabulary.words import unless_auto

MANY_ROWS = 10_000
CHEAP_CELLS = 5_000_000  # rows · inputs that lbfgs goes over in a hundredth of a second
ROWS_FOR_AN_INPUT = 100  # with fewer, classes may be apart by chance: without a penalty their minimum is at infinity
EPOCHS_TO_REST = 50  # with fewer, a rate that falls on a plateau of the loss would end too high
FEWEST_EPOCHS = 20
ROWS_FOR_FINE_BINS = 1_000  # with fewer, what a bin learns is what chance has put there
MOST_BINNED_CELLS = 2**26  # float32 cells of the prepared table: a larger one is not made larger still
MOST_EPOCHS = 500  # over all rows, where no curvature tells how many are enough


def choose(spec: TrainingSpec, rows: int, inputs: int, notes: list[str]) -> TrainingSpec:
    """The spec with hidden layers, batch size, optimizer, schedule, early stopping, epochs and refit chosen for
    `rows` usable rows and about `inputs` encoded columns, by the spec's effort; each choice adds its reason to
    `notes`."""
    if spec.effort != NORMAL:
        notes.append(f"effort {spec.effort!r}: {EFFORTS[spec.effort].summary}")
    effort = EFFORTS[spec.effort]
    is_open = spec.network.kind == "mlp" and not spec.network.hidden
    recipe = effort.of_open if is_open else effort.of_given
    spec = _read_by(spec, recipe, rows, inputs, notes)
    spec = replace(spec, network=_network(spec.network, recipe, effort, rows, notes))
    if _is_smooth(spec, rows, inputs):
        notes.append("optimizer 'lbfgs': a linear neuron's loss has one minimum, and lbfgs reaches it in few steps")
        spec = replace(spec, optimizer=replace(spec.optimizer, kind="lbfgs"))
    spec = replace(spec, batch_size=_batch_size(spec, recipe, rows, notes))
    spec = replace(spec, optimizer=_optimizer(spec, recipe, notes))
    spec = replace(spec, epochs=_epochs(spec, recipe, rows, notes))
    spec = replace(spec, schedule=_schedule(spec, recipe, notes))
    spec = replace(spec, early_stopping=_early_stopping(spec, recipe, notes))
    return replace(spec, refit=_refit(spec, notes))


def is_bowl(spec: TrainingSpec) -> bool:
    """Whether the loss is a quadratic of known curvature: a linear neuron's squared error."""
    return spec.network.kind == "linear" and LOSSES[spec.loss].is_quadratic


def _is_smooth(spec: TrainingSpec, rows: int, inputs: int) -> bool:
    """Whether everything about a linear neuron with cross-entropy or Huber's loss is left open that lbfgs settles or
    does not know, and the rows are few enough for steps over all of them. In batches it is far from its minimum when
    it stops: by the noise of the steps one epoch then is as good as another on the validation rows."""
    optimizer, loss = spec.optimizer, LOSSES[spec.loss]
    schedule = unless_auto(SCHEDULES, spec.schedule)
    return (
        spec.network.kind == "linear"
        and loss.is_smooth
        and not loss.is_quadratic
        and optimizer.kind == optimizer.learning_rate == "auto"
        and not (optimizer.momentum not in ("auto", 0.0) or optimizer.nesterov or optimizer.l1 or optimizer.clip_norm)
        and spec.batch_size in ("auto", "full")
        and (schedule is None or schedule.is_constant)
        and not spec.warmup_epochs
        and spec.engine != "fused"
        and spec.precision == "float32"
        and rows * inputs <= CHEAP_CELLS
        and (not loss.is_for_classes or rows >= ROWS_FOR_AN_INPUT * inputs)
    )


def _read_by(spec: TrainingSpec, recipe: Recipe, rows: int, inputs: int, notes: list[str]) -> TrainingSpec:
    """Which inputs there are, whether they have factors, and how many networks read them."""
    bins, members, scales = spec.numeric_bins, spec.members, spec.scaling_layer
    optimizer = unless_auto(OPTIMIZERS, spec.optimizer.kind)
    is_quasi_newton = optimizer is not None and optimizer.is_quasi_newton
    if bins == "auto":
        known = (recipe.numeric_bins, recipe.fine_bins if rows >= ROWS_FOR_FINE_BINS else 0)
        bins = max((each for each in known if rows * inputs * (1 + each) <= MOST_BINNED_CELLS), default=0)
        if bins:
            notes.append(f"{bins} bins for each numeric column: a network learns steps and bends sooner from them")
    if members == "auto":
        members = 1 if is_quasi_newton else _members(recipe, rows)
        if members > 1:
            notes.append(f"{members} members: the mean of networks that differ by their starts is nearer than each")
    if scales == "auto":
        scales = recipe.scaling_layer and not is_quasi_newton
        if scales:
            notes.append("a scaling layer: each input has a factor that is learned, so that those of little use fade")
    return replace(spec, numeric_bins=bins, members=members, scaling_layer=scales)


def _members(recipe: Recipe, rows: int) -> int:
    members = recipe.members
    while members > 1 and members * rows > recipe.most_rows:
        members //= 2
    return members


def _network(network: NetworkSpec, recipe: Recipe, effort: TrainingEffort, rows: int, notes: list[str]) -> NetworkSpec:
    if network.activation == "auto":
        network = replace(network, activation=recipe.activation)
    if network.kind == "linear" or network.hidden:
        return network
    hidden = effort.hidden if rows < MANY_ROWS else effort.wide
    notes.append(f"hidden layers {list(hidden)} for {rows} rows")
    return replace(network, hidden=hidden)


def _optimizer(spec: TrainingSpec, recipe: Recipe, notes: list[str]) -> OptimizerSpec:
    optimizer, beta2, rate = spec.optimizer, BETA_2, spec.optimizer.learning_rate
    takes_rate = optimizer.kind == rate == "auto" and spec.network.kind == "mlp" and spec.batch_size != "full"
    if takes_rate and recipe.learning_rate is not None:
        beta2, rate = recipe.beta2, recipe.learning_rate
    if optimizer.beta2 == "auto":
        optimizer = replace(optimizer, beta2=beta2)
    if optimizer.kind != "auto":
        return optimizer
    if spec.network.kind == "mlp":
        notes.append("optimizer 'adam': the curvature of a network changes as it learns; adam adapts to it")
        if rate != optimizer.learning_rate:
            notes.append(f"learning rate {rate:g}, found by trying on tables of many kinds")
        return replace(optimizer, kind="adam", learning_rate=rate)
    notes.append("optimizer 'sgd': a linear neuron's curvature is known, and so is a safe learning rate")
    by_curvature = is_bowl(spec) and spec.batch_size == "full" and spec.optimizer.learning_rate == "auto"
    if by_curvature:
        return replace(optimizer, kind="sgd", momentum="auto", nesterov=True)
    return replace(optimizer, kind="sgd", momentum=0.0)


def _schedule(spec: TrainingSpec, recipe: Recipe, notes: list[str]) -> str:
    if spec.schedule != "auto":
        return spec.schedule
    if not isinstance(spec.batch_size, int):
        notes.append(
            "schedule 'constant': full-batch steps have no noise that a falling learning rate would have to reduce"
        )
        return "constant"
    stops, patience = spec.early_stopping, recipe.patience or 0
    waits = stops == "auto" or (isinstance(stops, EarlyStopping) and stops.patience >= patience)
    long = spec.epochs == "auto" or spec.epochs >= EPOCHS_TO_REST
    is_network, watches = spec.network.kind == "mlp", SCHEDULES[recipe.schedule].watches_loss
    if is_network and watches and spec.split.validates and waits and long:
        notes.append(
            f"schedule {recipe.schedule!r}: the learning rate is halved when the validation loss stops falling"
        )
        return recipe.schedule
    notes.append(f"schedule 'cosine' for batches of {spec.batch_size}")
    return "cosine"


def _early_stopping(spec: TrainingSpec, recipe: Recipe, notes: list[str]) -> EarlyStopping | None:
    if spec.early_stopping is None:
        return None
    if not spec.split.validates:
        notes.append("no early stopping: there are no validation rows")
        return None
    if spec.early_stopping != "auto":
        return spec.early_stopping
    if is_bowl(spec):
        notes.append("no early stopping: a linear neuron's squared error has one minimum, and descent reaches it")
        return None
    schedule = SCHEDULES[spec.schedule]
    if schedule.rises or (recipe.patience is None and spec.schedule == recipe.schedule):
        why = "raises the rate again" if schedule.rises else "brings the rate to rest at its end alone"
        notes.append(
            f"no epoch ends the training early, since {schedule.name!r} {why}; the weights with the lowest validation "
            "loss are kept"
        )
        return EarlyStopping(MOST_EPOCHS if spec.epochs == "auto" else spec.epochs)
    chosen = EarlyStopping(recipe.patience or EarlyStopping().patience) if schedule.watches_loss else EarlyStopping()
    notes.append(f"early stopping after {chosen.patience} epochs without a lower validation loss")
    return chosen


def _refit(spec: TrainingSpec, notes: list[str]) -> Literal["always", "never"]:
    if spec.refit != "auto":
        return spec.refit
    if spec.split.validation:
        notes.append("refit: the published model is trained anew, on training and validation rows together")
        return "always"
    if spec.split.validates:
        notes.append("no refit: the validation rows are another dataset's, which stay apart")
    return "never"


def _batch_size(spec: TrainingSpec, recipe: Recipe, rows: int, notes: list[str]) -> int | Literal["auto", "full"]:
    if spec.batch_size != "auto":
        return spec.batch_size
    optimizer = unless_auto(OPTIMIZERS, spec.optimizer.kind)
    if optimizer is not None and optimizer.is_quasi_newton:
        notes.append(f"batch descent: {optimizer.name} needs all rows in each step")
        return "full"
    if is_bowl(spec) and (optimizer is None or optimizer.is_gradient_descent):
        notes.append("batch descent: a linear neuron's squared error is quadratic, with known curvature")
        return "full"
    # about 300 steps in an epoch, in powers of two: small tables get enough steps, large ones wide batches
    size = recipe.batch_rows
    while size < 4096 and size * 2 * 300 <= rows:
        size *= 2
    notes.append(f"batch size {size} for {rows} rows")
    return size


def _epochs(spec: TrainingSpec, recipe: Recipe, rows: int, notes: list[str]) -> int | Literal["auto"]:
    """By rows where an epoch is many steps; where the curvature decides (full batches), the worker settles it."""
    if spec.epochs != "auto" or not isinstance(spec.batch_size, int):
        return spec.epochs
    steps = math.ceil(rows / spec.batch_size)
    epochs = spec.warmup_epochs + min(max(EFFORTS[spec.effort].steps // steps, FEWEST_EPOCHS), recipe.epochs)
    training, _, _ = split_counts(rows, spec.split.validation, spec.split.test)
    notes.append(f"{epochs} epochs of about {math.ceil(training / spec.batch_size)} steps")
    return epochs
