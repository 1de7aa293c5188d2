"""Warnings about features and classes."""

from __future__ import annotations

import numpy as np
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.preflight.looking import ROWS, Look, Upload, draws, numbers, warned
from workers.ingest.run import run as ingest


def test_a_copy_of_the_target_is_named(look: Look) -> None:
    frame = numbers()
    copied = frame.assign(copy=7 - 2 * frame.y + 0.01 * draws(4).normal(size=ROWS))
    found = warned(look(copied, features=["a", "copy"]))["target_leak"]
    r = np.corrcoef(copied["copy"], copied.y)[0, 1]
    assert f"'copy' is nearly a copy of the target: its correlation with the target 'y' is {r:.6f}" in (found["detail"])
    assert found["pointer"] == "/features/1"
    noisy = frame.assign(copy=frame.y + 0.1 * frame.y.std() * draws(4).normal(size=ROWS))
    assert "target_leak" not in warned(look(noisy))


def test_a_copy_of_the_classes_by_other_names_is_named(look: Look) -> None:
    kinds = ["low"] * 200 + ["mid"] * 130 + ["high"] * 70
    frame = numbers().assign(kind=kinds, code=[{"low": "A", "mid": "B", "high": "C"}[kind] for kind in kinds])
    found = warned(look(frame, target="kind"))["target_leak"]
    assert "'code'" in found["detail"]
    numbered = frame.assign(code=[{"low": 2, "mid": 0, "high": 1}[kind] for kind in kinds])
    assert "'code'" in warned(look(numbered, target="kind"))["target_leak"]["detail"]
    frame.loc[0, "code"] = "B"
    assert "target_leak" not in warned(look(frame, target="kind"))
    truths = numbers().assign(kind=np.where(numbers().flag, "yes", "no")).drop(columns="y")
    assert "'flag'" in warned(look(truths, target="kind"))["target_leak"]["detail"]


def test_unrelated_classes_of_equal_size_are_no_copy(look: Look) -> None:
    frame = numbers().assign(kind=["p", "q"] * 200, other=["s"] * 200 + ["t"] * 200)
    assert "target_leak" not in warned(look(frame, target="kind"))


def test_a_feature_that_names_rows_is_named(look: Look) -> None:
    frame = numbers().assign(row=range(5, ROWS + 5))
    found = warned(look(frame))["identifier"]
    assert "'row'" in found["detail"]
    assert found["pointer"] == "/exclude"
    frame.loc[0, "row"] = 1000  # no longer one for each row: a gap
    assert "identifier" not in warned(look(frame))
    assert "identifier" not in warned(look(frame.assign(row=draws(5).integers(0, ROWS, ROWS))))


def test_a_column_with_nearly_as_many_categories_as_rows_is_named(
    client: FlaskClient, deps: Deps, upload: Upload
) -> None:
    def told(names: list[str]) -> set[str]:
        data = numbers().assign(name=names).to_csv(index=False).encode()
        answer = client.post(
            "/v1/datasets?types=%7B%22name%22%3A%22categorical%22%7D", data=data, headers={"Content-Type": "text/csv"}
        )
        ingest(deps, answer.json["id"])
        body = {"dataset": answer.json["id"], "model": "m", "target": "y"}
        return set(warned(client.post("/v1/jobs/validate", json=body).json))

    assert {"categories_many"} == told([f"n{row % 250}" for row in range(ROWS)]) & {"categories_many", "identifier"}
    assert {"identifier"} == told([f"n{row}" for row in range(ROWS)]) & {"categories_many", "identifier"}
    assert not told([f"n{row % 30}" for row in range(ROWS)]) & {"categories_many", "identifier"}


def test_a_class_too_rare_for_the_split(look: Look) -> None:
    kinds = ["common"] * 200 + ["other"] * 194 + ["odd"] * 6
    found = warned(look(numbers().assign(kind=kinds), target="kind"))["class_rare"]
    assert "'odd' has 6 rows: 5 train, 1 held out" in found["detail"]  # a fifth of 6, rounded, validates
    assert "'other'" not in found["detail"]
    split = {"validation": 0.2, "test": 0.2}
    pair = ["common"] * 200 + ["other"] * 198 + ["odd"] * 2
    found = warned(look(numbers().assign(kind=pair), target="kind", split=split))["class_rare"]
    assert "'odd' has 2 rows: all are used for training, none for evaluation" in found["detail"]
    even = ["common"] * 200 + ["other"] * 150 + ["odd"] * 50
    assert "class_rare" not in warned(look(numbers().assign(kind=even), target="kind"))


def test_numbers_as_classes_are_counted_too(look: Look) -> None:
    codes = [0] * 200 + [1] * 195 + [2] * 5
    found = warned(look(numbers().assign(kind=codes), target="kind"))
    assert "2 has 5 rows: 4 train, 1 held out" in found["class_rare"]["detail"]
    assert "the largest class has 40 times the rows of the smallest" in found["classes_imbalanced"]["detail"]


def test_huge_imbalance_is_told_unless_it_is_weighed(look: Look) -> None:
    frame = numbers().assign(kind=["usual"] * 384 + ["fraud"] * 16)
    found = warned(look(frame, target="kind"))["classes_imbalanced"]
    assert "24 times" in found["detail"]
    assert "always predicting 'usual' is right in 96.0%" in found["detail"]
    assert "classes_imbalanced" not in warned(look(frame, target="kind", class_weights="balanced"))
    mild = numbers().assign(kind=["usual"] * 360 + ["fraud"] * 40)
    assert "classes_imbalanced" not in warned(look(mild, target="kind"))


def test_gaps_that_the_policy_refuses_or_that_are_most_of_a_column(look: Look) -> None:
    frame = numbers()
    frame.loc[:9, "a"] = np.nan
    assert "gaps_refused" in warned(look(frame, missing="error"))
    assert not {"gaps_refused", "mostly_missing"} & set(warned(look(frame)))
    frame.loc[:249, "a"] = np.nan
    assert "missing in 250 of 400 rows" in warned(look(frame))["mostly_missing"]["detail"]


def test_many_of_a_kind_are_counted_not_listed(look: Look) -> None:
    frame = numbers(60)
    for n in range(13):
        frame[f"gap{n}"] = np.where(np.arange(60) < 20, np.arange(60) * 1.5, np.nan)
    told = [warning["detail"] for warning in look(frame)["warnings"] if warning["code"] == "mostly_missing"]
    assert len(told) == 10
    assert told[-1].endswith("(and 3 more like this)")
    assert not any("more like this" in detail for detail in told[:-1])
