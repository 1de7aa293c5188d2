"""ComparisonSpec: batch, stochastic and mini-batch descent on one dataset from one start, with and without scaling.

Nothing is published and nothing is held out: every usable row trains, and the training loss is what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from service.domain.cells.table import Table
from service.domain.plain import plain
from service.domain.resolving.limits import Limits
from service.domain.resolving.resolve import Resolution, resolve
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.domain.vocabulary.tasks import TASKS
from service.domain.vocabulary.words import unless_auto
from service.errors import FieldError, SpecInvalid

MINI_BATCH = 32
FEWEST_BATCHES = 4  # of an epoch, where the size is left to us: with fewer it would be nearly batch descent


@dataclass(frozen=True, slots=True)
class ComparisonSpec:
    """What to compare the descents on. `to_json` is what `comparison_schema.read_comparison` reads."""

    dataset: str
    target: str
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    task: str = "auto"
    network: NetworkSpec = field(default_factory=NetworkSpec)
    missing: str = "mean"
    loss: str = "auto"
    learning_rate: float | Literal["auto"] = "auto"
    batch_size: int | Literal["auto"] = "auto"
    epochs: int = 50
    tolerance: float = 0.01
    seed: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["descent-comparison"] = "descent-comparison"

    @property
    def mini_batch(self) -> int:
        """The rows in a step of mini-batch descent. Raises ValueError while that is not settled."""
        if self.batch_size == "auto":
            raise ValueError("the mini-batch size is not resolved yet")
        return self.batch_size

    def training(self, scaler: str) -> TrainingSpec:
        """The training that a descent makes, as batch descent, on columns scaled by `scaler`. The target is scaled
        either way, so that all descents begin with the same loss."""
        task = unless_auto(TASKS, self.task)
        return TrainingSpec(
            self.dataset,
            "",
            self.target,
            features=self.features,
            exclude=self.exclude,
            task=self.task,
            split=Split(0.0, 0.0),
            network=self.network,
            scaler=scaler,
            scale_target="auto" if task is None else task.is_regression,
            missing=self.missing,
            loss=self.loss,
            optimizer=OptimizerSpec("sgd", self.learning_rate),
            schedule="constant",
            batch_size="full",
            epochs=self.epochs,
            early_stopping=None,
            seed=self.seed,
            device="cpu",
        )

    def to_json(self) -> dict[str, Any]:
        return plain(self)


def resolve_comparison(spec: ComparisonSpec, table: Table, limits: Limits) -> Resolution[ComparisonSpec]:
    """The comparison to run: each `auto` that the table can tell is replaced. Raises SpecInvalid."""
    trained = resolve(spec.training("standard"), table, limits)
    target = table.column(spec.target)
    rows = table.rows - (target.nulls if target else 0)
    notes = [*trained.notes]
    size = spec.batch_size
    if size == "auto":
        size = max(min(MINI_BATCH, rows // FEWEST_BATCHES), 2)
        if size != MINI_BATCH:
            notes.append(f"mini-batch size {size}: there are only {rows} rows")
    elif size >= rows:
        detail = f"{size} as batch size covers all {rows} rows: that is batch descent; use a smaller one"
        raise SpecInvalid(detail, [FieldError("/batch_size", detail)])
    return Resolution(
        replace(
            spec,
            features=trained.spec.features,
            task=trained.spec.task,
            network=trained.spec.network,
            loss=trained.spec.loss,
            batch_size=size,
        ),
        tuple(notes),
    )
