"""Look at a spec before anyone trains: what would be run, what a good teacher would say of it, what it would take.

Only what ingest and finished runs have stored is read, never the rows: an answer takes milliseconds.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from service.domain.cells.table import Table
from service.domain.descent.figures import Figures
from service.domain.descent.gram import Gram
from service.domain.descent.rates import is_by_curvature
from service.domain.described import document
from service.domain.jobs.comparison import ComparisonSpec
from service.domain.jobs.job_spec import JobSpec, read_job_spec, resolve_job, training_of
from service.domain.jobs.lanes import lane_of_job
from service.domain.jobs.speed import Speed
from service.domain.preflight.cells import cell_warnings
from service.domain.preflight.classes import class_warnings
from service.domain.preflight.estimate import Time, cost_warnings, most_seconds, most_seconds_compared, time, time_both
from service.domain.preflight.forecasts import foretell
from service.domain.preflight.leakage import feature_warnings
from service.domain.preflight.learning import learning_warnings
from service.domain.preflight.memory import Memory, memory
from service.domain.preflight.plan import Plan, plan
from service.domain.preflight.rejected import rejected_warnings
from service.domain.preflight.room import check_memory, needs_table
from service.domain.preflight.row_order import order_warnings
from service.domain.preflight.shape import collapse_warnings, shape_warnings
from service.domain.preflight.warned import of_both, shortened
from service.domain.report.warned import Warned
from service.domain.resolving.classes import check_class_weights
from service.domain.resolving.limits import Limits
from service.domain.resolving.other_rows import POINTER as VALIDATION_POINTER
from service.domain.resolving.resolve import Resolution, resolve
from service.domain.resolving.settling import of_kind
from service.domain.spec.training import TrainingSpec
from service.errors import DatasetNotFound, DatasetNotReady, FieldError, SpecInvalid
from service.store import datasets, jobs
from service.store.blobs.store import Blobs, read_blob
from service.store.described import table_of
from service.store.session import Database
from service.store.tables import DatasetRow

BASIS = (
    "from the stored Gram matrix of all rows, with missing cells at their column's mean; training measures it on the "
    "training rows, with every encoded column"
)
KEPT, KEPT_COLUMNS = 16, 100  # so many tables' figures stay in memory, of tables at most this wide: some 10 MiB
NOT_TIMED = Time(
    None, None, None, None, None, 0, "a compared descent ends when it reaches the goal, which only the run can tell"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A spec that can be run: as it was sent, as it is resolved, on what, which other table's rows validate (None: no
    other's), and how fast runs have been here."""

    asked: JobSpec
    resolution: Resolution[TrainingSpec] | Resolution[ComparisonSpec]
    dataset: DatasetRow
    table: Table
    judging: Table | None
    speeds: Sequence[Speed]

    @property
    def other_rows(self) -> int | None:
        return self.judging.rows if self.judging else None


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known of a run before it starts. A comparison's `plan` is that of its batch descent on scaled columns.
    Where a linear neuron and a network are trained, it is the network's; `descends` is then the linear neuron's, whose
    curvature is told, and it takes `first_seconds` at most."""

    spec: JobSpec
    notes: tuple[str, ...]
    plan: Plan
    warnings: tuple[Warned, ...]
    memory: Memory
    time: Time
    descends: Plan
    first_seconds: float = 0.0

    @property
    def lane(self) -> str:
        """Where the job waits."""
        spec = self.spec
        if isinstance(spec, ComparisonSpec):
            seconds = most_seconds_compared(self.plan, spec.mini_batch)
        else:
            seconds = self.first_seconds + most_seconds(self.plan, self.time)
        return lane_of_job(seconds, self.plan.limits.short_job_seconds)

    def to_json(self) -> dict[str, Any]:
        """The answer of `POST /v1/jobs/validate`."""
        found, bound = self.descends.conditioning, self.descends.bound
        foretold = foretell(self.descends)
        rates = self.plan.rates if isinstance(self.spec, TrainingSpec) and not self.spec.compares else None
        return {
            "spec": self.spec.to_json(),
            "notes": list(self.notes),
            "warnings": document(self.warnings),
            "curvature": {
                "scaled": document(found.scaled),
                "raw": document(found.raw),
                "columns": list(found.columns),
                "left_out": [{"column": name, "detail": why} for name, why in found.left_out.items()],
                "basis": BASIS,
                "bound": asdict(bound) if bound else None,
                "forecast": document(foretold.forecasts),
                "forecast_left_out": foretold.left_out,
            },
            "rates": {**asdict(rates), "is_estimate": is_by_curvature(self.plan.spec)} if rates else None,
            "estimate": {"memory": self.memory.to_json(), "time": self.time.to_json()},
        }


def preflight(database: Database, blobs: Blobs, owner: str, limits: Limits, body: Mapping[str, Any]) -> Preflight:
    """The preflight of a spec as an owner sends it. Raises SpecInvalid, DatasetNotReady."""
    with database.read() as session:
        checked = check(session, owner, limits, body)
    return look(checked, figures_of(checked, blobs), limits)


def check(session: Session, owner: str, limits: Limits, body: Mapping[str, Any]) -> Checked:
    """The spec as it would be run. Raises SpecInvalid, DatasetNotReady."""
    asked = read_job_spec(body)
    dataset, other = ready_datasets(session, owner, asked)
    judging = table_of(other) if other else None
    table = table_of(dataset)
    resolution = resolve_job(asked, table, limits, judging)
    speeds = jobs.speeds(session) if isinstance(asked, TrainingSpec) else ()
    return Checked(asked, resolution, dataset, table, judging, speeds)


def ready_datasets(session: Session, owner: str, spec: JobSpec) -> tuple[DatasetRow, DatasetRow | None]:
    """The dataset to train on, and the one to validate by. Raises SpecInvalid, DatasetNotReady."""
    dataset = ready_dataset(session, owner, spec.dataset, "/dataset")
    if not isinstance(spec, TrainingSpec) or spec.split.validation_dataset is None:
        return dataset, None
    other = ready_dataset(session, owner, spec.split.validation_dataset, VALIDATION_POINTER)
    if other.sha256 == dataset.sha256:
        detail = f"dataset {other.id} has the same bytes as the training dataset: it cannot validate; give other rows"
        raise SpecInvalid(detail, [FieldError(VALIDATION_POINTER, detail)])
    return dataset, other


def ready_dataset(session: Session, owner: str, id: str, pointer: str) -> DatasetRow:
    """The dataset of the owner's that a spec names at `pointer`. Raises SpecInvalid, DatasetNotReady."""
    try:
        dataset = datasets.get(session, owner, id)
    except DatasetNotFound as error:
        raise SpecInvalid(error.detail, [FieldError(pointer, error.detail)]) from None
    if dataset.state == "ingesting":
        raise DatasetNotReady(
            f"dataset {dataset.id} is still being read; GET /v1/datasets/{dataset.id} says when it is ready"
        )
    if dataset.state == "failed":
        reason = (dataset.error or {}).get("detail", "unknown")
        detail = f"dataset {dataset.id} could not be read ({reason}); fix the file and upload it again"
        raise SpecInvalid(detail, [FieldError(pointer, detail)])
    return dataset


