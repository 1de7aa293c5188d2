"""From what a client asked to what will be run: checks a spec against a table and replaces each `auto`.

What only the training rows can tell (the learning rate, the device) stays `auto` here and is settled by the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from service.domain.cells.table import Column, Table, no_such_column
from service.domain.resolving.combinations import check_combinations
from service.domain.resolving.left_out import none_of_them, nothing_left
from service.domain.resolving.limits import Limits
from service.domain.resolving.other_rows import check_other_rows
from service.domain.resolving.row_order import check_order
from service.domain.resolving.row_weights import check_weights
from service.domain.resolving.settling import Alternative, alternatives, settled
from service.domain.resolving.tasks import class_name, natural_task, too_rare
from service.domain.sentences import few
from service.domain.spec.training import TrainingSpec, split_counts
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import unless_auto
from service.errors import FieldError, SpecInvalid

LEAST_ROWS = 3

Spec = TypeVar("Spec")


@dataclass(frozen=True, slots=True)
class Resolution(Generic[Spec]):
    """The spec to run, with a sentence for each choice made in the client's stead; the trainings that it comes to where
    it leaves the kind of network open."""

    spec: Spec
    notes: tuple[str, ...]
    alternatives: tuple[Alternative, ...] = ()


def resolve(spec: TrainingSpec, table: Table, limits: Limits, other: Table | None = None) -> Resolution[TrainingSpec]:
    """`other` is the table of `split.validation_dataset`.

    Raises SpecInvalid that points at each place that cannot be run on these tables.
    """
    notes: list[str] = []
    if table.rows < LEAST_ROWS:
        raise _wrong("/dataset", f"the dataset has {table.rows} row(s); at least {LEAST_ROWS} are needed to train")
    targets = _targets(spec, table)
    features = _features(spec, table, targets, notes)
    for target in targets:
        if target.nulls:
            notes.append(f"{target.nulls} rows without a value of {target.name!r} are left out")
    usable = table.rows - max(target.nulls for target in targets)  # at most: gaps may be in different rows
    _enough_rows(spec, usable, targets)
    check_weights(spec, table, targets)
    check_order(spec, table, targets, notes)
    with _told_of(targets[0]):
        task = _task(spec, table, targets[0], limits, notes) if len(targets) == 1 else _task_of_several(spec, notes)
    asked = spec
    spec = replace(
        spec,
        features=tuple(column.name for column in features),
        task=task,
        loss=_loss(spec, task),
        scale_target=TASKS[task].is_regression and spec.scale_target is not False,
    )
    if asked.loss == "auto":
        notes.append(f"loss {spec.loss!r} for the task {task!r}")
    if asked.scale_target == "auto" and spec.scale_target:
        notes.append("the target is standardised during training, so that one learning rate suits any unit")
    if other is not None:
        weights = [column for column in table.columns if column.name == spec.weight_column]
        check_other_rows(spec, [*targets, *features, *weights], other)
    check_combinations(spec)
    runs = alternatives(spec, table, limits)
    if not runs:
        return Resolution(settled(spec, table, limits, notes), tuple(notes))
    notes.append("a linear neuron and a network are trained, and the one that is better on the validation rows is kept")
    notes += [f"{run.called}: {note}" for run in runs for note in run.notes]
    return Resolution(spec, tuple(notes), runs)


@contextmanager
def _told_of(target: Column) -> Iterator[None]:
    """What ingest noted of a target of words is said where these are why it cannot be learnt."""
    try:
        yield
    except SpecInvalid as error:
        if target.facts.holds != "words" or not target.notes:
            raise
        raise _wrong(error.errors[0].pointer, f"{error.detail} ({'; '.join(target.notes)})") from None


def _wrong(pointer: str, detail: str) -> SpecInvalid:
    return SpecInvalid(detail, [FieldError(pointer, detail)])


def _targets(spec: TrainingSpec, table: Table) -> list[Column]:
    targets, errors = [], []
    for index, name in enumerate(spec.targets):
        target = table.column(name)
        wrong = no_such_column(name, table) if target is None else _wrong_target(target, len(spec.targets))
        if wrong:
            errors.append(FieldError("/target" if isinstance(spec.target, str) else f"/target/{index}", wrong))
        elif target is not None:
            targets.append(target)
    if errors:
        raise SpecInvalid(errors[0].detail, errors)
    return targets


def _wrong_target(target: Column, of: int) -> str | None:
    name = repr(target.name)
    if of > 1 and not target.facts.is_quantity:
        return f"{name} holds {target.kind}; only numeric columns can be predicted together; train it alone"
    if target.facts.target is None:
        told = f" ({'; '.join(target.notes)})" if target.notes else ""
        mend = "choose a numeric, boolean or categorical column"
        return f"{name} holds {target.kind}{told}, which cannot be predicted; {mend}"
    if target.distinct == 0:
        return f"{name} has no values: every cell is missing"
    if target.is_constant:
        return f"{name} is constant: there is nothing to learn"
    return None


def _features(spec: TrainingSpec, table: Table, targets: Sequence[Column], notes: list[str]) -> list[Column]:
    errors = [
        FieldError(f"/{field}/{index}", no_such_column(name, table))
        for field, names in (("features", spec.features or ()), ("exclude", spec.exclude))
        for index, name in enumerate(names)
        if table.column(name) is None
    ]
    for index, name in enumerate(spec.features or ()):
        column = table.column(name)
        if column in targets:
            errors.append(FieldError(f"/features/{index}", f"{name!r} is a target: it cannot also be a feature"))
        elif column is not None and name == spec.weight_column:
            errors.append(FieldError(f"/features/{index}", f"{name!r} weights the rows: it cannot also be a feature"))
        elif column is not None and column.facts.encoding is None:
            errors.append(FieldError(f"/features/{index}", f"{name!r} holds free text, which cannot be a feature"))
        if name in (spec.features or ())[:index]:
            errors.append(FieldError(f"/features/{index}", f"{name!r} is listed twice"))
    if errors:
        raise SpecInvalid(none_of_them(spec, errors) or errors[0].detail, errors)
    candidates = [
        column
        for column in table.columns
        if column not in targets and column.name not in (*spec.exclude, spec.weight_column)
    ]
    if spec.features is not None:
        chosen = [column for column in candidates if column.name in spec.features]
    else:
        chosen = [column for column in candidates if column.facts.encoding is not None]
        if texts := [column for column in candidates if column.facts.encoding is None]:
            notes.append(f"left out as free text: {few([column.name for column in texts], written=repr)}")
            notes += [f"{column.name!r}: {note}" for column in texts for note in column.notes]
    if constant := [column.name for column in chosen if column.is_constant and column.nulls in (0, table.rows)]:
        chosen = [column for column in chosen if column.name not in constant]
        notes.append(f"left out as constant: {few(constant, written=repr)}")
    if not chosen:
        raise _wrong("/features", nothing_left(spec, table, targets))
    return chosen


def _enough_rows(spec: TrainingSpec, usable: int, targets: Sequence[Column]) -> None:
    if usable < LEAST_ROWS:
        names = few([target.name for target in targets], written=repr)
        raise _wrong("/dataset", f"{usable} rows have a value of {names}; at least {LEAST_ROWS} are needed to train")
    training, _, _ = split_counts(usable, spec.split.validation, spec.split.test)
    if training < 2:
        raise _wrong("/split", f"only {training} of {usable} rows would be left to train on; use smaller shares")


def _task(spec: TrainingSpec, table: Table, target: Column, limits: Limits, notes: list[str]) -> str:
    task = spec.task
    if task == "auto":
        task, why = natural_task(target)
        notes.append(f"task {task!r}: {why}")
    wanted = TASKS[task]
    if wanted.is_regression:
        if not target.facts.is_quantity:
            raise _wrong("/task", f"regression needs a numeric target; {target.name!r} is {target.kind}")
        return task
    if wanted.is_binary and target.distinct != 2:
        raise _wrong("/task", f"binary needs a target of 2 classes; {target.name!r} has {target.distinct}")
    if target.distinct > limits.max_classes:
        raise _wrong(
            "/target", f"{target.name!r} has {target.distinct} classes; at most {limits.max_classes} are allowed"
        )
    if wanted.scores_each_class and target.distinct == 2:
        task = "binary"
        notes.append("task 'binary': the target has 2 classes")
    if target.rarest is not None and too_rare(int(target.rarest["count"]), spec.split):
        rarest = class_name(table.label(target.name, target.rarest["value"]))
        numbers = ', or, if these are quantities, use "task": "regression"'
        raise _wrong(
            "/target",
            f"class {rarest} of {target.name!r} has only one row, which cannot be in both the training and the "
            f"held-out rows; add rows of this class, or remove the row{numbers if target.facts.is_quantity else ''}",
        )
    return task


def _task_of_several(spec: TrainingSpec, notes: list[str]) -> str:
    asked = unless_auto(TASKS, spec.task)
    if asked is not None and not asked.is_regression:
        raise _wrong("/task", f"several targets must all be numeric; {spec.task!r} needs a single target")
    if asked is None:
        notes.append(f"task 'regression': {len(spec.targets)} numeric targets at once")
    return "regression"


def _loss(spec: TrainingSpec, task: str) -> str:
    asked, is_regression = unless_auto(LOSSES, spec.loss), TASKS[task].is_regression
    if asked is None:
        return TASKS[task].loss
    if asked.is_for_classes == is_regression:
        *first, last = (loss.name for loss in LOSSES.values() if loss.is_for_classes != is_regression)
        fitting = f"{', '.join(first)} or {last}" if first else last
        raise _wrong("/loss", f"{spec.loss!r} does not fit the task {task!r}; use {fitting}")
    if spec.scale_target is True and not is_regression:
        raise _wrong("/scale_target", f'classes are not scaled; leave scale_target at "auto" for the task {task!r}')
    return spec.loss
