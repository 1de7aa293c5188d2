"""A split by time, from outside: which rows judge, what the answers say of it, and that the preflight offers it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.behaviour.learning.adaline import Adaline

ROWS = 100


def walk(rows: int = ROWS, shuffled: bool = True) -> pd.DataFrame:
    """A line that bends in its last fifth, one row a day, in no order."""
    day = np.arange(rows)
    frame = pd.DataFrame({"day": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D"), "x": day * 1.0})
    frame["y"] = np.where(day < 0.8 * rows, day, 0.8 * rows) + np.random.default_rng(0).normal(0, 0.1, rows)
    return frame.sample(frac=1, random_state=1).reset_index(drop=True) if shuffled else frame


def sha256_of(parts: np.ndarray) -> str:
    return sha256(parts.astype(np.uint8).tobytes()).hexdigest()


def test_the_latest_rows_judge(adaline: Adaline) -> None:
    frame = walk()
    split = {"validation": 0.2, "test": 0.1, "order_by": "day"}
    report = adaline.learn(adaline.upload(frame), split=split, features=["x"])
    rank = frame.day.argsort().argsort().to_numpy()
    parts = np.select([rank < 70, rank < 90], [0, 1], 2)  # of the artifact: train, validation, test
    assert report["lineage"]["split_sha256"] == sha256_of(parts)
    assert report["rows"] == {"train": 70, "validation": 20, "test": 10}
    assert report["lineage"]["spec"]["split"]["order_by"] == "day"
    line = np.polyfit(frame.x[parts == 0], frame.y[parts == 0], 1)
    for number, part in enumerate(("train", "validation", "test")):
        rows = parts == number
        mse = float(((np.polyval(line, frame.x[rows]) - frame.y[rows]) ** 2).mean())
        assert report["metrics"][part]["mse"] == pytest.approx(mse, rel=1e-2)


def test_a_number_orders_rows_too_and_classes_are_not_shared_out(adaline: Adaline) -> None:
    frame = walk().assign(season=lambda it: it.x // 25)
    frame["y"] = np.where(frame.x % 3 == 0, "a", "b")
    report = adaline.learn(adaline.upload(frame), split={"validation": 0.25, "order_by": "season"})
    assert report["rows"] == {"train": 75, "validation": 25, "test": 0}
    assert report["lineage"]["split_sha256"] == sha256_of((frame.season == 3).to_numpy())


def test_a_class_that_is_new_in_the_latest_rows_ends_the_job_with_a_way_out(adaline: Adaline) -> None:
    frame = walk()
    frame["y"] = np.where(frame.x < 85, np.where(frame.x % 2 == 0, "a", "b"), "late")
    dataset = adaline.upload(frame)
    error = adaline.job(dataset, split={"order_by": "day"})["error"]
    assert error["code"] == "class_absent"
    assert 'if only the latest rows have it, leave "order_by" null' in error["detail"]
    adaline.learn(dataset, split={"order_by": None})


def test_rows_without_a_time_train_and_are_told_of(adaline: Adaline) -> None:
    frame = walk()
    frame.loc[frame.x % 10 == 9, "day"] = pd.NaT
    dataset = adaline.upload(frame)
    notes = adaline.validate(dataset, split={"order_by": "day"}).json["notes"]
    assert "10 rows without a value of 'day' train: where they belong is not known" in notes
    report = adaline.learn(dataset, split={"order_by": "day"})
    timed = sorted(frame.x[frame.day.notna()])
    parts = frame.day.notna() & (frame.x >= timed[72])  # 18 of 90 validate
    assert report["rows"] == {"train": 82, "validation": 18, "test": 0}
    assert report["lineage"]["split_sha256"] == sha256_of(parts.to_numpy())


def test_rows_that_are_left_out_take_nobodys_place(adaline: Adaline) -> None:
    """A row without a target is in no part; one dropped for a gap was placed before."""
    frame = walk()
    frame.loc[frame.x >= 90, "y"] = np.nan
    frame.loc[frame.x == 80, "x"] = np.nan
    dataset = adaline.upload(frame)
    report = adaline.learn(dataset, split={"order_by": "day"}, missing="drop")
    assert report["rows"] == {"train": 72, "validation": 17, "test": 0}


def test_with_another_dataset_to_validate_the_latest_rows_test(adaline: Adaline) -> None:
    frame, other = walk(), walk(40, shuffled=False).drop(columns="day")
    split = {"validation_dataset": adaline.upload(other), "test": 0.1, "order_by": "day"}
    report = adaline.learn(adaline.upload(frame), split=split, features=["x"])
    assert report["rows"] == {"train": 90, "validation": 40, "test": 10}
    assert report["lineage"]["split_sha256"] == sha256_of(np.where(frame.x >= 90, 2, 0))


@pytest.mark.parametrize("network", [{"kind": "linear"}, {"kind": "mlp", "hidden": [4]}])
def test_the_same_spec_gives_the_same_bytes(adaline: Adaline, network: dict[str, Any]) -> None:
    dataset = adaline.upload(walk())
    for _ in range(2):
        adaline.learn(dataset, split={"order_by": "day"}, network=network, epochs=20)
    files = [
        adaline.client.get(f"/v1/models/m/versions/{version}/files/weights.safetensors").data for version in (1, 2)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"order_by": "dya"}, r"no column 'dya'; did you mean 'day'\?"),
        ({"order_by": "y"}, "'y' is a target.*order by another column, or leave order_by null"),
        ({"order_by": "shop"}, "'shop' is categorical; rows are ordered by a datetime or numeric column"),
        ({"order_by": "same"}, "'same' is the same in every row"),
        ({"order_by": "rare"}, "only 2 rows have a value of 'rare': too few would train"),
        ({"order_by": "day", "validation": 0}, 'no rows of this dataset are held out.*set "validation": 0.2'),
    ],
)
def test_a_column_that_cannot_order_rows_is_refused_at_its_place(
    adaline: Adaline, split: dict[str, Any], said: str
) -> None:
    frame = walk().assign(shop=list("abcde") * 20, same=3, rare=[1.5, 2.5] + [None] * 98)
    answer = adaline.validate(adaline.upload(frame), split=split)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/split/order_by"]
    assert re.search(said, answer.json["detail"]), answer.json["detail"]


def offered(answer: Any) -> dict[str, Any] | None:
    """The split that a warning offers."""
    assert answer.status_code == 200, answer.json
    found = [warning for warning in answer.json["warnings"] if warning["code"] == "time_order"]
    if not found:
        return None
    assert found[0]["pointer"] == "/split/order_by"
    split: dict[str, Any] = json.loads(found[0]["detail"].split('"split": ')[1])
    return split


@pytest.mark.parametrize("way", ["rising", "falling", "by shop", "shuffled"])
def test_a_column_that_looks_like_the_time_of_the_rows_is_offered_and_the_offer_works(
    adaline: Adaline, way: str
) -> None:
    frame = walk(shuffled=way == "shuffled")
    if way == "falling":
        frame = frame[::-1]
    if way == "by shop":  # each has its days in order, and all the same ones
        frame = pd.concat([frame.assign(shop=shop) for shop in "abc"])
    dataset = adaline.upload(frame)
    split = offered(adaline.validate(dataset, split={"validation": 0.3, "test": 0.1}))
    assert split == {"validation": 0.3, "test": 0.1, "order_by": "day"}
    assert offered(adaline.validate(dataset, split=split)) is None
    report = adaline.learn(dataset, split=split)
    assert report["rows"] == {part: share * len(frame) // 10 for part, share in
                              (("train", 6), ("validation", 3), ("test", 1))}  # fmt: skip


def test_a_date_that_comes_in_any_order_is_not_offered(adaline: Adaline) -> None:
    days = pd.Timestamp("1960-01-01") + pd.to_timedelta(np.random.default_rng(2).integers(0, 60, ROWS), "D")
    dataset = adaline.upload(walk().drop(columns="day").assign(born=days))
    assert offered(adaline.validate(dataset)) is None


def test_nothing_is_offered_where_no_rows_are_held_out(adaline: Adaline) -> None:
    dataset = adaline.upload(walk())
    assert offered(adaline.validate(dataset, split={"validation": 0})) is None
    other = adaline.upload(walk(40))
    assert offered(adaline.validate(dataset, split={"validation_dataset": other})) is None
    with_test = offered(adaline.validate(dataset, split={"validation_dataset": other, "test": 0.1}))
    assert with_test == {"validation": 0.0, "test": 0.1, "validation_dataset": other, "order_by": "day"}
    assert adaline.validate(dataset, split=with_test).status_code == 200
