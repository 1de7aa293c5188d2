"""How long a run would take, by what finished runs took on this machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from service.domain.descent.rates import MOST_BOWL_EPOCHS
from service.domain.jobs.speed import BOWL, Speed, expect, roughly
from service.domain.plain import plain
from service.domain.preflight.plan import Plan
from service.domain.report.warned import Warned
from service.domain.spec.engines import needs_no_rows, not_fused
from service.domain.spec.training import EarlyStopping


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds from the start of the work to its end, if every epoch is made; `low` and `high` by the fastest and the
    slowest of the runs that tell it. None while no run tells, and `why` says so."""

    seconds: float | None
    low: float | None
    high: float | None
    epoch_seconds: float | None
    epochs: int | None
    runs: int
    why: str
    other_seconds: float = 0.0
    """Of all that is no epoch, in `seconds`."""

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in plain(self).items() if name != "other_seconds"}


def time(plan: Plan, speeds: Sequence[Speed]) -> Time:
    """By the finished runs that are most like this one."""
    spec = plan.spec
    epochs = plan.rates.epochs if plan.rates is not None else None
    device = "cpu" if spec.device == "auto" else spec.device
    engine, shape = _shape(plan)
    found = expect(speeds, engine, device, *shape)
    if found is None:
        why = f"no run with the engine {spec.engine!r} on the {device} has finished here yet"
        return Time(None, None, None, None, epochs, 0, why)
    if epochs is None:
        return Time(None, None, None, found.epoch_seconds, None, found.runs, "the number of epochs is not known yet")
    most = spec.budget_seconds if spec.budget_seconds is not None else inf
    seconds, low, high = (
        min(each * epochs * (1 + spec.refit_work), most) + found.other_seconds
        for each in (found.epoch_seconds, found.low, found.high)
    )
    why = f"from the {found.runs} most similar runs" if found.runs > 1 else "from the one finished run"
    if isinstance(spec.early_stopping, EarlyStopping):
        why += "; early stopping may end it earlier"
    if spec.refits:
        why += "; with the refit"
    return Time(seconds, low, high, found.epoch_seconds, epochs, found.runs, why, found.other_seconds)


def time_both(
    linear: Time, linear_most: float, network: Time, budget_seconds: float | None, reads_alike: bool = True
) -> Time:
    """Of a linear neuron, which takes at most `linear_most` where no run tells its time, and then a network, which
    share the budget, and what is prepared where `reads_alike`. Epochs are the network's."""
    if network.seconds is None:
        return network
    most = inf if budget_seconds is None else budget_seconds
    known = linear.seconds is not None

    def both(before: float | None, after: float | None) -> float:
        learning = (linear_most if before is None else before - linear.other_seconds) + (after or 0.0)
        others = network.other_seconds, linear.other_seconds
        return min(learning - network.other_seconds, most) + (max(others) if reads_alike else sum(others))

    return replace(
        network,
        seconds=both(linear.seconds, network.seconds),
        low=both(linear.low if known else 0.0, network.low),
        high=both(linear.high, network.high),
        why=f"a linear neuron and a network, one after the other: {network.why}",
    )


def most_seconds(plan: Plan, time: Time) -> float:
    """What the run would take if it is as slow as the slowest of those like it, or roughly where there are none."""
    if time.high is not None:
        return time.high
    epochs = plan.rates.epochs if plan.rates is not None else plan.spec.epochs
    engine, shape = _shape(plan)
    most = MOST_BOWL_EPOCHS if epochs == "auto" else epochs
    return roughly(engine, *shape, math.ceil(most * (1 + plan.spec.refit_work)), plan.spec.budget_seconds)


def most_seconds_compared(plan: Plan, mini_batch: int) -> float:
    """An upper bound like `most_seconds` for a comparison, whose `plan` is that of its batch descent: three descents,
    two scalings."""
    engine, (rows, _, weights, cells) = "autograd" if not_fused(plan.spec) else "fused", _shape(plan)[1]
    epochs = MOST_BOWL_EPOCHS if plan.spec.epochs == "auto" else plan.spec.epochs
    return 2 * sum(roughly(engine, rows, batch, weights, cells, epochs) for batch in (rows, 1, min(mini_batch, rows)))


def _shape(plan: Plan) -> tuple[str, tuple[int, int, int, int]]:
    """The engine, in the words of `service.domain.jobs.speed`; rows, batch, weights, cells."""
    rows, inputs = plan.rows, plan.network.sizes[0]
    engine = BOWL if needs_no_rows(plan.spec, rows.train, inputs) else plan.spec.engine
    cells = (rows.train + rows.validation + rows.test) * inputs
    return engine, (rows.train, plan.batch, plan.network.n_parameters, cells)


def cost_warnings(plan: Plan, time: Time) -> Iterator[Warned]:
    """What would not fit into the time that is allowed."""
    most = plan.limits.max_job_seconds
    if most and time.low is not None and time.low > most:
        yield Warned(
            "job_too_long",
            f"at this machine's speed this takes {time.low:,.3g} s at least, and a job is ended after {most:g} "
            '(ADALINE_MAX_JOB_SECONDS), with nothing published; set "budget_seconds", or use fewer epochs',
            "/budget_seconds",
        )
    budget = plan.spec.budget_seconds
    if budget is None or time.epoch_seconds is None or time.epochs is None:
        return
    epoch_seconds = time.epoch_seconds * (1 + plan.spec.refit_work)
    if budget < epoch_seconds * time.epochs:
        fitting = max(1, int(budget / epoch_seconds))
        twice = ", with that of the refit" if plan.spec.refits else ""
        yield Warned(
            "budget_short",
            f"at this machine's speed about {fitting:,} of {time.epochs:,} epochs fit into {budget:g} s: an epoch "
            f"takes about {epoch_seconds:.3g} s{twice}; allow more time, or use fewer epochs or larger batches",
            "/budget_seconds",
        )
