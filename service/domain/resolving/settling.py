"""What follows from a spec whose columns, task and loss are settled: layers, steps, epochs, engine; and the two specs
of `"network": {"kind": "auto"}`, which trains a linear neuron and a network and publishes the better one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.domain.cells.table import Table
from service.domain.resolving.limits import Limits, check_size, members_allowed, n_inputs
from service.domain.spec.auto import choose
from service.domain.spec.engines import choose_engine
from service.domain.spec.training import NetworkSpec, TrainingSpec

CALLED = {"linear": "linear neuron", "mlp": "network"}
"""The kinds of networks in a sentence, in the order in which `auto` trains them."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the two trainings of a spec that leaves the kind of network open, with a sentence for each choice made in
    it."""

    spec: TrainingSpec
    notes: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.spec.network.kind

    @property
    def called(self) -> str:
        """Which it is, in a sentence."""
        return CALLED[self.kind]


def settled(spec: TrainingSpec, table: Table, limits: Limits, notes: list[str]) -> TrainingSpec:
    """The spec with all choices made that the table's figures tell; each adds its reason to `notes`. Raises SpecInvalid
    for a network that is too large."""
    usable = table.rows - max(column.nulls for column in table.columns if column.name in spec.targets)
    inputs = n_inputs(spec, table, limits)
    chosen = choose(spec, usable, inputs, made := [])
    if spec.members == "auto" and (most := members_allowed(chosen, table, limits)) < chosen.n_members:
        made = [f"members {most}: more would have more weights than the {limits.max_parameters:,} that are allowed"]
        chosen = choose(replace(spec, members=most), usable, inputs, made)
    notes += made
    spec = chosen
    engine, why = choose_engine(spec, n_inputs(spec, table, limits))
    if spec.engine == "auto":
        notes.append(f"engine {engine!r}: {why}")
    spec = replace(spec, engine=engine)
    check_size(spec, table, limits)
    return spec


def alternatives(spec: TrainingSpec, table: Table, limits: Limits) -> tuple[Alternative, ...]:
    """The trainings of a spec: of the linear neuron and of the network, in this order, where it leaves that open; else
    none. Raises SpecInvalid."""
    if not spec.compares:
        return ()
    found = []
    for kind in CALLED:
        notes: list[str] = []
        chosen = settled(of_kind(spec, kind), table, limits, notes)
        found.append(Alternative(chosen, tuple(notes)))
    return tuple(found)


def of_kind(spec: TrainingSpec, kind: str) -> TrainingSpec:
    """A spec that leaves the kind of network open, with this one. What only networks have a linear neuron goes
    without."""
    if kind == "mlp":
        return replace(spec, network=replace(spec.network, kind="mlp"))
    network = NetworkSpec("linear", activation=spec.network.activation, bias=spec.network.bias)
    return replace(spec, network=network, members=1, numeric_bins=0, scaling_layer=False)
