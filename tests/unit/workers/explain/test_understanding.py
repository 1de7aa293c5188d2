"""What the report says of a trained model, and on which rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from service.domain.spec.training import Split
from tests.unit.workers.explain.reports import mixed, report_of, trained
from tests.unit.workers.training.running import run, spec_of, write_table


@pytest.mark.parametrize(
    ("split", "judged_on", "measured_on"),
    [
        (Split(0.3, 0.2), "validation", "test"),
        (Split(0.3, 0.0), "validation", "validation, two folds"),
        (Split(0.0, 0.3), "test", "test, two folds"),
    ],
)
def test_a_regression_is_judged_on_rows_that_did_not_train_it(
    split: Split, judged_on: str, measured_on: str, tmp_path: Path
) -> None:
    cells, kinds = mixed(200, "regression")
    made, report = trained(tmp_path, cells, kinds, target="price", split=split)
    assert report["importance_on"]["part"] == report["residuals"]["part"] == judged_on
    assert {one["measured_on"] for one in report["intervals"]} == {measured_on}
    assert {one["calibrated_on"] for one in report["intervals"]} == {judged_on}
    assert report["importance"][0]["feature"] == "area"
    assert sorted(one["feature"] for one in report["importance"]) == ["area", "city", "garden", "sold"]
    part = made.prepared.parts[judged_on]
    errors = part.truth - made.predictor.scores(part.inputs)
    assert report["residuals"]["mean"] == pytest.approx(errors.mean())
    worst = report["residuals"]["worst"][0]
    assert worst["truth"] == cells["price"][worst["row"]]
    assert abs(worst["residual"]) == pytest.approx(np.abs(errors).max())
    assert report["classes"] is None


def test_classes_are_judged_by_curves_and_calibration(tmp_path: Path) -> None:
    cells, kinds = mixed(300, "multiclass")
    _, report = trained(tmp_path, cells, kinds, target="price", task="multiclass", epochs=50)
    found = report["classes"]
    assert [one["class"] for one in found["curves"]] == ["area is 0", "area is 1", "area is 2"]
    assert np.mean([one["roc_auc"] for one in found["curves"]]) == pytest.approx(
        report["metrics"]["validation"]["roc_auc"]
    )
    assert np.mean([one["f1"] for one in found["per_class"]]) == pytest.approx(report["metrics"]["validation"]["f1"])
    assert report["importance_on"]["metric"] == "log_loss"
    assert (report["intervals"], report["residuals"]) == (None, None)


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_without_held_out_rows_there_is_a_warning_and_no_judgement(task: str, tmp_path: Path) -> None:
    cells, kinds = mixed(100, task)
    _, report = trained(tmp_path, cells, kinds, target="price", task=task, split=Split(0.0, 0.0))
    for name in ("importance", "importance_on", "residuals", "intervals", "classes"):
        assert report[name] is None
    assert [warning["code"] for warning in report["warnings"]] == ["nothing_held_out"]
    assert len(report["partial_dependence"]) == 4


def test_the_same_spec_data_and_seed_give_the_same_report(tmp_path: Path) -> None:
    cells, kinds = mixed(300, "regression")
    spec = spec_of(target="price", split=Split(0.3, 0.2))
    path = write_table(tmp_path / "t.parquet", cells, kinds)
    first, second = (report_of(run(path, spec, kinds), spec) for _ in range(2))
    for report in (first, second):
        for epoch in report["history"]:
            del epoch["seconds"]
    assert first == second