def figures_of(checked: Checked, blobs: Blobs | None) -> Figures:
    """What ingest has stored of the table; without blobs, or where they are gone, its columns alone."""
    table, dataset = checked.table, checked.dataset
    if blobs is None or dataset.profile_key is None:
        return Figures(table, {}, no_gram="the dataset has no profile")
    read = _read_and_keep if len(table.columns) <= KEPT_COLUMNS else _read
    try:
        with datasets.part_named(dataset, "profile"):
            keys = dataset.profile_key, dataset.gram_key
            return Figures.of(table, *read(blobs, *keys))  # type: ignore[arg-type]  # to mypy no protocol is hashable
    except KeyError:
        return Figures(table, {}, no_gram="the dataset has just been deleted")


def _read(blobs: Blobs, profile_key: str, gram_key: str | None) -> tuple[dict[str, Any], Gram | None]:
    """The stored profile and Gram matrix. Raises KeyError."""
    gram = Gram.from_bytes(read_blob(blobs, gram_key)) if gram_key else None
    return json.loads(read_blob(blobs, profile_key)), gram


_read_and_keep = functools.lru_cache(KEPT)(_read)  # keys are hashes: what they name does not change


def look(checked: Checked, figures: Figures, limits: Limits) -> Preflight:
    """What these figures say of the spec. Raises SpecInvalid for the weight of a class that is not there, and for a run
    that takes more memory than there is."""
    resolution = checked.resolution
    if not resolution.alternatives:
        return _look(checked, resolution.spec, checked.asked, figures, limits, 0)
    asked = training_of(checked.asked)
    first, second = resolution.alternatives
    linear = _look(checked, first.spec, of_kind(asked, first.kind), figures, limits, 0)
    beside = 0 if first.spec.reading == second.spec.reading else linear.memory.matrix
    network = _look(checked, second.spec, of_kind(asked, second.kind), figures, limits, beside)
    first_seconds = most_seconds(linear.plan, linear.time)
    return replace(
        network,
        spec=resolution.spec,
        notes=resolution.notes,
        descends=linear.plan,
        warnings=shortened(of_both(linear.warnings, network.warnings)),
        memory=max(linear.memory, network.memory, key=lambda needed: needed.total),
        time=time_both(linear.time, first_seconds, network.time, asked.budget_seconds, reads_alike=not beside),
        first_seconds=first_seconds,
    )


def _look(checked: Checked, spec: JobSpec, asked: JobSpec, figures: Figures, limits: Limits, beside: int) -> Preflight:
    """What they say of a spec whose kind of network is settled; another prepared table takes so many bytes beside.

    A comparison publishes nothing and holds nothing out, and how descents learn is what it shows: it is warned of its
    features and layers only, and with nothing but what its own spec can mend."""
    is_training = isinstance(spec, TrainingSpec)
    if isinstance(spec, TrainingSpec):
        check_class_weights(spec, figures)
    planned = plan(training_of(asked), training_of(spec), figures, limits, checked.other_rows)
    needed, taken = memory(planned, beside), time(planned, checked.speeds) if is_training else NOT_TIMED

    def tried(other: TrainingSpec) -> tuple[Plan, Memory]:
        resolved = resolve(other, checked.table, limits, checked.judging).spec
        another = plan(other, resolved, figures, limits, checked.other_rows)
        return another, memory(another, beside)

    check_memory(planned, needed, not is_training or needs_table(planned.spec), tried if is_training else None)
    warnings = (
        *rejected_warnings((checked.dataset.dialect or {}).get("rejected"), checked.table.rows),
        *feature_warnings(planned),
        *cell_warnings(planned),
        *(class_warnings(planned) if is_training else ()),
        *(order_warnings(planned) if is_training else ()),
        *(learning_warnings(planned) if is_training else ()),
        *(shape_warnings(planned) if is_training else collapse_warnings(planned)),
        *(cost_warnings(planned, taken) if is_training else ()),
    )
    return Preflight(spec, checked.resolution.notes, planned, shortened(warnings), needed, taken, planned)
