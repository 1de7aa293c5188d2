"""What a job that fails, or ends before its last epoch, says: every figure computed from the rows in another way, and
every mend applied."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests import descents
from tests.unit.behaviour.ends.asking import ended, report_of, upload

Row = list[Any]
NO_PARTS = {"split": {"validation": 0, "test": 0}}
RAW = {**NO_PARTS, "scaler": "none", "scale_target": False, "batch_size": "full", "epochs": 5}
GROWN = 1e6


def drawn(rows: int = 90) -> list[Row]:
    """y follows a and b, with noise, in tidy decimals; b has fifty times the spread of a."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=rows).round(3), (50 * draw.normal(size=rows)).round(3)
    return [[*row] for row in zip(a, b, (3 * a - b / 20 + draw.normal(size=rows)).round(3), strict=True)]


def written(rows: Sequence[Row], names: str = "a,b,y") -> bytes:
    lines = (",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    return "\n".join([names, *lines, ""]).encode()


def failed(deps: Deps, client: FlaskClient, data: bytes, **spec: Any) -> tuple[str, str, str]:
    """The code and the words of the failure, and the dataset."""
    dataset = upload(deps, client, data)["id"]
    job = ended(deps, client, dataset, **spec)
    assert job["state"] == "failed", job
    return job["error"]["code"], job["error"]["detail"], dataset


def succeeds(deps: Deps, client: FlaskClient, dataset: str, **spec: Any) -> dict[str, Any]:
    job = ended(deps, client, dataset, **spec)
    assert job.get("state") == "succeeded", job.get("error") or job
    return job


def offered(detail: str) -> list[dict[str, Any]]:
    """What a sentence says to set, one after the other."""
    return [json.loads("{" + one + "}") for one in re.findall(r'"\w+": (?:"\w+"|\{[^}]*\}|[\d.e+-]+)', detail)]


def grown_by(design: np.ndarray, target: np.ndarray, rate: float, epochs: int) -> int:
    """The first epoch before whose step the loss is a million times what it was before the first."""
    Z, w = np.column_stack([design, np.ones(len(design))]), np.zeros(design.shape[1] + 1)
    first = np.mean(target**2)
    for epoch in range(1, epochs + 1):
        rest = Z @ w - target
        if np.mean(rest**2) > GROWN * first:
            return epoch
        w = w - rate * 2 / len(target) * Z.T @ rest
    raise AssertionError(f"the loss has not grown so far in {epochs} epochs")


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("above", [1.5, 3.0, 10.0])
def test_a_rate_that_is_too_large(deps: Deps, client: FlaskClient, scaled: bool, above: float) -> None:
    rows = np.array(drawn(), dtype=float)
    X, y = rows[:, :2], rows[:, 2]
    stable = 2 / descents.curvature(descents.standardised(X) if scaled else X)[-1]
    rate = float(f"{above * stable:.3g}")
    spec = {**NO_PARTS, "batch_size": "full", "epochs": 100, **({} if scaled else {"scaler": "none"})}
    code, detail, dataset = failed(
        deps, client, written(drawn()), **spec, optimizer={"kind": "sgd", "learning_rate": rate}
    )
    design = descents.standardised(X) if scaled else X
    epoch = grown_by(design, (y - y.mean()) / y.std(), rate, 100)
    gentler = offered(detail)[0]
    assert (code, detail) == (
        "diverged",
        f"the loss has grown a million times by epoch {epoch}: the learning rate {rate:.4g} is too large; full-batch "
        f"descent on this data is stable below {stable:.4g}; use "
        f'"optimizer": {json.dumps(gentler["optimizer"])}, or "auto"',
    )
    assert gentler["optimizer"]["learning_rate"] < stable
    for mend in (gentler, {"optimizer": {"kind": "sgd", "learning_rate": "auto"}}):
        report = report_of(client, succeeds(deps, client, dataset, **spec, **mend))
        losses = [point["train_loss"] for point in report["history"]]
        assert losses[-1] < losses[0]


def test_a_rate_that_is_too_large_for_mini_batches_has_a_guide_and_a_mend(deps: Deps, client: FlaskClient) -> None:
    rows = np.array(drawn(), dtype=float)
    stable = 2 / descents.curvature(descents.standardised(rows[:, :2]))[-1]
    spec = {**NO_PARTS, "batch_size": 7, "epochs": 50}
    _, detail, dataset = failed(deps, client, written(drawn()), **spec, optimizer={"kind": "sgd", "learning_rate": 3.0})
    assert (
        f"the learning rate 3 is too large; full-batch descent on this data is stable below {stable:.4g}, as a guide;"
        in detail
    )
    succeeds(deps, client, dataset, **spec, **offered(detail)[0])


@pytest.mark.parametrize("place", [0, 2], ids=["feature", "target"])
def test_a_number_that_is_far_from_all_others(deps: Deps, client: FlaskClient, place: int) -> None:
    rows = drawn()
    rows[7][place] = 3e13
    slow = {**RAW, "optimizer": {"kind": "sgd", "learning_rate": 0.01}}
    code, detail, dataset = failed(deps, client, written(rows), **slow)
    what = "the target of a training row" if place == 2 else "feature 'a' of a training row"
    mend = {"scale_target": "auto"} if place == 2 else {"scaler": "standard"}
    more = "" if place == 2 else ' or leave the feature out ("exclude")'
    assert code == "diverged"
    assert detail.endswith(
        f"{what} is 3e+13, and its square is too large for training; if it stands for a missing value, declare it at "
        f'upload ("null_values"); otherwise, use {json.dumps(mend)[1:-1]}{more}'
    )
    succeeds(deps, client, dataset, **{**slow, "optimizer": {"kind": "sgd", "learning_rate": "auto"}, **mend})
    if place == 0:
        succeeds(deps, client, dataset, **slow | {"optimizer": {"kind": "sgd", "learning_rate": 1e-4}}, exclude=["a"])
    declared = upload(deps, client, written(rows), null_values='["", "30000000000000.0"]')
    succeeds(deps, client, declared["id"], **slow | {"optimizer": {"kind": "sgd", "learning_rate": 1e-4}})


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_gaps_that_are_refused_are_counted_among_the_training_rows(
    deps: Deps, client: FlaskClient, share: float
) -> None:
    rows = drawn()
    for gap in range(0, 60, 4):
        rows[gap][0] = None
    split = {"split": {"validation": share, "test": 0}}
    code, detail, dataset = failed(deps, client, written(rows), missing="error", **split)
    said = re.match(r"feature 'a' is missing in (\d+) training rows; use ", detail)
    assert code == "missing_values"
    assert said is not None, detail
    mends = re.findall(r'"(mean|median|most_frequent|drop)"', detail)
    assert len(mends) == 4
    reports = {mend: report_of(client, succeeds(deps, client, dataset, missing=mend, **split)) for mend in mends}
    left = reports["mean"]["rows"]["train"] - reports["drop"]["rows"]["train"]
    assert int(said[1]) == left == (15 if not share else left)
    succeeds(deps, client, dataset, missing="error", exclude=["a"], **split)


def test_a_feature_whose_range_no_number_holds(deps: Deps, client: FlaskClient) -> None:
    rows = drawn()
    rows[3][0], rows[9][0] = "1.7e308", "-1.6e308"
    code, detail, dataset = failed(deps, client, written(rows), **NO_PARTS)
    assert int(1.7e308) + int(1.6e308) > int(np.finfo(np.float64).max)
    assert code == "too_large"
    assert detail.startswith("feature 'a' goes from -1.6e+308 to 1.7e+308, a range that float64 cannot represent; ")
    succeeds(deps, client, dataset, **NO_PARTS, exclude=["a"])
    declared = upload(deps, client, written(rows), null_values='["", "1.7e308", "-1.6e308"]')
    succeeds(deps, client, declared["id"], **NO_PARTS)


def test_a_target_that_the_numbers_of_training_do_not_hold(deps: Deps, client: FlaskClient) -> None:
    rows = drawn()
    rows[3][2] = "1e200"
    code, detail, dataset = failed(deps, client, written(rows), **NO_PARTS, scale_target=False)
    greatest = f"{np.finfo(np.float32).max:.2g}".replace("e+", "e")
    assert code == "too_large"
    assert f"target 'y' has the value 1e+200, which exceeds float32 ({greatest})" in detail
    succeeds(deps, client, dataset, **NO_PARTS, **offered(detail)[0])
    declared = upload(deps, client, written(rows), null_values='["", "1e200"]')
    succeeds(deps, client, declared["id"], **NO_PARTS, scale_target=False)


@pytest.mark.parametrize("hidden", [[8192, 8192], [16_000, 3_200, 10]])
def test_a_network_that_is_too_large_is_refused_with_its_weights_counted(
    deps: Deps, client: FlaskClient, hidden: list[int]
) -> None:
    dataset = upload(deps, client, written(drawn()))["id"]
    answer = ended(deps, client, dataset, network={"kind": "mlp", "hidden": hidden})
    widths = [2, *hidden, 1]
    weights = sum((before + 1) * after for before, after in itertools.pairwise(widths))
    assert f"the network would have about {weights:,} weights; at most 50,000,000 are allowed" in answer["detail"]


def test_a_class_that_only_the_latest_rows_have(deps: Deps, client: FlaskClient) -> None:
    rows = [[day, b, "early" if day < 80 else "late"] for day, (_, b, _) in enumerate(drawn())]
    spec = {"features": ["b"], "split": {"validation": 0.2, "test": 0}}
    code, detail, dataset = failed(deps, client, written(rows), **{**spec, "split": {**spec["split"], "order_by": "a"}})
    assert (code, "no training row is left of class 'late'" in detail) == ("class_absent", True)
    assert 'leave "order_by" null' in detail
    succeeds(deps, client, dataset, **spec)


def test_early_stopping_is_told_with_the_epochs_of_the_course(deps: Deps, client: FlaskClient) -> None:
    """The epochs are those that a reader of the losses alone would name."""
    dataset = upload(deps, client, written(drawn()))["id"]
    spec = {"network": {"kind": "mlp", "hidden": [32]}, "epochs": 400, "early_stopping": {"patience": 12}}
    job = succeeds(deps, client, dataset, **spec, refit="never", optimizer={"kind": "adam", "learning_rate": 0.03})
    losses = [point["validation_loss"] for point in report_of(client, job)["history"]]
    best = int(np.argmin(losses)) + 1
    events = client.get(f"/v1/jobs/{job['id']}/events", headers={"Accept": "application/json"}).json["data"]
    told = [event["data"]["text"] for event in events if event["type"] == "message"]
    assert len(losses) == best + 12 < 400
    assert (
        f"training has ended after epoch {best + 12} of 400: no lower validation loss since epoch {best}; the weights "
        f"of epoch {best}, the best on the validation rows, are kept"
    ) in told


def test_of_two_models_that_both_diverge_each_is_told(deps: Deps, client: FlaskClient) -> None:
    """All rows train: those of another dataset judge."""
    other = upload(deps, client, written(drawn()[:40]))["id"]
    spec = {"network": {"kind": "auto"}, "split": {"validation_dataset": other}, "batch_size": "full", "epochs": 50}
    rate = {"optimizer": {"kind": "sgd", "learning_rate": 1000.0}}
    code, detail, dataset = failed(deps, client, written(drawn()), **spec, **rate)
    rows = np.array(drawn(), dtype=float)
    Z, y = descents.standardised(rows[:, :2]), rows[:, 2]
    epoch = grown_by(Z, (y - y.mean()) / y.std(), 1000.0, 50)
    assert code == "diverged"
    assert f"linear neuron: the loss has grown a million times by epoch {epoch}" in detail
    assert "; network: the loss " in detail
    succeeds(deps, client, dataset, **spec)
