"""Two versions side by side: what differs, and a sentence that is true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.domain.model.version_comparison import Compared, compare, differences, judge

SPEC: dict[str, Any] = {"dataset": "ds_1", "loss": "mse", "seed": 0, "missing": "mean", "features": ["a"],
                        "split": {"validation": 0.2, "validation_dataset": None}, "optimizer": {"kind": "sgd"},
                        "metadata": {}}  # fmt: skip
LINEAGE = {"dataset_sha256": "d" * 64, "validation_dataset_sha256": None, "split_sha256": "5" * 64, "engine": "fused"}


def version(number: int, mse: float, **changes: Any) -> Compared:
    metrics = {"train": {"mse": mse / 2, "r2": 0.5}, "validation": {"mse": mse, "r2": 1 - mse / 10}, "test": {}}
    made = Compared(number, "regression", "y", SPEC, metrics, {"train": 160, "validation": 40, "test": 0}, LINEAGE)
    return replace(made, **changes)


def test_only_what_differs_is_told_by_its_pointer() -> None:
    a = {"same": 1, "inner": {"x": [1, 2], "y": 1}, "a/b~": 1, "gone": None, "flag": 1}
    b = {"same": 1, "inner": {"x": [1, 3], "y": 1}, "a/b~": 2, "new": 0, "flag": True}
    assert list(differences(a, b)) == [
        {"pointer": "/a~1b~0", "a": 1, "b": 2},
        {"pointer": "/flag", "a": 1, "b": True},
        {"pointer": "/gone", "a": None},
        {"pointer": "/inner/x", "a": [1, 2], "b": [1, 3]},
        {"pointer": "/new", "b": 0},
    ]


def test_the_lower_error_on_the_same_rows_is_better() -> None:
    found = compare(version(1, 4.0), version(2, 3.0))
    assert (found["better"], found["metric"], found["split"], found["same_rows"]) == ("b", "mse", "validation", True)
    assert found["sentence"] == (
        "Version 2 is better: on the same 40 validation rows its mse is 3, and that of version 1 is 4, which is 33.3 % "
        "more."
    )
    other = compare(version(2, 3.0), version(1, 4.0))
    assert (other["better"], other["sentence"]) == ("a", found["sentence"])
    assert compare(version(1, 9.0), version(2, 3.0))["sentence"].endswith("is 9, which is 3 times as much.")
    by_name = {(it["split"], it["metric"]): it for it in found["metrics"]}
    assert set(by_name) == {("train", "mse"), ("train", "r2"), ("validation", "mse"), ("validation", "r2")}
    assert by_name["validation", "mse"]["difference"] == -1.0
    assert by_name["validation", "mse"]["better"] == by_name["validation", "r2"]["better"] == "b"
    assert (by_name["train", "r2"]["better"], by_name["train", "r2"]["lower_is_better"]) == (None, False)


def test_figures_that_are_close_are_told_in_as_many_digits_as_tell_them_apart() -> None:
    sentence = judge(version(1, 0.12345678), version(2, 0.12345699)).sentence
    assert "0.12345678" in sentence
    assert "0.12345699" in sentence


def test_equal_figures_make_neither_better() -> None:
    found = judge(version(1, 4.0), version(2, 4.0))
    assert (found.better, found.metric) == (None, "mse")
    assert (
        found.sentence
        == "Versions 1 and 2 are as good as each other: both have a mse of 4 on the same 40 validation rows."
    )


def test_a_version_beside_itself_is_nothing_to_compare() -> None:
    found = compare(version(1, 4.0), version(1, 4.0))
    assert (found["better"], found["spec"], found["lineage"]) == (None, [], [])
    assert found["sentence"] == "Both are version 1: there is nothing to compare."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"target": "z"}, "they predict different columns, 'y' and 'z'"),
        ({"target": ["y", "z"]}, "'y' and 'y', 'z'"),
        ({"task": "binary"}, "different tasks, regression and binary"),
        ({"spec": {**SPEC, "loss": "mae"}}, "mse and mae"),
        ({"lineage": {**LINEAGE, "split_sha256": "6" * 64}}, "different rows of the same dataset"),
        ({"spec": {**SPEC, "dataset": "ds_2"}}, "rows of different datasets"),
        ({"lineage": {}}, "does not say on which rows"),
        ({"spec": {**SPEC, "split": {"validation_dataset": "ds_9"}}}, "rows of different datasets"),
    ],
)
def test_what_cannot_be_said_is_not_said(changes: dict[str, Any], why: str) -> None:
    found = compare(version(1, 4.0), version(2, 3.0, **changes))
    assert (found["better"], found["metric"]) == (None, None)
    assert found["sentence"].startswith("Whether version 1 or version 2 is better cannot be said: ")
    assert why in found["sentence"]


def test_rows_of_a_common_dataset_are_the_same_whatever_was_trained_on() -> None:
    spec = {**SPEC, "split": {"validation": 0.0, "validation_dataset": "ds_9"}}
    other = {**spec, "dataset": "ds_2", "seed": 4}
    lineage = {**LINEAGE, "split_sha256": "6" * 64}
    assert compare(version(1, 4.0, spec=spec), version(2, 3.0, spec=other, lineage=lineage))["better"] == "b"
    dropping = {**other, "missing": "drop"}
    found = compare(version(1, 4.0, spec=spec), version(2, 3.0, spec=dropping, lineage=lineage))
    assert found["same_rows"] is False
    assert "dropped different rows" in found["sentence"]


def test_test_rows_judge_where_none_validate_and_training_rows_never_do() -> None:
    def judged(number: int, mse: float, split: str) -> Compared:
        return version(number, mse, metrics={"train": {"mse": mse}, split: {"mse": mse}}, rows={split: 12})

    found = judge(judged(1, 4.0, "test"), judged(2, 3.0, "test"))
    assert (found.better, found.split) == ("b", "test")
    assert "12 test rows" in found.sentence
    found = judge(judged(1, 4.0, "train"), judged(2, 3.0, "train"))
    assert found.better is None
    assert "no held-out rows" in found.sentence


def test_classes_are_judged_by_their_log_loss() -> None:
    def judged(number: int, log_loss: float, accuracy: float) -> Compared:
        metrics = {"validation": {"log_loss": log_loss, "accuracy": accuracy, "confusion": [[1]], "roc_auc": None}}
        return version(number, 1.0, task="binary", metrics=metrics, spec={**SPEC, "loss": "cross_entropy"})

    found = compare(judged(1, 0.3, 0.9), judged(2, 0.4, 0.95))
    assert (found["better"], found["metric"]) == ("a", "log_loss")
    by_name = {it["metric"]: it for it in found["metrics"]}
    assert set(by_name) == {"log_loss", "accuracy", "roc_auc"}
    assert (by_name["accuracy"]["better"], by_name["roc_auc"]["better"]) == ("b", None)


def test_several_targets_have_figures_of_each() -> None:
    def judged(number: int, each: dict[str, float]) -> Compared:
        by_target = {name: {"mse": mse} for name, mse in each.items()}
        metrics = {"validation": {"mse": sum(each.values()) / 2, "by_target": by_target}}
        return version(number, 1.0, target=["y", "z"], metrics=metrics)

    found = compare(judged(1, {"y": 1.0, "z": 5.0}), judged(2, {"y": 2.0, "z": 2.0}))
    assert [(it["target"], it["a"], it["b"], it["better"]) for it in found["metrics"]] == [
        (None, 3.0, 2.0, "b"),
        ("y", 1.0, 2.0, "a"),
        ("z", 5.0, 2.0, "b"),
    ]
    assert found["better"] == "b"
