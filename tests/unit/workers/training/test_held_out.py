"""What a published version keeps of the rows that were held out: the half-widths that its report says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from service.domain.model.artifact import MANIFEST, WEIGHTS, read
from service.store.blobs.bundles import read_file
from service.wiring import Deps
from tests.unit.workers.jobs.test_train import trained, version_of


@pytest.mark.parametrize(
    "changes",
    [
        {"features": ["a", "gaps"]},
        {"network": {"kind": "mlp"}, "epochs": 3},
        {"target": ["y", "b"], "features": ["a", "gaps"]},
        {"features": ["a"], "scale_target": False, "split": {"validation": 0.0, "test": 0.4}},
    ],
)
def test_a_published_version_answers_with_the_half_widths_of_its_report(deps: Deps, changes: dict[str, Any]) -> None:
    version, report = version_of(deps, trained(deps, **changes))
    predictor = read(*(read_file(deps.blobs, version.files[name]) for name in (MANIFEST, WEIGHTS)))
    views = report["by_target"] or {"y": report}
    for index, level in enumerate((0.8, 0.9, 0.95)):
        told = [views[name]["intervals"][index]["half_width"] for name in predictor.targets]
        assert predictor.calibration is not None
        assert np.array_equal(predictor.calibration.half_widths(level), told)
    assert predictor.calibration.rows == report["rows"][predictor.calibration.part]


def test_a_published_linear_version_knows_its_average_row(deps: Deps) -> None:
    version, report = version_of(deps, trained(deps, scaler="minmax"))
    predictor = read(*(read_file(deps.blobs, version.files[name]) for name in (MANIFEST, WEIGHTS)))
    assert predictor.transform.mean is not None
    assert predictor.transform.mean != pytest.approx(predictor.transform.centre)  # of minmax that is the least
    assert report["rows"]["train"] == 96


@pytest.mark.parametrize("changes", [{"target": "kind"}, {"split": {"validation": 0.0}}])
def test_classes_and_models_of_all_rows_keep_nothing(deps: Deps, changes: dict[str, Any]) -> None:
    version, _ = version_of(deps, trained(deps, **changes))
    assert read(*(read_file(deps.blobs, version.files[name]) for name in (MANIFEST, WEIGHTS))).calibration is None
