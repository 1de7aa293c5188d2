"""The body of `POST /v1/jobs`: which kind of job it asks for, read and resolved as that kind has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.domain.cells.table import Table
from service.domain.jobs.comparison import ComparisonSpec, resolve_comparison
from service.domain.jobs.comparison_schema import read_comparison
from service.domain.resolving.limits import Limits
from service.domain.resolving.resolve import Resolution, resolve
from service.domain.spec.schema import read_spec
from service.domain.spec.training import TrainingSpec
from service.errors import FieldError, SpecInvalid

JobSpec = TrainingSpec | ComparisonSpec

READERS: dict[str, Callable[[Mapping[str, Any]], JobSpec]] = {"train": read_spec, "descent-comparison": read_comparison}


def read_job_spec(body: Mapping[str, Any]) -> JobSpec:
    """The spec, by its `kind`; without one it is a training. Raises SpecInvalid."""
    kind = body.get("kind", "train")
    if not isinstance(kind, str) or kind not in READERS:
        choices = ", ".join(READERS)
        detail = f"{kind!r} cannot be submitted here; use one of: {choices}"
        if kind == "predict":
            detail += "; a batch prediction goes to POST /v1/batch-predictions"
        raise SpecInvalid(f"/kind: {detail}", [FieldError("/kind", detail)])
    return READERS[kind](body)


def training_of(spec: JobSpec) -> TrainingSpec:
    """The training that a job makes; of a comparison, that of its batch descent on scaled columns."""
    return spec.training("standard") if isinstance(spec, ComparisonSpec) else spec


def resolve_job(
    spec: JobSpec, table: Table, limits: Limits, other: Table | None = None
) -> Resolution[TrainingSpec] | Resolution[ComparisonSpec]:
    """The spec to run on this table; `other` is that of the rows that validate. Raises SpecInvalid."""
    if isinstance(spec, ComparisonSpec):
        return resolve_comparison(spec, table, limits)
    return resolve(spec, table, limits, other)
