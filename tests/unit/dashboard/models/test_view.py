"""A report of several targets, seen for one at a time."""

from __future__ import annotations

from tests.unit.dashboard.node import run

VIEW = "pages/version/view.ts"
VIEWS = "return module.viewsOf(given.report, given.target);"


def test_the_only_target_has_the_whole_report_and_pictures_without_numbers() -> None:
    report = {"metrics": {"test": {"mse": 1}}, "weights": [{"feature": "x"}], "by_target": None}
    [view] = run(VIEW, VIEWS, {"report": report, "target": "y"})
    assert (view["target"], view["number"], view["metrics"]) == ("y", 0, report["metrics"])
    assert view["weights"] == report["weights"]


def test_each_of_several_targets_has_its_metrics_and_its_number() -> None:
    scores = {"mse": 2, "by_target": {"a": {"mse": 1}, "b": {"mse": 3}}}
    report = {
        "metrics": {"train": scores, "validation": {}},
        "baseline": {"train": scores},
        "verdict": {"linear": {"train": scores}},
        "weights": None,
        "by_target": {"a": {"weights": [{"feature": "x"}]}, "b": {"weights": None}},
    }
    # numbered as the spec has them, which is how their pictures are
    other, one = run(VIEW, VIEWS, {"report": report, "target": ["b", "a"]})
    assert [(view["target"], view["number"]) for view in (one, other)] == [("a", 2), ("b", 1)]
    assert one["metrics"] == {"train": {"mse": 1}, "validation": {}}
    assert other["linear"] == other["baseline"] == {"train": {"mse": 3}}
    assert one["weights"] == [{"feature": "x"}]
