"""A training spec: every field is read, checked, pointed at when wrong, and written back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.domain.spec.schema import read_spec
from service.domain.spec.training import EarlyStopping, NetworkSpec, TrainingSpec
from service.errors import SpecInvalid

LEAST = {"dataset": "ds_1", "model": "m", "target": "y"}
FULL = {
    **LEAST,
    "features": ["a", "b"],
    "exclude": ["c"],
    "task": "regression",
    "split": {"validation": 0.3, "test": 0.1, "validation_dataset": None, "order_by": "sold"},
    "network": {"kind": "mlp", "hidden": [8, 4], "activation": "tanh", "bias": False, "dropout": 0.5},
    "members": 3,
    "scaler": "robust",
    "numeric_bins": 16,
    "scaling_layer": True,
    "scale_target": False,
    "clip_predictions": True,
    "missing": "median",
    "loss": "quantile",
    "quantile": 0.9,
    "label_smoothing": 0.1,
    "optimizer": {
        "kind": "sgd",
        "learning_rate": 0.5,
        "momentum": 0.9,
        "nesterov": True,
        "beta1": 0.9,
        "beta2": 0.999,
        "clip_norm": 2.0,
        "l1": 0.1,
        "l2": 0.2,
    },
    "schedule": "plateau",
    "warmup_epochs": 1,
    "batch_size": 7,
    "epochs": 3,
    "early_stopping": {"patience": 2, "min_delta": 0.5},
    "class_weights": {"a": 2.0},
    "weight_column": "w",
    "seed": 12,
    "device": "cpu",
    "engine": "autograd",
    "precision": "bf16",
    "budget_seconds": 60.0,
    "effort": "quick",
    "refit": "always",
    "promote": "if_better",
    "metadata": {"mine": [1, {"deep": None}]},
    "kind": "train",
}


def put(pointer: str, value: Any) -> dict[str, Any]:
    """The least spec, with one more field."""
    body = json.loads(json.dumps(LEAST))
    *path, last = pointer.split("/")[1:]
    place = body
    for step in path:
        place = place.setdefault(step, {"kind": "mlp"} if step == "network" else {})
    place[last] = value
    return body


def pointers(body: Any) -> list[str]:
    with pytest.raises(SpecInvalid) as raised:
        read_spec(body)
    return [error.pointer for error in raised.value.errors]


def test_what_an_older_spec_lacks_is_at_its_default() -> None:
    stored = read_spec(LEAST).to_json()
    del stored["precision"], stored["optimizer"]["clip_norm"]
    assert TrainingSpec.from_json(stored) == read_spec(LEAST)


def test_a_full_spec_comes_back_as_it_was_given() -> None:
    spec = read_spec(FULL)
    stored = json.loads(json.dumps(spec.to_json()))
    assert stored == FULL
    assert TrainingSpec.from_json(stored) == spec


def test_the_least_spec_gets_the_defaults() -> None:
    spec = read_spec(LEAST)
    assert (spec.split.validation, spec.split.test) == (0.2, 0.0)
    assert spec.network == NetworkSpec("linear", None, "relu", True, 0.0)
    assert (spec.missing, spec.epochs, spec.seed, spec.optimizer.beta2) == ("mean", "auto", 0, "auto")
    assert spec.scaler == "standard"
    for name in (
        "members",
        "numeric_bins",
        "scaling_layer",
        "task",
        "scale_target",
        "loss",
        "schedule",
        "batch_size",
        "early_stopping",
        "device",
        "engine",
    ):
        assert getattr(spec, name) == "auto"
    stored = json.loads(json.dumps(spec.to_json()))
    assert read_spec(stored) == TrainingSpec.from_json(stored) == spec


@pytest.mark.parametrize("value", ["auto", None, {"patience": 3, "min_delta": 0.1}])
def test_early_stopping_is_auto_off_or_as_given(value: Any) -> None:
    read = read_spec({**LEAST, "early_stopping": value}).early_stopping
    assert read == (EarlyStopping(3, 0.1) if isinstance(value, dict) else value)


def test_another_dataset_validates_without_a_share_of_the_first() -> None:
    for split in ({"validation_dataset": "ds_2"}, {"validation_dataset": "ds_2", "validation": 0}):
        read = read_spec({**LEAST, "split": split}).split
        assert (read.validation, read.validation_dataset, read.validates) == (0.0, "ds_2", True)


@pytest.mark.parametrize("name", ["dataset", "model", "target"])
def test_what_is_required_must_be_there(name: str) -> None:
    assert pointers({key: value for key, value in LEAST.items() if key != name}) == [f"/{name}"]


@pytest.mark.parametrize(
    "pointer",
    ["/leanring_rate", "/split/train", "/network/layers", "/optimizer/lr", "/early_stopping/epochs", "/a~1b", "/x~0y"],
)
def test_an_unknown_field_is_pointed_at(pointer: str) -> None:
    *path, last = pointer.split("/")[1:]
    name = last.replace("~1", "/").replace("~0", "~")
    body: dict[str, Any] = {**LEAST, **({path[0]: {name: 1}} if path else {name: 1})}
    assert pointers(body) == [pointer]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/dataset", ""), ("/dataset", 5), ("/dataset", "a b"), ("/dataset", "ds_1\n"), ("/dataset", None),
        ("/model", ""), ("/model", "House"), ("/model", "a b"), ("/model", "-a"), ("/model", "x" * 101),
        ("/model", "a\n"), ("/model", "a@b"), ("/model", "a:b"), ("/model", "a/b"),
        ("/target", ""), ("/target", None), ("/target", 3),
        ("/features", []), ("/features", "a"), ("/features/1", ["a", 2]),
        ("/exclude", "a"), ("/exclude/0", [None]),
        ("/task", "clustering"), ("/task", None),
        ("/split", 5), ("/split/validation", -0.1), ("/split/validation", 1), ("/split/test", "x"),
        ("/network", "mlp"), ("/network/kind", "cnn"), ("/network/hidden", []), ("/network/hidden", 16),
        ("/network/hidden/0", [0]), ("/network/hidden/1", [4, 1_000_000]), ("/network/hidden/0", [1.5]),
        ("/network/hidden/0", ["16"]), ("/network/hidden", [1] * 33), ("/network/activation", "softplus"),
        ("/network/bias", "yes"), ("/network/bias", 1.5), ("/network/dropout", 1.0), ("/network/dropout", -0.1),
        ("/numeric_bins", 65), ("/numeric_bins", -1), ("/numeric_bins", 1.5), ("/numeric_bins", None),
        ("/scaling_layer", "learned"), ("/scaling_layer", 1.5), ("/scaling_layer", None),
        ("/scaler", "quantile"), ("/scale_target", "maybe"), ("/scale_target", 3), ("/missing", "zero"),
        ("/clip_predictions", "yes"), ("/clip_predictions", 1.5),
        ("/loss", "hinge"), ("/label_smoothing", 1), ("/label_smoothing", -0.1), ("/label_smoothing", "some"),
        ("/optimizer/kind", "adagrad"), ("/optimizer/learning_rate", 0), ("/optimizer/learning_rate", -1),
        ("/optimizer/learning_rate", "fast"), ("/optimizer/learning_rate", None), ("/optimizer/l1", -1),
        ("/optimizer/beta1", 1.0), ("/optimizer/beta2", -0.1), ("/optimizer/beta2", "low"),
        ("/optimizer/l2", 1e9), ("/optimizer/momentum", 1.0), ("/optimizer/momentum", -0.5),
        ("/schedule", "cyclic"), ("/batch_size", 0), ("/batch_size", -1), ("/batch_size", "half"),
        ("/batch_size", 1.5), ("/epochs", 0), ("/epochs", 1.5), ("/epochs", "10"), ("/epochs", 10**7),
        ("/early_stopping/patience", 0), ("/early_stopping/min_delta", -1), ("/early_stopping", "never"),
        ("/seed", -1), ("/seed", 2**60), ("/seed", 1.5), ("/device", "tpu"), ("/engine", "jax"), ("/precision", "fp8"),
        ("/budget_seconds", 0), ("/metadata", []),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_pointed_at(pointer: str, value: Any) -> None:
    place = pointer.rsplit("/", 1)[0] if pointer.rsplit("/", 1)[1].isdigit() else pointer
    assert pointers(put(place, value)) == [pointer]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(value: float) -> None:
    assert pointers(put("/optimizer/learning_rate", value)) == ["/optimizer/learning_rate"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"split": {"validation": 0.6, "test": 0.4}}, "/split"),
        ({"split": {"validation": 0.2, "validation_dataset": "ds_2"}}, "/split/validation_dataset"),
        ({"network": {"kind": "linear", "hidden": [4]}}, "/network/hidden"),
        ({"network": {"kind": "linear", "dropout": 0.5}}, "/network/dropout"),
        ({"optimizer": {"kind": "adam", "momentum": 0.9}}, "/optimizer/momentum"),
        ({"optimizer": {"kind": "sgd", "beta1": 0.8}}, "/optimizer/beta1"),
        ({"optimizer": {"kind": "rmsprop", "beta2": 0.95}}, "/optimizer/beta2"),
        ({"optimizer": {"beta2": 0.95}}, "/optimizer/beta2"),
    ],
)
def test_choices_that_contradict_each_other_are_pointed_at(body: dict[str, Any], pointer: str) -> None:
    assert pointers({**LEAST, **body}) == [pointer]


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_betas_are_for_adam_and_what_refuses_them_says_so(kind: str) -> None:
    betas = {"beta1": 0.8, "beta2": 0.95}
    read = read_spec({**LEAST, "optimizer": {"kind": kind, **betas}}).optimizer
    assert (read.beta1, read.beta2) == (0.8, 0.95)
    with pytest.raises(SpecInvalid) as refused:
        read_spec({**LEAST, "optimizer": {"kind": "lbfgs", **betas}})
    assert [error.detail for error in refused.value.errors] == ['applies only to "kind": "adam" or "adamw"']


def test_a_stored_spec_of_before_has_the_defaults_of_what_it_lacks() -> None:
    stored = read_spec(LEAST).to_json()
    for name in ("beta1", "beta2"):
        del stored["optimizer"][name]
    for name in ("label_smoothing", "clip_predictions", "numeric_bins", "scaling_layer"):
        del stored[name]
    before = replace(read_spec(LEAST), numeric_bins=0, scaling_layer=False)
    assert TrainingSpec.from_json(stored) == replace(before, optimizer=replace(before.optimizer, beta2=0.999))


def test_everything_wrong_is_told_at_once() -> None:
    body = {"dataset": "ds_1", "epochs": 0, "split": {"validation": 7}, "network": {"hidden": [0]}}
    assert sorted(pointers(body)) == ["/epochs", "/model", "/network/hidden/0", "/split/validation", "/target"]


@pytest.mark.parametrize("body", [[], "x", None, 3])
def test_what_is_no_object_is_refused(body: Any) -> None:
    assert pointers(body) == [""]


def test_several_targets_are_a_list_of_different_columns() -> None:
    spec = read_spec({**LEAST, "target": ["y", "z"]})
    assert (spec.target, spec.targets) == (("y", "z"), ("y", "z"))
    stored = json.loads(json.dumps(spec.to_json()))
    assert read_spec(stored) == TrainingSpec.from_json(stored) == spec
    assert read_spec(LEAST).targets == ("y",)


@pytest.mark.parametrize(
    ("target", "pointer"),
    [
        ([], "/target"), (["y"], "/target"), ([f"y{number}" for number in range(101)], "/target"),
        (["y", "z", "y"], "/target/2"), (["y", 3], "/target/1"), (["", "y"], "/target/0"), ({"y": 1}, "/target"),
    ],
)  # fmt: skip
def test_a_list_that_names_no_targets_is_pointed_at(target: Any, pointer: str) -> None:
    assert pointers({**LEAST, "target": target}) == [pointer]
