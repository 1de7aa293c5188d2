"""Warnings about the network beside the number of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from service.domain.preflight.plan import Plan
from service.domain.report.warned import Warned
from service.domain.vocabulary.activations import ACTIVATIONS
from service.domain.vocabulary.tasks import TASKS

FEW_FOR_A_NETWORK = 100
FEW_TO_JUDGE_BY = 30


def shape_warnings(plan: Plan) -> Iterator[Warned]:
    yield from collapse_warnings(plan)
    yield from _parameters(plan)
    yield from _judging(plan)


def collapse_warnings(plan: Plan) -> Iterator[Warned]:
    """Without a curve between them matrices multiply, and a product has at most the rank of the narrowest."""
    hidden = plan.spec.network.hidden
    activation = ACTIVATIONS[plan.spec.network.activation]
    if not hidden or not activation.is_linear:
        return
    layers = f"layers 1 to {len(hidden)} (of {', '.join(map(str, hidden))})" if len(hidden) > 1 else (
        f"layer 1 (of {hidden[0]})"
    )  # fmt: skip
    rank = min(plan.network.sizes)
    yield Warned(
        "layers_collapse",
        f"hidden {layers} with the activation {activation.name!r} and the output layer after them are one linear layer "
        f"of rank at most {rank}, the narrowest width of {' → '.join(map(str, plan.network.sizes))}: choose another "
        f'activation, or "kind": "linear"{_without_bins(plan)}',
        "/network/activation",
    )


def _parameters(plan: Plan) -> Iterator[Warned]:
    weights, rows = plan.network.alone.n_parameters, plan.rows.train
    is_network = plan.spec.network.kind == "mlp"
    if weights > rows:
        subject = "each member" if plan.network.members > 1 else "the model"
        mend = "fewer or smaller hidden layers" if is_network else "fewer features"
        yield Warned(
            "more_parameters_than_rows",
            f"{subject} has about {weights:,} weights and biases for {rows:,} training rows: it can fit them exactly "
            f'without learning anything general; use {mend}, or a penalty ("l2")',
            "/network/hidden" if is_network else "/features",
        )
    if is_network and not ACTIVATIONS[plan.spec.network.activation].is_linear and rows < FEW_FOR_A_NETWORK:
        yield Warned(
            "few_rows_for_network",
            f'{rows} training rows rarely support more than a linear neuron; train "kind": "linear"'
            f"{_without_bins(plan)} as well and compare",
            "/network/kind",
        )


def _without_bins(plan: Plan) -> str:
    return ' with "numeric_bins": 0' if plan.spec.numeric_bins else ""


def _judging(plan: Plan) -> Iterator[Warned]:
    """The standard error of a mean squared error of n normal residuals is √(2/n) of it; of an accuracy √(p(1-p)/n)."""
    split, held_out = plan.spec.split, plan.rows.validation + plan.rows.test
    if split.validation_dataset is not None:
        return
    if not held_out:
        yield Warned(
            "validation_none",
            "no rows are held out, so nothing shows how good the model is on new rows; use "
            '"split": {"validation": 0.2}',
            "/split/validation",
        )
    elif max(plan.rows.validation, plan.rows.test) < FEW_TO_JUDGE_BY:
        most = max(plan.rows.validation, plan.rows.test)
        if TASKS[plan.spec.task].is_regression:
            how = f"an mse is then accurate to about ±{math.sqrt(2 / most):.0%} (one standard error)"
        else:
            how = f"an accuracy near 80 % is then accurate to about ±{math.sqrt(0.16 / most):.0%} (one standard error)"
        yield Warned(
            "validation_small",
            f"only {most} rows evaluate the model: {how}, so small differences between models mean nothing; hold out "
            "a larger share, or add rows",
            "/split/validation",
        )
