"""Which engine trains what, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.domain.spec.engines import choose_engine, needs_no_rows
from service.domain.spec.training import NetworkSpec, OptimizerSpec, TrainingSpec

LINEAR = TrainingSpec(
    dataset="ds_1", model="m", target="y", loss="mse", optimizer=OptimizerSpec("sgd"), batch_size="full", epochs=100,
    engine="fused", device="cpu",
)  # fmt: skip


def spec(**changes: Any) -> TrainingSpec:
    return replace(LINEAR, engine="auto", **changes)


@pytest.mark.parametrize(
    ("changes", "engine", "why"),
    [
        ({}, "fused", "compiled"),
        ({"network": NetworkSpec("mlp", (128, 128)), "batch_size": 32}, "fused", "compiled"),
        ({"network": NetworkSpec("mlp", (16,), dropout=0.2)}, "autograd", "dropout"),
        ({"optimizer": OptimizerSpec("lbfgs")}, "autograd", "lbfgs"),
        ({"device": "gpu"}, "autograd", "CPUs"),
        ({"precision": "bf16"}, "autograd", "float32"),
        ({"network": NetworkSpec("mlp", (512, 512)), "batch_size": 1}, "autograd", "262,144 weights"),
        ({"network": NetworkSpec("mlp", (512, 512)), "batch_size": 32}, "fused", "compiled"),
    ],
)
def test_auto_is_fused_where_that_can_and_is_faster(changes: dict[str, Any], engine: str, why: str) -> None:
    chosen, reason = choose_engine(spec(**changes), 8)
    assert chosen == engine
    assert why in reason


@pytest.mark.parametrize("engine", ["fused", "autograd"])
def test_what_was_asked_for_is_taken(engine: str) -> None:
    assert choose_engine(replace(LINEAR, engine=engine), 8) == (engine, "as asked")


@pytest.mark.parametrize(
    ("changes", "needs_none"),
    [
        ({}, True),
        ({"optimizer": OptimizerSpec("sgd", momentum=0.9, nesterov=True, l2=0.1)}, True),
        ({"batch_size": 1000}, True),
        ({"batch_size": 999}, False),
        ({"optimizer": OptimizerSpec("sgd", l1=0.1)}, False),
        ({"optimizer": OptimizerSpec("sgd", clip_norm=1.0)}, False),
        ({"optimizer": OptimizerSpec("adam")}, False),
        ({"loss": "huber"}, False),
        ({"network": NetworkSpec("mlp", (4,))}, False),
        ({"engine": "autograd"}, False),
        ({"epochs": 3}, False),  # its matrix would cost more than three passes
    ],
)
def test_a_bowl_needs_no_rows(changes: dict[str, Any], needs_none: bool) -> None:
    assert needs_no_rows(replace(LINEAR, **changes), 1000, 8) is needs_none


def test_more_inputs_than_rows_make_no_bowl() -> None:
    assert not needs_no_rows(LINEAR, 5, 8)
