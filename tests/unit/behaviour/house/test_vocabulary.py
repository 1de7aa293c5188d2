"""Every word of the vocabularies has an implementation in every room that needs one, and no other word has."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import service
import workers
from service.domain.cells.columns import Columns
from service.domain.cells.table import Column, Table
from service.domain.descent.figures import PLACES, Figures
from service.domain.descent.rates import flatness, settle
from service.domain.model import network as numpy_network
from service.domain.model.network import Network, forward
from service.domain.model.promotion import LOWER_IS_BETTER, main_metric
from service.domain.spec.auto import choose
from service.domain.spec.schema import read_spec
from service.domain.spec.training import OptimizerSpec
from service.domain.vocabulary.activations import ACTIVATIONS
from service.domain.vocabulary.losses import LOSSES
from service.domain.vocabulary.missing import MISSING
from service.domain.vocabulary.optimizers import OPTIMIZERS
from service.domain.vocabulary.scalers import SCALERS
from service.domain.vocabulary.schedules import SCHEDULES
from service.domain.vocabulary.tasks import TASKS
from service.errors import SpecInvalid
from tests.unit.workers.training.running import spec_of
from workers.explain import effort
from workers.export import onnx_graph
from workers.export.standalone import predict
from workers.jobs.rival import OF_ERRORS
from workers.kernels.layers import ACTIVATION_CODES
from workers.kernels.layout import WITH_SLOPES
from workers.kernels.losses import LOSS_CODES, OF_TWO_CLASSES
from workers.kernels.optimizers import OPTIMIZER_CODES
from workers.kernels.optimizers import PLACES as MOMENTS
from workers.optimum.losses import PINBALLS, SMOOTH, loss_of
from workers.training.data.fit import FILLS, SCALINGS, fit
from workers.training.engines import networks
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.fused import FusedEngine
from workers.training.engines.objectives import ROW_LOSSES, in_user_units, row_loss
from workers.training.engines.steps import MOVES
from workers.training.problem import Data, Engine, Problem, State
from workers.training.schedules import FACTORS, RateFactors

FIELDS: dict[str, tuple[Mapping[str, Any], Callable[[str], dict[str, Any]]]] = {
    "optimizer": (OPTIMIZERS, lambda name: {"optimizer": {"kind": name}}),
    "loss": (LOSSES, lambda name: {"loss": name}),
    "activation": (ACTIVATIONS, lambda name: {"network": {"activation": name}}),
    "scaler": (SCALERS, lambda name: {"scaler": name}),
    "schedule": (SCHEDULES, lambda name: {"schedule": name}),
    "missing": (MISSING, lambda name: {"missing": name}),
    "task": (TASKS, lambda name: {"task": name}),
}
BY_HAND = [name for name, one in OPTIMIZERS.items() if not one.is_quasi_newton]
FUSED = [name for name, one in OPTIMIZERS.items() if one.is_fused]
TABLES: dict[str, tuple[Collection[str], Collection[str]]] = {
    "optimizers of torch": (MOVES, BY_HAND),
    "optimizers of the kernels": (OPTIMIZER_CODES, FUSED),
    "moments of the kernels": (MOMENTS, {moment for name in FUSED for moment in OPTIMIZERS[name].moments}),
    "losses of torch": (ROW_LOSSES, LOSSES),
    "losses of the kernels": (LOSS_CODES, LOSSES),
    "losses of two classes": (OF_TWO_CLASSES, [name for name, one in LOSSES.items() if one.is_for_classes]),
    "smooth losses of the solvers": (SMOOTH, [name for name, one in LOSSES.items() if one.is_smooth]),
    "other losses of the solvers": (PINBALLS, [name for name, one in LOSSES.items() if not one.is_smooth]),
    "metrics of numbers": (OF_ERRORS, {one.metric for one in LOSSES.values() if not one.is_for_classes}),
    "activations of numpy": (numpy_network.ACTIVATIONS, ACTIVATIONS),
    "activations of torch": (networks.ACTIVATIONS, ACTIVATIONS),
    "activations of the kernels": (ACTIVATION_CODES, ACTIVATIONS),
    "activations of ONNX": (onnx_graph.ACTIVATIONS, ACTIVATIONS),
    "activations of predict.py": (predict.ACTIVATIONS, ACTIVATIONS),
    "efforts of activations": (effort.ACTIVATION, ACTIVATIONS),
    "scalers of the training rows": (SCALINGS, SCALERS),
    "scalers of a profile": (PLACES, SCALERS),
    "schedules": (FACTORS, SCHEDULES),
    "policies that fill": (FILLS, [name for name, one in MISSING.items() if one.fills]),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_the_words_of_its_vocabulary_and_no_others(table: str) -> None:
    there, wanted = TABLES[table]
    assert set(there) == set(wanted)


def test_the_facts_of_the_records_agree() -> None:
    assert all(bool(one.rates) != (one.is_gradient_descent or one.is_quasi_newton) for one in OPTIMIZERS.values())
    assert {one.metric for one in LOSSES.values()} <= set(LOWER_IS_BETTER)
    assert all(LOSSES[task.loss].is_for_classes != task.is_regression for task in TASKS.values())
    assert all((one.curvature is None) == (one.curvature_of_all is None) for one in LOSSES.values())
    assert set(WITH_SLOPES) | set(numpy_network.IN_PLACE) <= set(ACTIVATIONS)
    assert all(sum((one.fills, one.drops, one.refuses)) == 1 for one in MISSING.values())


@pytest.mark.parametrize("field", FIELDS)
def test_a_spec_takes_every_word_and_lists_them_when_it_takes_none(field: str) -> None:
    words, spec = FIELDS[field]
    body = {"dataset": "ds_1", "model": "m", "target": "y"}
    for word in words:
        read_spec({**body, **spec(word)})
    with pytest.raises(SpecInvalid) as refused:
        read_spec({**body, **spec("nothing")})
    choices = refused.value.errors[0].detail.rpartition(": ")[2].split(", ")
    assert [choice for choice in choices if choice != "auto"] == list(words)


def rows_for(loss: str) -> Data:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(40, 3)).astype(np.float32)
    if LOSSES[loss].is_for_classes:
        return Data(inputs, generator.integers(0, 2, 40))
    return Data(inputs, (inputs.sum(axis=1, keepdims=True) * 3).astype(np.float32))


def trained(problem: Problem, kind: type[FusedEngine | AutogradEngine]) -> bytes:
    engine: Engine = kind(problem, {"train": rows_for(problem.loss)})
    state = State.start(problem)
    for epoch in (1, 2, 3):
        engine.epoch(state, epoch, np.arange(40), 40, 0.01, lambda: None)
    return state.parameters.tobytes()


@pytest.mark.parametrize("kind", [FusedEngine, AutogradEngine])
def test_no_two_words_train_alike(kind: type[FusedEngine | AutogradEngine]) -> None:
    """Two that do are one implementation under two names: what a forgotten branch looks like."""
    start = Problem(Network((3, 4, 1), "tanh"), "mse", "sgd", l2=0.1, quantile=0.3, seed=1)
    optimizers = FUSED if kind is FusedEngine else OPTIMIZERS
    problems = {
        **{f"optimizer {name}": replace(start, optimizer=name) for name in optimizers if name != start.optimizer},
        **{f"loss {name}": replace(start, loss=name) for name in LOSSES if name != start.loss},
        **{f"activation {name}": replace(start, network=Network((3, 4, 1), name)) for name in ACTIVATIONS},
    }
    ends: dict[bytes, str] = {State.start(start).parameters.tobytes(): "no training at all"}
    for name, problem in problems.items():
        end = trained(problem, kind)
        assert end not in ends, f"{name} trains as {ends[end]}"
        ends[end] = name


COLUMNS = Columns({"a": np.array([1.0, 2.0])}, 2)
COLUMN = Column("a", "numeric", 0, 2)
NOTHING: dict[str, Callable[[], Any]] = {
    "state": lambda: State.start(Problem(Network((3, 1)), "mse", "nothing")),
    "torch's optimizer": lambda: trained(Problem(Network((3, 1)), "mse", "nothing"), AutogradEngine),
    "torch's loss": lambda: row_loss("nothing", 0.5),
    "torch's activation": lambda: trained(Problem(Network((3, 2, 1), "nothing"), "mse", "sgd"), AutogradEngine),
    "the kernels' activation": lambda: trained(Problem(Network((3, 2, 1), "nothing"), "mse", "sgd"), FusedEngine),
    "the kernels' loss": lambda: FusedEngine(Problem(Network((3, 1)), "nothing", "sgd"), {"train": rows_for("mse")}),
    "numpy's activation": lambda: forward(Network((1, 1, 1), "nothing"), np.ones(4, np.float32), np.ones((1, 1), "f4")),
    "the solvers' loss": lambda: loss_of("nothing", 0.5),
    "a loss's units": lambda: in_user_units("nothing", 1.0, 2.0),
    "a loss's curvature": lambda: flatness("nothing"),
    "a loss's metric": lambda: main_metric("regression", "nothing"),
    "a task's metric": lambda: main_metric("nothing", "auto"),
    "an optimizer's rate": lambda: settle(spec_of(optimizer=OptimizerSpec("nothing")), None, 10),
    "auto's optimizer": lambda: choose(spec_of(batch_size="auto", optimizer=OptimizerSpec("nothing")), 10, 1, []),
    "auto's schedule": lambda: choose(
        spec_of(loss="huber", schedule="nothing", early_stopping="auto", batch_size=8), 10, 1, []
    ),
    "a schedule": lambda: RateFactors(spec_of(schedule="nothing", epochs=3), []),
    "a scaler": lambda: fit(lambda: iter([COLUMNS]), {"a": "numeric"}, "mean", "nothing", 10),
    "a policy": lambda: fit(lambda: iter([COLUMNS]), {"a": "numeric"}, "nothing", "none", 10),
    "a profile's scaler": lambda: Figures(Table(2, (COLUMN,)), {}).placing(COLUMN, "nothing"),
}


@pytest.mark.parametrize("where", NOTHING)
def test_an_unknown_name_raises_everywhere(where: str) -> None:
    with pytest.raises(KeyError, match="nothing"):
        NOTHING[where]()


def test_a_number_that_no_kernel_knows_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    for table, key in ((OPTIMIZER_CODES, "sgd"), (LOSS_CODES, "mse"), (ACTIVATION_CODES, "relu")):
        with monkeypatch.context() as patched:
            patched.setitem(table, key, 99)  # type: ignore[call-overload]
            with pytest.raises(ValueError, match="no such"):
                trained(Problem(Network((3, 2, 1), "relu"), "mse", "sgd"), FusedEngine)


ORDINARY = {"none", "constant", "step", "mean", "median", "drop", "error", "identity", "standard"}
"""Words that mean other things elsewhere."""


def test_no_code_compares_the_names() -> None:
    """It asks the records: a new word then needs no look at what compares it."""
    words = {word for records, _ in FIELDS.values() for word in records} - ORDINARY
    found = []
    for package in (service, workers):
        for file in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Compare):
                    sides = [side for part in (node.left, *node.comparators) for side in getattr(part, "elts", [part])]
                    literals = {side.value for side in sides if isinstance(side, ast.Constant)}
                    found += [f"{file.name}:{node.lineno}: {ast.unparse(node)}"] if words & literals else []
    assert found == []
