"""How large a network may be here, and about how large a spec's network would be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.domain.cells.kinds import KindEncoding
from service.domain.cells.table import Column, Table
from service.domain.model.feature import DATETIME_PARTS
from service.domain.model.network import Network
from service.domain.spec.training import TrainingSpec
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.tasks import TASKS
from service.errors import FieldError, SpecInvalid

PROCESS_BYTES = 512 * 2**20  # of a training process itself: its libraries take that much before any row is read
FEW_CATEGORIES, MANY_CATEGORIES = 100, 1000
MOST_CELLS = 2**25  # of the inputs of one feature, in float32
SHARED = 2  # inputs of all categories without one of their own: that they are, and their effect on the target


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows (see service.settings); `max_categories` 0: see `kept_categories`."""

    max_parameters: int
    max_classes: int
    max_categories: int
    training_memory_bytes: int | None = None
    short_job_seconds: float = 0.0
    max_job_seconds: float = 0.0

    @property
    def free_bytes(self) -> int | None:
        """What a training may take of the memory, beside its process; None: anything. A setting below what the
        libraries take says nothing of them."""
        allowed = self.training_memory_bytes
        return None if allowed is None else max(allowed - PROCESS_BYTES, min(allowed, PROCESS_BYTES))


def expected_network(spec: TrainingSpec, table: Table, limits: Limits) -> Network:
    """About the network of a resolved spec: encoded columns that are constant in the training rows are left out then,
    and here they count."""
    target = table.column(spec.targets[0])
    outputs = target.distinct if target is not None and TASKS[spec.task].scores_each_class else len(spec.targets)
    sizes = (n_inputs(spec, table, limits), *(spec.network.hidden or ()), outputs)
    return Network(sizes, spec.network.activation, spec.network.bias, spec.n_members)


def check_size(spec: TrainingSpec, table: Table, limits: Limits) -> None:
    """Raises SpecInvalid for a network that this installation does not allow."""
    network = expected_network(spec, table, limits)
    if network.n_parameters > limits.max_parameters:
        pointer, mend = "/network/hidden" if spec.network.hidden else "/features", "smaller or fewer layers"
        if (members := limits.max_parameters // network.alone.n_parameters) and spec.n_members > 1:
            pointer, mend = "/members", f'"members": {members}, or smaller layers'
        detail = (
            f"the network would have about {network.n_parameters:,} weights; at most {limits.max_parameters:,} are "
            f"allowed: use {mend}"
        )
        raise SpecInvalid(detail, [FieldError(pointer, detail)])


def members_allowed(spec: TrainingSpec, table: Table, limits: Limits) -> int:
    """How many members of this network may be trained here; 1 where not even that one may."""
    return max(1, limits.max_parameters // expected_network(spec, table, limits).alone.n_parameters)


def n_inputs(spec: TrainingSpec, table: Table, limits: Limits) -> int:
    """About how many columns the features are once encoded; without bins while their number is not settled."""
    chosen = frozenset(spec.features or ())
    return sum(_width(column, spec, table.rows, limits) for column in table.columns if column.name in chosen)


def kept_categories(rows: int, most: int) -> int:
    """How many categories of one feature have an input of their own in a table of so many rows; rarer ones share some.
    `most` is what the operator says; 0: 100 always, and up to 1,000 where all inputs of the feature take 128 MiB."""
    return most or max(FEW_CATEGORIES, min(MANY_CATEGORIES, MOST_CELLS // max(rows, 1)))


def _width(column: Column, spec: TrainingSpec, rows: int, limits: Limits) -> int:
    """How many encoded columns one of the table gives (see service.domain.model.transform)."""
    has_indicator = column.nulls > 0 and MISSING[spec.missing].fills
    if column.is_constant:
        return int(has_indicator)  # its gaps may tell something
    width = WIDTHS[column.facts.encoding](column, kept_categories(rows, limits.max_categories))
    return width + most_bins(column, 0 if spec.numeric_bins == "auto" else spec.numeric_bins) + int(has_indicator)


def most_bins(column: Column, numeric_bins: int) -> int:
    """How many inputs a column may get beside its own; fewer where its quantiles coincide."""
    bins = min(numeric_bins, column.distinct - 1)
    return bins if bins > 1 and column.facts.encoding == "number" else 0


WIDTHS: Mapping[KindEncoding | None, Callable[[Column, int], int]] = {
    "number": lambda column, most: 1,
    "categories": lambda column, most: min(column.distinct, most) + SHARED * int(column.distinct > most),
    "calendar": lambda column, most: len(DATETIME_PARTS),
}
"""How many inputs a column has by its encoding, where at most so many categories have one of their own."""
