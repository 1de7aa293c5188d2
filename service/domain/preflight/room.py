"""The refusal of a run that takes more memory than a training process may, with a change that makes it fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from service.domain.preflight.memory import Memory
from service.domain.preflight.plan import Plan
from service.domain.spec.training import NetworkSpec, OptimizerSpec, TrainingSpec
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.errors import FieldError, SpecInvalid

GIB = 2**30
SHOWN_BYTES = 2**17
FEW_ROWS = 256  # in a step
HALVINGS = 12


@dataclass(frozen=True, slots=True)
class SpecChange:
    """A change of a spec: where, what the field becomes, and the spec with it."""

    pointer: str
    value: Any
    spec: TrainingSpec


def needs_table(spec: TrainingSpec) -> bool:
    """Whether the prepared table must be in memory: only the fused engine reads it from the disk."""
    return spec.engine == "autograd"


def bytes_needed(plan: Plan, needed: Memory, in_memory: bool) -> int:
    """What a run takes at least."""
    return needed.least + (needed.matrix if in_memory else 0)


def check_memory(
    plan: Plan, needed: Memory, in_memory: bool, tried: Callable[[TrainingSpec], tuple[Plan, Memory]] | None
) -> None:
    """Raises SpecInvalid for a run that does not fit, with the figures and, where `tried` says what another spec would
    take, a change that makes it fit."""
    free, taken = plan.limits.free_bytes, bytes_needed(plan, needed, in_memory)
    if free is None or taken <= free:
        return
    mend = None if tried is None else next((it for it in _mends(plan.asked, plan) if _fits(it, free, tried)), None)
    pointer = mend.pointer if mend else "/features"
    advice = "use fewer rows or columns, or smaller layers"
    if mend is not None:
        advice = f'use "{mend.pointer[1:]}": {json.dumps(mend.value)}'
    detail = f"{_figures(plan, needed, in_memory, taken, free)}: {advice}, or raise ADALINE_TRAINING_MEMORY_BYTES"
    raise SpecInvalid(f"{pointer}: {detail}", [FieldError(pointer, detail)])


def _figures(plan: Plan, needed: Memory, in_memory: bool, taken: int, free: int) -> str:
    parts = {
        f"{plan.network.n_parameters:,} weights": needed.weights,
        f"state of {plan.spec.optimizer.kind}": needed.optimizer,
        "the prepared table": needed.matrix if in_memory else 0,
        "steps, checkpoints, publishing": needed.least - needed.weights - needed.optimizer,
    }
    told = ", ".join(f"{name} {_told(size)}" for name, size in parts.items() if size >= SHOWN_BYTES)
    return f"this needs about {_told(taken)} of memory ({told}), and {_told(free)} are available"


def _told(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 2**20:,.1f} MiB"


def _fits(mend: SpecChange, free: int, tried: Callable[[TrainingSpec], tuple[Plan, Memory]]) -> bool:
    try:
        plan, needed = tried(mend.spec)
    except SpecInvalid:
        return False
    return bytes_needed(plan, needed, needs_table(plan.spec)) <= free


def _mends(asked: TrainingSpec, plan: Plan) -> Iterator[SpecChange]:
    """What may help, the least change first."""
    if OPTIMIZERS[plan.spec.optimizer.kind].is_quasi_newton:
        yield SpecChange("/optimizer", {"kind": "adam"}, replace(asked, optimizer=OptimizerSpec("adam")))
    if needs_table(plan.spec):
        yield SpecChange("/engine", "fused", replace(asked, engine="fused"))
    if plan.batch > FEW_ROWS:
        yield SpecChange("/batch_size", FEW_ROWS, replace(asked, batch_size=FEW_ROWS))
    for members in (plan.spec.n_members >> halving for halving in range(1, plan.spec.n_members.bit_length())):
        yield SpecChange("/members", members, replace(asked, members=members))
    if plan.spec.numeric_bins:
        yield SpecChange("/numeric_bins", 0, replace(asked, numeric_bins=0))
    if hidden := plan.spec.network.hidden:
        for halving in range(1, HALVINGS):
            smaller = [max(size >> halving, 1) for size in hidden]
            network: NetworkSpec = replace(asked.network, hidden=tuple(smaller))
            yield SpecChange("/network/hidden", smaller, replace(asked, network=network))
