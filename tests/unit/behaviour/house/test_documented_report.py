"""The document describes reports as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from service.api.app import bare_app
from service.domain.spec.training import OptimizerSpec, Split
from tests.unit.workers.explain.reports import mixed, trained
from tests.unit.workers.explain.test_weights import columns, reported


def strict(node: Any) -> Any:
    """The document with no room for what it does not name."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {"additionalProperties": False} if "properties" in node and node.get("type") == "object" else {}
    return {**{key: strict(value) for key, value in node.items()}, **closed}


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("held_out", [0.3, 0.0])
def test_a_report_is_as_the_document_says_and_says_no_more(task: str, held_out: float, tmp_path: Path) -> None:
    cells, kinds = mixed(120, task)
    _, report = trained(tmp_path, cells, kinds, target="price", task=task, split=Split(held_out, 0.0))
    _is_as_the_document_says(report)


@pytest.mark.parametrize("held_out", [0.3, 0.0])
def test_a_report_of_several_targets_is_as_the_document_says(held_out: float, tmp_path: Path) -> None:
    cells, kinds = mixed(120, "regression")
    cells["half"], kinds["half"] = [value / 2 for value in cells["price"]], "numeric"
    _, report = trained(tmp_path, cells, kinds, target=("price", "half"), split=Split(held_out, 0.0))
    assert set(report["by_target"]) == {"price", "half"}
    _is_as_the_document_says(report)


@pytest.mark.parametrize("loss", ["mse", "huber", "mae", "quantile", "cross_entropy"])
def test_a_certificate_is_as_the_document_says(loss: str, tmp_path: Path) -> None:
    X = columns()
    y = np.where(X[:, 0] + np.sin(X[:, 1]) > 5, "high", "low") if loss == "cross_entropy" else X[:, 0] + np.sin(X[:, 1])
    task = "binary" if loss == "cross_entropy" else "regression"
    report, _ = reported(tmp_path, X, y, task, loss=loss, optimizer=OptimizerSpec("sgd", 0.05, 0.0))
    assert report["certificate"] is not None, report["certificate_left_out"]
    _is_as_the_document_says(report)


def _is_as_the_document_says(report: dict[str, Any]) -> None:
    del report["lineage"]["spec"]  # described, and held to its description, elsewhere
    _, document = bare_app()
    components = strict(document["components"])
    validator = Draft202012Validator({"$ref": "#/components/schemas/Report", "components": components})
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(report)] == []
    assert set(components["schemas"]["Report"]["properties"]) == set(report)
