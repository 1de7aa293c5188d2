"""Warnings about rates, scaling, batches, epochs and stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.api.preflight.looking import FEATURES, ROWS, Look, design, draws, eigenvalues, numbers, warned


def descent(Z: np.ndarray, y: np.ndarray, rate: float, momentum: float, nesterov: bool, steps: int = 3000) -> float:
    """The distance from the optimum that full-batch descent has left, as a share of the first."""
    best = np.linalg.lstsq(Z, y, rcond=None)[0]
    w, velocity = np.zeros_like(best), np.zeros_like(best)
    for _ in range(steps):
        gradient = 2 / len(Z) * Z.T @ (Z @ w - y)
        velocity = momentum * velocity + gradient
        w = w - rate * (gradient + momentum * velocity if nesterov else velocity)
        if np.linalg.norm(w - best) > 1e6 * np.linalg.norm(best):
            break
    return float(np.linalg.norm(w - best) / np.linalg.norm(best))


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_a_rate_above_the_bound_diverges_and_one_below_does_not(look: Look, momentum: float, nesterov: bool) -> None:
    frame = numbers()
    Z, y = design(frame, FEATURES), frame.y.to_numpy()

    def asked(rate: float) -> dict[str, Any]:
        optimizer = {"kind": "sgd", "learning_rate": rate, "momentum": momentum, "nesterov": nesterov}
        return look(frame, optimizer=optimizer, batch_size="full", schedule="constant")

    bound = asked(0.01)["curvature"]["bound"]
    assert bound["guide"] is None
    for share, diverges in ((0.97, False), (1.03, True)):
        rate = share * bound["learning_rate"]
        assert (descent(Z, y, rate, momentum, nesterov) > 1) == diverges
        found = warned(asked(rate)).get("learning_rate_unstable")
        assert (found is not None) == diverges
        if found is not None:
            assert f"above {bound['learning_rate']:.4g}" in found["detail"]
            assert "guide" not in found["detail"]
            assert found["pointer"] == "/optimizer/learning_rate"


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"optimizer": {"kind": "adam", "learning_rate": 50}}, "adam"),
        ({"batch_size": 8}, "batches of 8 rows"),
        ({"loss": "huber", "batch_size": "full"}, "huber"),
        ({"loss": "mae", "batch_size": "full"}, "mae"),
        ({"network": {"kind": "mlp"}, "batch_size": "full"}, "hidden layers"),
    ],
)
def test_a_bound_that_is_a_guide_says_why(look: Look, choices: dict[str, Any], reason: str) -> None:
    answer = look(numbers(), **{"optimizer": {"kind": "sgd", "learning_rate": 50}, "schedule": "constant", **choices})
    assert reason in answer["curvature"]["bound"]["guide"]
    assert (
        f"a guide only: {answer['curvature']['bound']['guide']}" in warned(answer)["learning_rate_unstable"]["detail"]
    )


def test_small_batches_diverge_above_a_lower_bound(look: Look) -> None:
    """One row at a time, on rows of the same length: each step then lengthens the error, or each shortens it."""
    draw = draws(3)
    signs = draw.choice([-1.0, 1.0], (ROWS, 20))
    frame = pd.DataFrame(signs, columns=[f"x{n}" for n in range(20)])
    frame["y"] = signs @ draw.normal(size=20)
    spec = {"batch_size": 1, "network": {"bias": False}, "scaler": "none"}
    found = look(frame, optimizer={"kind": "sgd", "learning_rate": 0.01}, **spec)["curvature"]
    bound = found["bound"]["learning_rate"]
    for share, grows in ((0.95, False), (1.15, True)):
        error = draw.normal(size=20)
        start = np.linalg.norm(error)
        for row in draw.integers(0, ROWS, 2000):
            error = error - share * bound * 2 * signs[row] * (signs[row] @ error)
        assert (np.linalg.norm(error) > start) == grows
        asked = {"kind": "sgd", "learning_rate": share * bound}
        assert ("learning_rate_unstable" in warned(look(frame, optimizer=asked, **spec))) == grows
    assert bound < found["scaled"]["stable_learning_rate"] / 5


def test_no_scaling_is_told_where_it_costs(look: Look) -> None:
    frame = numbers()
    found = warned(look(frame, scaler="none"))["not_scaled"]
    for kind in ("none", "standard"):
        values = eigenvalues(design(frame, FEATURES, kind))
        assert f"{values[-1] / values[0]:.4g}" in found["detail"]
    assert found["pointer"] == "/scaler"
    alike = frame.assign(c=(frame.c - 1000) / 50)
    assert "not_scaled" not in warned(look(alike, scaler="none"))
    assert "not_scaled" not in warned(look(frame, scaler="standard"))


def test_a_batch_larger_than_the_rows(look: Look) -> None:
    assert "320 training rows" in warned(look(numbers(), batch_size=321))["batch_larger_than_rows"]["detail"]
    assert "batch_larger_than_rows" not in warned(look(numbers(), batch_size=320))


def test_early_stopping_that_cannot_stop(look: Look) -> None:
    stopping = {"patience": 10, "min_delta": 0.0}
    blind = warned(look(numbers(), early_stopping=stopping, split={"validation": 0}))
    assert blind["early_stopping_blind"]["pointer"] == "/early_stopping"
    seeing = warned(look(numbers(), early_stopping=stopping))
    assert not {"early_stopping_blind", "patience_long"} & set(seeing)
    assert "patience_long" in warned(look(numbers(), early_stopping=stopping, epochs=10))


def test_epochs_that_do_not_suffice_for_the_flattest_direction(look: Look) -> None:
    draw = draws(6)
    frame = numbers().assign(b=lambda it: it.a + 0.01 * draw.normal(size=ROWS))
    values = eigenvalues(design(frame, FEATURES))
    needed = int(np.ceil(9 * np.sqrt(values[-1] / values[0])))  # nine time constants of Nesterov's, each √κ epochs
    assert f"about {needed:,} epochs" in warned(look(frame, epochs=needed - 1))["epochs_few"]["detail"]
    assert "epochs_few" not in warned(look(frame, epochs=needed))
    assert "epochs_few" not in warned(look(frame, epochs="auto"))


def test_epochs_at_a_rate_of_ones_own(look: Look) -> None:
    """Plain descent contracts the flattest direction by 1 - ηλmin in an epoch, and the loss by its square."""
    frame = numbers()
    Z = design(frame, FEATURES)
    rate, low = 0.01, eigenvalues(Z)[0]
    needed = next(n for n in range(1, 100_000) if (1 - rate * low) ** (2 * n) <= 0.01)
    spec = {"optimizer": {"kind": "sgd", "learning_rate": rate}, "batch_size": "full", "schedule": "constant"}
    assert f"about {needed:,} epochs" in warned(look(frame, **spec, epochs=needed - 1))["epochs_few"]["detail"]
    assert "epochs_few" not in warned(look(frame, **spec, epochs=needed))
