"""Categories without a cliff: however many there are and however few rows each has, what they say is learnt.

What could be learnt at best is known here, since the tables are made: the best linear prediction of a mixed model
(Henderson 1975), by the variances that the data were drawn with, from the rows that trained.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.unit.behaviour.learning.adaline import Adaline
from tests.unit.workers.export.made import by_onnx
from workers.export.standalone.predict import predict
from workers.training.split import TRAIN, VALIDATION, split_rows

SLOPE, NOISE, SPREAD = 2.0, 0.25, 3.0


def shops(counts: list[int], rows: int, seed: int = 0) -> pd.DataFrame:
    """A table with a column of so many shops for each of `counts`, and a number y: a line in x, and an effect of each
    shop of the table; the shops' rows are in no order."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": draw.normal(size=rows)})
    y = SLOPE * frame.x + NOISE * draw.normal(size=rows)
    for number, count in enumerate(counts):
        codes = draw.permutation(np.arange(rows) % count)
        frame[f"shop{number}"] = [f"s{code:05}" for code in codes]
        y = y + SPREAD * draw.normal(size=count)[codes]
    return frame.assign(y=y)


def best_r2(frame: pd.DataFrame, parts: np.ndarray) -> float:
    """Of the validation rows, where the variances are known."""
    names = [name for name in frame if str(name).startswith("shop")]
    codes = [pd.Categorical(frame[name]).codes for name in names]
    blocks = [np.eye(int(of.max()) + 1)[of] for of in codes]
    design = np.hstack([np.ones((len(frame), 1)), frame[["x"]].to_numpy(), *blocks])
    penalty = np.full(design.shape[1], (NOISE / SPREAD) ** 2)
    penalty[:2] = 0
    train, y = design[parts == TRAIN], frame.y.to_numpy()
    weights = np.linalg.solve(train.T @ train + np.diag(penalty), train.T @ y[parts == TRAIN])
    truth = y[parts == VALIDATION]
    error = truth - design[parts == VALIDATION] @ weights
    return 1 - float((error**2).mean() / truth.var())


def parts_of(report: dict[str, Any], rows: int, classes: np.ndarray | None = None) -> np.ndarray:
    parts = split_rows(0, np.ones(rows, dtype=bool), 0.2, 0.0, classes)
    assert report["lineage"]["split_sha256"] == sha256(parts.tobytes()).hexdigest()
    return parts


def warned(report: dict[str, Any], code: str = "categories_merged") -> list[str]:
    return [one["detail"] for one in report["warnings"] if one["code"] == code]


@pytest.mark.parametrize(
    ("counts", "rows"), [([100], 1500), ([300], 1200), ([700], 1400), ([1300], 5200), ([400, 250], 2400)]
)
def test_a_linear_neuron_is_within_a_percent_of_the_best(adaline: Adaline, counts: list[int], rows: int) -> None:
    frame = shops(counts, rows)
    report = adaline.learn(adaline.upload(frame))
    best = best_r2(frame, parts_of(report, rows))
    assert report["metrics"]["validation"]["r2"] > best - 0.01
    assert report["certificate"]["gap"] < 1e-3 * report["certificate"]["optimum_loss"]


def test_a_network_is_near_it_too(adaline: Adaline) -> None:
    frame = shops([400], 2000)
    report = adaline.learn(adaline.upload(frame), network={"kind": "mlp"})
    assert report["metrics"]["validation"]["r2"] > best_r2(frame, parts_of(report, 2000)) - 0.01


