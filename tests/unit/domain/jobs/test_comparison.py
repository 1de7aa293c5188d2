"""The spec of a comparison: read, checked against a table, pointed at where it is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.domain.cells.table import Column, Table
from service.domain.jobs.comparison import ComparisonSpec, resolve_comparison
from service.domain.jobs.comparison_schema import read_comparison
from service.domain.jobs.job_spec import read_job_spec
from service.domain.resolving.limits import Limits
from service.domain.spec.training import NetworkSpec, TrainingSpec
from service.errors import SpecInvalid

LEAST = {"kind": "descent-comparison", "dataset": "ds_1", "target": "y"}
FULL = {
    **LEAST,
    "features": ["a"],
    "exclude": ["b"],
    "task": "regression",
    "network": {"kind": "mlp", "hidden": [8], "activation": "tanh", "bias": False, "dropout": 0.0},
    "missing": "drop",
    "loss": "huber",
    "learning_rate": 0.5,
    "batch_size": 7,
    "epochs": 3,
    "tolerance": 0.1,
    "seed": 12,
    "metadata": {"mine": [1]},
}
LIMITS = Limits(max_parameters=1000, max_classes=100, max_categories=50)


def table(rows: int = 100) -> Table:
    columns = (
        Column("a", "numeric", 0, rows),
        Column("b", "numeric", 0, rows),
        Column("y", "numeric", 10, rows - 10, 0.5, 9.5),
        Column("note", "text", 0, rows),
    )
    return Table(rows, columns)


def pointers(body: Any) -> list[str]:
    with pytest.raises(SpecInvalid) as raised:
        resolve_comparison(read_comparison(body), table(), LIMITS)
    return [error.pointer for error in raised.value.errors]


def test_a_full_spec_comes_back_as_it_was_given() -> None:
    assert json.loads(json.dumps(read_comparison(FULL).to_json())) == FULL


def test_three_fields_are_enough() -> None:
    spec = read_comparison(LEAST)
    assert (spec.tolerance, spec.epochs, spec.batch_size, spec.learning_rate, spec.seed) == (
        0.01,
        50,
        "auto",
        "auto",
        0,
    )
    assert spec.network == NetworkSpec()
    resolved = resolve_comparison(spec, table(), LIMITS)
    assert (resolved.spec.features, resolved.spec.task, resolved.spec.loss) == (("a", "b"), "regression", "mse")
    assert read_comparison(json.loads(json.dumps(resolved.spec.to_json()))) == resolved.spec


@pytest.mark.parametrize(("rows", "size"), [(138, 32), (100, 22), (14, 2)])  # 10 rows have no target
def test_mini_batches_leave_an_epoch_of_several_steps(rows: int, size: int) -> None:
    resolved = resolve_comparison(read_comparison(LEAST), table(rows), LIMITS)
    assert resolved.spec.batch_size == size
    assert any("mini-batch size" in note for note in resolved.notes) == (size != 32)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"dataset": None}, "/dataset"),
        ({"target": "nope"}, "/target"),
        ({"target": "note"}, "/target"),
        ({"features": ["a", "nope"]}, "/features/1"),
        ({"exclude": ["nope"]}, "/exclude/0"),
        ({"task": "binary"}, "/task"),
        ({"loss": "cross_entropy"}, "/loss"),
        ({"loss": "quantile"}, "/loss"),
        ({"network": {"kind": "mlp", "hidden": [0]}}, "/network/hidden/0"),
        ({"network": {"kind": "mlp", "hidden": [1000]}}, "/network/hidden"),
        ({"network": {"kind": "mlp", "dropout": 0.5}}, "/network/dropout"),
        ({"batch_size": 1}, "/batch_size"),
        ({"batch_size": 90}, "/batch_size"),
        ({"batch_size": "full"}, "/batch_size"),
        ({"epochs": 0}, "/epochs"),
        ({"epochs": 10_001}, "/epochs"),
        ({"tolerance": 0}, "/tolerance"),
        ({"tolerance": 1}, "/tolerance"),
        ({"learning_rate": 0}, "/learning_rate"),
        ({"model": "m"}, "/model"),
        ({"scaler": "none"}, "/scaler"),
    ],
)
def test_what_cannot_be_compared_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    assert pointers({**LEAST, **change}) == [pointer]


def test_the_kind_says_how_a_body_is_read() -> None:
    training = {"dataset": "ds_1", "model": "m", "target": "y"}
    assert isinstance(read_job_spec(LEAST), ComparisonSpec)
    assert isinstance(read_job_spec(training), TrainingSpec)
    assert read_job_spec({**training, "kind": "train"}) == read_job_spec(training)


@pytest.mark.parametrize("kind", ["predict", "", None, 3, ["train"], {}])
def test_another_kind_is_refused(kind: Any) -> None:
    with pytest.raises(SpecInvalid, match="train, descent-comparison") as raised:
        read_job_spec({**LEAST, "kind": kind})
    assert [error.pointer for error in raised.value.errors] == ["/kind"]
