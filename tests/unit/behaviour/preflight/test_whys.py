"""The sentence beside a learning rate: its formula and its numbers give that rate, and they are the rows' own."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from service.domain.spec.schema import TrainingSpecSchema
from service.domain.spec.training import EarlyStopping
from service.domain.vocabulary.efforts import EFFORTS
from tests.unit.behaviour.preflight.looking import FEATURES, Look, design, eigenvalues, numbers

PLAIN = {"kind": "sgd", "momentum": 0.0}
FLATTER = {"mse": 1.0, "huber": 0.5, "cross_entropy": 0.25}  # the greatest second derivative of a row's loss, over 2


def classes() -> pd.DataFrame:
    return numbers().assign(y=lambda it: np.where(it.y > it.y.median(), "more", "less"))


@pytest.mark.parametrize(
    ("frame", "choices"),
    [
        (numbers(), {"batch_size": 32}),
        (numbers(), {"batch_size": 32, "loss": "huber"}),
        (classes(), {"batch_size": 32}),
        (classes(), {"batch_size": "full"}),
        (classes(), {"batch_size": 16, "optimizer": {**PLAIN, "l2": 0.3}}),
        (numbers(), {"batch_size": 8, "optimizer": {**PLAIN, "momentum": 0.9}}),
        (numbers(), {"batch_size": 8, "network": {"kind": "mlp", "hidden": [4]}}),
    ],
)
def test_a_rate_with_noise_is_what_its_formula_says(look: Look, frame: pd.DataFrame, choices: dict[str, Any]) -> None:
    answer = look(frame, **{"optimizer": PLAIN, "schedule": "constant", **choices})
    rates, spec = answer["rates"], answer["spec"]
    rows = 320 if spec["batch_size"] == "full" else spec["batch_size"]
    values = eigenvalues(design(frame, FEATURES))
    share, curved, said_rows = re.fullmatch(
        r"([\d.]+) over (?:[\d.]+ of )?λmax \+ 2·trace/b = ([\d.]+)(?:, since \w+ is flatter)?(?:, plus l2 = [\d.]+)?"
        r"; batch size b = (\d+)",
        rates["why"],
    ).groups()  # type: ignore[union-attr]
    assert int(said_rows) == rows
    assert float(curved) == pytest.approx(values[-1] + 2 * values.sum() / rows, rel=1e-3)
    flatter, l2 = FLATTER[spec["loss"]], spec["optimizer"]["l2"]
    assert rates["learning_rate"] == pytest.approx(float(share) / (flatter * float(curved) + l2), rel=2e-3)
    assert (f"{flatter:g} of" in rates["why"]) == (flatter != 1)
    assert (f"plus l2 = {l2:g}" in rates["why"]) == bool(l2)
    assert "below" not in rates["why"]


def test_the_condition_number_beside_a_rate_is_the_tables(look: Look) -> None:
    frame = numbers()
    condition = np.divide(*eigenvalues(design(frame, FEATURES))[[-1, 0]])
    for epochs in ("auto", 5):
        answer = look(frame, epochs=epochs)
        said, momentum = answer["rates"]["why"], answer["rates"]["momentum"]
        assert f"κ = {condition:.4g}" in said
        assert answer["curvature"]["scaled"]["condition_number"] == pytest.approx(condition)
        made_for = ((1 + momentum) / (1 - momentum)) ** 2
        if epochs == "auto":
            assert made_for == pytest.approx(condition)
        else:
            assert f"5 epochs: momentum for κ = {made_for:.4g}" in said


def test_l2_is_told_where_it_changes_the_condition_number(look: Look) -> None:
    optimizer = {"kind": "sgd", "momentum": "auto", "nesterov": True, "l2": 0.5}
    said = look(numbers(), optimizer=optimizer, batch_size="full")["rates"]["why"]
    values = eigenvalues(design(numbers(), FEATURES))
    assert said.endswith("l2 added to λmax")
    assert f"λmax = {values[-1] + 0.5:.4g} and κ = {(values[-1] + 0.5) / values[0]:.4g}" in said


def test_the_patience_that_auto_is_said_to_have_is_the_one_it_has(look: Look) -> None:
    """Once if the schedule is plateau, once where it is another, never where the rate rises again, and none for a bowl
    or without rows to judge by."""
    said = str(TrainingSpecSchema().fields["early_stopping"].metadata["description"])
    mlp = {"kind": "mlp", "hidden": [4]}
    plateau = look(numbers(), network=mlp)["spec"]
    cosine = look(numbers(), network=mlp, schedule="cosine")["spec"]
    assert (plateau["schedule"], cosine["schedule"]) == ("plateau", "cosine")
    assert f'"patience": {cosine["early_stopping"]["patience"]}' in said
    assert f"a patience of {plateau['early_stopping']['patience']} at normal effort if the schedule is plateau" in said
    assert plateau["early_stopping"]["patience"] == EFFORTS["normal"].of_given.patience != EarlyStopping().patience
    waves = look(numbers(), network=mlp, schedule="coslog4", epochs=70)["spec"]
    assert "of all epochs if it is coslog4" in said
    assert waves["early_stopping"]["patience"] == 70
    assert look(numbers())["spec"]["early_stopping"] is None
    assert look(numbers(), network=mlp, split={"validation": 0})["spec"]["early_stopping"] is None
