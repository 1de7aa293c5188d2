"""What would be trained, as far as it is known before the rows are read: parts, network, curvature and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.domain.cells.kinds import KindEncoding
from service.domain.cells.table import Column
from service.domain.descent.curvature import Curvature
from service.domain.descent.figures import Figures
from service.domain.descent.rates import Bound, Rates, is_by_curvature, settle, stable_bound
from service.domain.model.network import Network
from service.domain.resolving.limits import Limits, expected_network, most_bins
from service.domain.spec.auto import is_bowl
from service.domain.spec.training import TrainingSpec, split_counts
from service.domain.vocabulary.scalers import SCALERS

NOT_COVERED: Mapping[KindEncoding | None, str] = {
    "number": "its numbers",
    "categories": "its one-hot columns",
    "calendar": "its parts",
    None: "its words",
}


@dataclass(frozen=True, slots=True)
class PlannedRows:
    """How many rows each part would have; `missing: drop` may leave fewer."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Curvature from the Gram matrix of all rows, on the `columns` that it covers; `left_out` says why not the others.

    `scaled` is that of the design that the network reads; `standardised`, with mean 0 and standard deviation 1, is
    given where the scaler is none.
    """

    columns: tuple[str, ...]
    left_out: Mapping[str, str]
    scaled: Curvature | None = None
    raw: Curvature | None = None
    standardised: Curvature | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`asked` is the spec as it was sent, `spec` the resolved one. `rates` is None where nothing tells them."""

    asked: TrainingSpec
    spec: TrainingSpec
    figures: Figures
    limits: Limits
    rows: PlannedRows
    network: Network
    conditioning: Conditioning
    rates: Rates | None
    bound: Bound | None

    @property
    def batch(self) -> int:
        """Rows in a step."""
        return self.spec.step_rows(self.rows.train)

    @property
    def is_bowl(self) -> bool:
        """Whether full-batch descent goes down a bowl of known shape."""
        return is_bowl(self.spec) and self.batch >= self.rows.train

    @property
    def features(self) -> list[Column]:
        chosen = frozenset(self.spec.features or ())
        return [column for column in self.figures.table.columns if column.name in chosen]

    @property
    def targets(self) -> list[Column]:
        return [column for column in self.figures.table.columns if column.name in self.spec.targets]


def plan(
    asked: TrainingSpec, spec: TrainingSpec, figures: Figures, limits: Limits, other_rows: int | None = None
) -> Plan:
    """The plan of a resolved spec; `other_rows` are those of another dataset that validate."""
    table = figures.table
    usable = table.rows - max((column.nulls for column in table.columns if column.name in spec.targets), default=0)
    rows = PlannedRows(*split_counts(usable, spec.split.validation, spec.split.test))
    if other_rows is not None:
        rows = replace(rows, validation=other_rows)
    with np.errstate(all="ignore"):  # squares beyond float64: then there is no curvature
        found = _conditioning(spec, figures)
    rates = None if is_by_curvature(spec) and found.scaled is None else settle(spec, found.scaled, rows.train)
    settled = spec if rates is None else replace(spec, optimizer=replace(spec.optimizer, momentum=rates.momentum))
    return Plan(
        asked,
        spec,
        figures,
        limits,
        rows,
        expected_network(spec, table, limits),
        found,
        rates,
        stable_bound(settled, found.scaled, rows.train) if found.scaled else None,
    )


def _conditioning(spec: TrainingSpec, figures: Figures) -> Conditioning:
    gram, names = figures.gram, spec.features or ()
    if gram is None:
        return Conditioning((), dict.fromkeys(names, f"there is no Gram matrix: {figures.no_gram}"))
    there, columns = frozenset(gram.names), {column.name: column for column in figures.table.columns}
    covered = gram.varying([name for name in names if name in there])
    in_it = frozenset(covered)
    left_out = {
        name: f"{columns[name].kind}: {NOT_COVERED[columns[name].facts.encoding]} are not in the Gram matrix"
        for name in names
        if name not in in_it
    }
    bias, scaler = spec.network.bias, SCALERS[spec.scaler]
    if scaler.clip is not None:
        clipped = f"the Gram matrix has the column itself, not what {scaler.name!r} clips of it"
        return Conditioning((), left_out | dict.fromkeys(covered, clipped))
    if spec.n_bins:
        binned = "the Gram matrix has the column itself, not the inputs of its bins"
        without = [name for name in covered if most_bins(columns[name], spec.n_bins)]
        if without:
            rest = "the inputs of other columns' bins are not in the Gram matrix"
            return Conditioning((), left_out | dict.fromkeys(covered, rest) | dict.fromkeys(without, binned))
    places = {name: figures.placing(columns[name], scaler.name) for name in covered}
    known = {name: place for name, place in places.items() if place is not None}
    raw = gram.curvature(covered, bias, scaled=False) if covered else None
    scaled: Any = None
    if not covered or scaler.leaves:
        scaled = raw
    elif scaler.standardises:
        scaled = gram.curvature(covered, bias)
    elif len(known) == len(covered):
        scaled = gram.curvature_placed(known, bias)
    standardised = gram.curvature(covered, bias) if covered and scaler.leaves else None
    return Conditioning(tuple(covered), left_out, scaled, raw, standardised)
