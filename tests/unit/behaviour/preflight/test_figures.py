"""Every number that a warning says, computed from the rows in another way; and every mend, applied."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.behaviour.preflight.looking import FEATURES, ROWS, Look, design, draws, eigenvalues, warned
from tests.unit.behaviour.preflight.test_each import CASES, Asked
from tests.unit.behaviour.preflight.test_learning import shares_left

TRAIN = 320  # of 400 rows, where a fifth validates
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*\.?\d*(?:e[+-]?\d+)?%?")


def said(text: str) -> list[str]:
    """The numbers of a sentence, outside quoted names and the mend."""
    return [found.rstrip(".,") for found in NUMBER.findall(re.sub(r"'[^']*'|\"[^\"]*\"|\{[^}]*\}", "", text))]


def counts(frame: pd.DataFrame, target: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in frame[target].value_counts().items()}


def rare(frame: pd.DataFrame, answer: Any) -> list[str]:
    rows = min(counts(frame, "kind").values())
    judge = round(rows * 0.2)
    return [str(rows), str(rows - judge), str(judge)]


def imbalanced(frame: pd.DataFrame, answer: Any) -> list[str]:
    each = sorted(counts(frame, "kind").values())
    return [f"{each[-1] / each[0]:.0f}", f"{100 * each[-1] / len(frame):.1f}%"]


def leak(frame: pd.DataFrame, answer: Any) -> list[str]:
    return [f"{np.corrcoef(frame['copy'], frame.y)[0, 1]:.6f}"]


def unstable(frame: pd.DataFrame, answer: Any) -> list[str]:
    largest = eigenvalues(design(frame, FEATURES))[-1]
    return ["3", f"{2 / largest:.4g}", f"{largest:.4g}", f"{1 / largest:.2g}"]


def not_scaled(frame: pd.DataFrame, answer: Any) -> list[str]:
    raw, scaled = (eigenvalues(design(frame, FEATURES, kind)) for kind in ("none", "standard"))
    slow = answer["curvature"]["forecast"]["raw"]
    Z, y = design(frame, FEATURES), frame.y.to_numpy()
    fast = min(
        int(
            np.argmax(shares_left(Z, y, {"learning_rate": share * 2 / scaled[-1], "momentum": 0.0}, False, 500) <= 0.01)
        )
        for share in np.linspace(0.05, 0.99, 80)
        if shares_left(Z, y, {"learning_rate": share * 2 / scaled[-1], "momentum": 0.0}, False, 500)[-1] <= 0.01
    )
    return [
        f"{raw[-1] / raw[0]:.4g}", f"{scaled[-1] / scaled[0]:.4g}", "1", f"{slow['epochs_to_1_percent']:,}", f"{fast:,}"
    ]  # fmt: skip


def epochs_few(frame: pd.DataFrame, answer: Any) -> list[str]:
    rates = answer["rates"]
    left = shares_left(design(frame, FEATURES), frame.y.to_numpy(), rates, True, rates["epochs"])[-1]
    return [str(rates["epochs"]), f"{left:.2g}", f"{rates['learning_rate']:.3g}", f"{rates['momentum']:.3g}"]


def small(frame: pd.DataFrame, answer: Any) -> list[str]:
    """By drawing: the spread of a mean square of so many normal numbers, beside its mean."""
    rows = round(0.2 * len(frame))
    squares = np.mean(draws(1).normal(size=(200_000, rows)) ** 2, axis=1)
    return [str(rows), f"{squares.std() / squares.mean():.0%}"]


def weights(frame: pd.DataFrame, answer: Any) -> list[str]:
    width = answer["spec"]["network"]["hidden"][0]
    return [f"{len(FEATURES) * width + width + width + 1:,}", str(TRAIN)]


def far(frame: pd.DataFrame, answer: Any) -> list[str]:
    """-999 in 30 of 400 rows, fewer than a quarter."""
    return ["999", "75", f"{abs(np.quantile(frame.a, 0.25)):.6g}"]


FIGURES: dict[str, Callable[[pd.DataFrame, Any], list[str]]] = {
    "class_rare": rare,
    "classes_imbalanced": imbalanced,
    "target_leak": leak,
    "far_value": far,
    "identifier": lambda frame, _: [],
    "gaps_refused": lambda frame, _: [str(frame.a.isna().sum())],
    "mostly_missing": lambda frame, _: [str(frame.a.isna().sum()), str(len(frame))],
    "learning_rate_unstable": unstable,
    "not_scaled": not_scaled,
    "batch_larger_than_rows": lambda frame, _: [str(TRAIN + 1), str(TRAIN)],
    "epochs_few": epochs_few,
    "early_stopping_blind": lambda frame, _: [],
    "patience_long": lambda frame, _: ["30", "30"],
    "layers_collapse": lambda frame, _: ["1", "2", "8", "3", "1", "4", "8", "3", "1"],
    "more_parameters_than_rows": weights,
    "few_rows_for_network": lambda frame, _: [str(round(0.8 * len(frame)))],
    "validation_none": lambda frame, _: [],
    "time_order": lambda frame, _: [],
    "validation_small": small,
}

MENDS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "class_rare": lambda _: {"rows": "merge"},
    "classes_imbalanced": lambda _: {"class_weights": "balanced"},
    "far_value": lambda _: {"missing": "mean", "gaps": -999.0},
    "target_leak": lambda _: {"exclude": ["copy"]},
    "identifier": lambda _: {"exclude": ["row"]},
    "gaps_refused": lambda _: {"missing": "mean"},
    "mostly_missing": lambda _: {"exclude": ["a"]},
    "learning_rate_unstable": lambda case: {"optimizer": {**case.choices["optimizer"], "learning_rate": "auto"}},
    "not_scaled": lambda _: {"scaler": "standard"},
    "batch_larger_than_rows": lambda _: {"batch_size": "full"},
    "epochs_few": lambda _: {"epochs": "auto"},
    "early_stopping_blind": lambda _: {"split": {"validation": 0.2}},
    "patience_long": lambda _: {"early_stopping": None},
    "layers_collapse": lambda _: {"network": {"kind": "linear"}},
    "more_parameters_than_rows": lambda _: {"network": {"kind": "mlp", "hidden": [8]}},
    "few_rows_for_network": lambda _: {"network": {"kind": "linear"}},
    "validation_none": lambda _: {"split": {"validation": 0.2}},
    "time_order": lambda _: {"split": {"validation": 0.2, "order_by": "day"}},
    "validation_small": lambda _: {"split": {"validation": 0.75}},
}


def test_all_are_here() -> None:
    assert set(FIGURES) == set(MENDS) == set(CASES)


@pytest.mark.parametrize("code", CASES)
def test_each_number_is_that_of_the_rows_and_each_mend_mends(look: Look, code: str) -> None:
    case = CASES[code][0]
    assert len(case.frame) <= ROWS
    answer = look(case.frame, **case.choices)
    detail = warned(answer)[code]["detail"]
    assert said(detail) == FIGURES[code](case.frame, answer), detail
    mend = MENDS[code](case)
    frame = case.frame.replace(mend.pop("gaps", np.nan), np.nan)
    if mend.pop("rows", None):
        frame = frame.assign(kind=frame.kind.replace("odd", "common")).assign(
            kind=lambda it: it.kind + it.index.map(lambda row: str(row % 2))
        )
    assert code not in warned(look(frame, **{**case.choices, **mend}))