@pytest.mark.parametrize("most", [1500, 145])  # inputs that effects are estimated beside: with bins, or without them
def test_a_network_that_reads_numbers_by_bins_too(adaline: Adaline, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("workers.training.data.target_statistics.MOST_INPUTS", most)
    frame = shops([400], 2000)
    report = adaline.learn(adaline.upload(frame), network={"kind": "mlp"}, numeric_bins=20)
    trained = frame.shop0[parts_of(report, 2000) == TRAIN].value_counts()
    assert 2 + (trained >= 5).sum() < 145 < 2 + (trained >= 5).sum() + 20
    assert report["metrics"]["validation"]["r2"] > best_r2(frame, parts_of(report, 2000)) - 0.01


def test_classes_are_told_as_well_as_by_an_input_for_each_category(adaline: Adaline) -> None:
    frame = shops([500], 2000, seed=1)
    draw = np.random.default_rng(2)
    frame["y"] = np.where(draw.random(2000) < 1 / (1 + np.exp(-frame.y)), "yes", "no")
    report = adaline.learn(adaline.upload(frame))
    classes = (frame.y == "yes").to_numpy().astype(np.int8)
    parts = parts_of(report, 2000, classes)
    train, judged = parts == TRAIN, parts == VALIDATION
    design = np.hstack([frame[["x"]], pd.get_dummies(frame.shop0).to_numpy(float)])
    losses = []
    for strength in (0.03, 0.1, 0.3, 1.0, 3.0):  # the one that is best on the very rows that judge
        model = LogisticRegression(C=strength, max_iter=500).fit(design[train], classes[train])
        chosen = model.predict_proba(design[judged])[np.arange(judged.sum()), classes[judged]]
        losses.append(-float(np.log(chosen).mean()))
    assert report["metrics"]["validation"]["log_loss"] < 1.03 * min(losses)


def test_what_is_merged_is_named_with_its_rows(adaline: Adaline) -> None:
    """Ten of the shops that have few rows are kept, and those with many."""
    frame = shops([200], 800)
    often = shops([3], 300, seed=4).assign(shop0=lambda it: "often" + it.shop0)
    frame = pd.concat([frame, often], ignore_index=True)
    report = adaline.learn(adaline.upload(frame), refit="never")
    trained = frame.shop0[parts_of(report, len(frame)) == TRAIN].value_counts()
    rare = trained[trained < 5]
    ranked = sorted(trained.index, key=lambda name: (-trained[name], name))
    kept = set(ranked[: max(10, int((trained >= 5).sum()))])
    merged = trained[[name not in kept for name in trained.index]]
    assert len(merged) > 100
    assert len(rare) >= len(merged)
    (detail,) = warned(report)
    assert f"feature 'shop0': {len(merged)} categories ({merged.sum()} training rows) have no input" in detail
    assert "is the input 'shop0 effect on y'" in detail


def test_names_of_rows_and_categories_that_say_nothing_get_no_input(adaline: Adaline) -> None:
    frame = shops([300], 1200)
    draw = np.random.default_rng(3)
    frame["id"] = [f"id{number}" for number in draw.permutation(1200)]
    frame["clerk"] = [f"c{code:03}" for code in draw.permutation(np.arange(1200) % 400)]
    dataset = adaline.upload(frame, types='{"id": "categorical"}')
    alone = adaline.learn(dataset, features=["x", "shop0"])
    report = adaline.learn(dataset)
    inputs = [one["feature"] for one in report["certificate"]["coefficients"]]
    assert [name for name in inputs if " effect on " in name] == ["shop0 effect on y"]
    told = warned(report)
    assert [detail.split("'")[1] for detail in told] == ["shop0", "id", "clerk"]
    assert all("share 'id=other'" in one or "share 'clerk=other'" in one for one in told[1:])
    assert report["metrics"]["validation"]["r2"] > alone["metrics"]["validation"]["r2"] - 0.01


def test_a_target_of_chance_is_not_learnt_by_heart(adaline: Adaline) -> None:
    frame = shops([300], 1200)
    frame["y"] = np.random.default_rng(7).normal(size=1200)
    report = adaline.learn(adaline.upload(frame))
    assert report["metrics"]["train"]["r2"] < 0.05


def test_training_rows_are_judged_as_new_rows_are(adaline: Adaline) -> None:
    """Were the statistics not cross-fitted, the rows that made them would look better than new ones."""
    frame = shops([600], 2400)
    frame["y"] = frame.y + 3 * np.random.default_rng(8).normal(size=2400)
    metrics = adaline.learn(adaline.upload(frame))["metrics"]
    assert metrics["train"]["r2"] < metrics["validation"]["r2"] + 0.06


def test_all_that_predicts_answers_alike(adaline: Adaline, tmp_path: Path) -> None:
    frame = shops([300, 40], 1200)
    frame.loc[::17, "shop0"] = None
    frame.loc[::19, "shop1"] = None
    adaline.learn(adaline.upload(frame), network={"kind": "mlp", "hidden": [4]}, epochs=30)
    rows = frame.drop(columns="y").astype(object).where(frame.drop(columns="y").notna(), None)[:200]
    rows.loc[5, "shop0"] = "never seen"
    records = rows.to_dict("records")
    path = "/v1/models/m/predict"
    expected = adaline.client.post(path, json={"records": records}).json["predictions"]
    by_csv = adaline.client.post(path, data=rows.to_csv(index=False).encode(), content_type="text/csv")
    assert by_csv.json["predictions"] == expected
    for name in ("manifest.json", "weights.safetensors", "model.onnx"):
        (tmp_path / name).write_bytes(adaline.client.get(f"/v1/models/m/versions/1/files/{name}").data)
    np.testing.assert_allclose(predict(records, tmp_path), expected, rtol=1e-12)
    cells: Any = {name: list(column) for name, column in rows.items()}
    kinds: dict[str, Any] = {"x": "numeric", "shop0": "categorical", "shop1": "categorical"}
    graph = by_onnx((tmp_path / "model.onnx").read_bytes(), cells, kinds)
    np.testing.assert_allclose(graph["prediction"][:, 0], expected, rtol=1e-6)
    told = json.loads((tmp_path / "manifest.json").read_text())["transform"]["features"]
    assert [one["name"] for one in told if "statistics" in one] == ["shop0"]


def test_flags_and_contributions_know_the_categories(adaline: Adaline) -> None:
    frame = shops([300], 1200)
    adaline.learn(adaline.upload(frame))
    records = [{"x": 0.1, "shop0": f"s{code:05}"} for code in range(300)] + [{"x": 0.1, "shop0": "never seen"}]
    found = adaline.client.post("/v1/models/m/predict?flags=true&contributions=true", json={"records": records}).json
    assert [number for number, flags in enumerate(found["flags"]) if flags] == [300]
    moved = [one["shop0"] for one in found["contributions"]]
    effects = frame.assign(left=frame.y - SLOPE * frame.x).groupby("shop0").left.mean()
    assert np.corrcoef(moved[:300], effects)[0, 1] > 0.97
    sums = [sum(one.values()) for one in found["contributions"]]
    np.testing.assert_allclose(sums, found["predictions"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("network", [{"kind": "linear"}, {"kind": "mlp", "hidden": [4]}])
def test_the_same_spec_gives_the_same_bytes(adaline: Adaline, network: dict[str, Any]) -> None:
    dataset = adaline.upload(shops([300], 1200))
    for _ in range(2):
        adaline.learn(dataset, network=network, epochs=20)
    for name in ("manifest.json", "weights.safetensors"):
        first, second = (adaline.client.get(f"/v1/models/m/versions/{one}/files/{name}").data for one in (1, 2))
        assert first == second
