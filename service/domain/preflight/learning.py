"""Warnings about how the weights are moved: rates, scaling, batches, epochs, early stopping, time and memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from service.domain.descent.curvature import Curvature
from service.domain.descent.rates import Rates, settle
from service.domain.preflight.forecasts import foretell
from service.domain.preflight.plan import Plan
from service.domain.report.warned import Warned
from service.domain.spec.auto import FEWEST_EPOCHS
from service.domain.spec.training import EarlyStopping
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.scalers import SCALERS
from service.domain.vocabulary.schedules import SCHEDULES

BAD_CONDITION = 1000.0  # descent then needs some two thousand epochs to come to a percent of the gap
BETTER = 10.0  # scaling is worth a word where it divides the condition number by so much
SHARE_LEFT = 0.01


def learning_warnings(plan: Plan) -> Iterator[Warned]:
    """In the order in which they matter."""
    yield from _rate(plan)
    yield from _scaling(plan)
    yield from _batches(plan)
    yield from _epochs(plan)
    yield from _early_stopping(plan)


def _rate(plan: Plan) -> Iterator[Warned]:
    rate, bound, found = plan.spec.optimizer.learning_rate, plan.bound, plan.conditioning.scaled
    if rate == "auto" or bound is None or found is None or rate <= bound.learning_rate:
        return
    momentum = plan.spec.optimizer.momentum
    by_momentum = f" with momentum {momentum:g}" if momentum not in (0, "auto") else ""
    is_partial = f", on {len(plan.conditioning.columns)} columns" if plan.conditioning.left_out else ""
    sure = f"; this is a guide only: {bound.guide}" if bound.guide else ": the loss will grow without end"
    yield Warned(
        "learning_rate_unstable",
        f"the learning rate {rate:g} is above {bound.learning_rate:.4g}, below which descent{by_momentum} is stable "
        f"on this data (λmax = {found.lambda_max:.4g} of all rows{is_partial}){sure}; "
        f'try {bound.learning_rate / 2:.2g}, or "auto"',
        "/optimizer/learning_rate",
    )


def _scaling(plan: Plan) -> Iterator[Warned]:
    raw, standardised = plan.conditioning.raw, plan.conditioning.standardised
    if raw is None or standardised is None or not SCALERS[plan.spec.scaler].leaves:
        return
    before, after = raw.condition_number, standardised.condition_number
    if before > BAD_CONDITION and before > BETTER * after:
        foretold = foretell(plan)
        slow, fast = foretold.raw, foretold.standardised
        if slow is None or fast is None:
            costs = (
                "in the worst case full-batch descent on a squared error then takes up to "
                f"{raw.epochs_to_1_percent:,} epochs to 1 % of the gap to the optimum instead of up to "
                f"{standardised.epochs_to_1_percent:,} (a bound, no forecast)"
            )
        elif _is_sooner(slow.epochs_to_1_percent, fast.epochs_to_1_percent):
            return
        else:
            costs = (
                "at the best constant rate full-batch descent then comes to 1 % of the gap to the optimum of this "
                f"table {_after(slow.epochs_to_1_percent)} instead of {_after(fast.epochs_to_1_percent)}"
            )
        yield Warned(
            "not_scaled",
            f"without scaling the condition number is {before:.4g}, with standard scaling {after:.4g}: {costs}; use "
            '"scaler": "standard"',
            "/scaler",
        )


def _is_sooner(epochs: int | None, others: int | None) -> bool:
    """Or as soon; None is never."""
    return epochs is not None and (others is None or epochs <= others)


def _after(epochs: int | None) -> str:
    return "never" if epochs is None else f"after {epochs:,}" if epochs != 1 else "after 1 epoch"


def _batches(plan: Plan) -> Iterator[Warned]:
    size = plan.asked.batch_size
    if isinstance(size, int) and size > plan.rows.train:
        yield Warned(
            "batch_larger_than_rows",
            f"a batch of {size:,} rows is more than the {plan.rows.train:,} training rows: each epoch is one step; "
            'say "full" for that, or take fewer',
            "/batch_size",
        )


def _epochs(plan: Plan) -> Iterator[Warned]:
    """On a bowl what its epochs leave of the gap is known: of this table, else in the worst case."""
    found, rates, asked = plan.conditioning.scaled, plan.rates, plan.spec.epochs
    descends = OPTIMIZERS[plan.spec.optimizer.kind].is_gradient_descent
    if asked == "auto" or found is None or rates is None or not plan.is_bowl or not descends:
        return
    if not SCHEDULES[plan.spec.schedule].is_constant or (
        plan.bound and rates.learning_rate >= plan.bound.learning_rate
    ):
        return  # above the bound there is another warning
    run = foretell(plan).run
    if run is not None and run.share_left > SHARE_LEFT:
        yield Warned(
            "epochs_few",
            f"after {asked:,} epochs about {run.share_left:.2g} of the gap to the optimum of this table is left "
            f"(learning rate {rates.learning_rate:.3g}, momentum {rates.momentum:.3g}); use "
            '"epochs": "auto", or more of them',
            "/epochs",
        )
    needed = _needed(plan, found, rates) if run is None else 0
    if needed > asked:
        yield Warned(
            "epochs_few",
            f"the flattest directions (condition number {found.condition_number:.4g}) take about {needed:,} epochs at "
            f"learning rate {rates.learning_rate:.3g}, and there are {asked:,}: as far as the target lies along them "
            'the model stays short of the optimum; use "epochs": "auto"',
            "/epochs",
        )


def _needed(plan: Plan, found: Curvature, rates: Rates) -> int:
    """Until the flattest directions have a percent of their part of the gap left; 0 where that has no short formula."""
    if plan.spec.optimizer.momentum == "auto" and plan.spec.optimizer.learning_rate == "auto":
        needed = settle(replace(plan.spec, epochs="auto"), found, plan.rows.train).epochs
        return needed if needed > FEWEST_EPOCHS else 0
    if rates.momentum or plan.bound is None:
        return 0  # heavy balls of any rate
    furthest = max(abs(1 - rates.learning_rate * each) for each in (found.lambda_min, found.lambda_max))
    return math.ceil(math.log(SHARE_LEFT) / (2 * math.log(furthest))) if 0 < furthest < 1 else 1


def _early_stopping(plan: Plan) -> Iterator[Warned]:
    asked, spec = plan.asked.early_stopping, plan.spec
    if not isinstance(asked, EarlyStopping):
        return
    if not spec.split.validates:
        yield Warned(
            "early_stopping_blind",
            "there are no validation rows to stop by, so training goes through all epochs; give "
            '"split": {"validation": 0.2}, or "early_stopping": null',
            "/early_stopping",
        )
    elif spec.epochs != "auto" and asked.patience >= spec.epochs:
        yield Warned(
            "patience_long",
            f"a patience of {asked.patience:,} epochs never ends a training of {spec.epochs:,}",
            "/early_stopping/patience",
        )
