"""Warnings about rates, scaling, batches, epochs and stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.behaviour.preflight.looking import FEATURES, ROWS, Look, design, draws, eigenvalues, numbers, warned


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
        ({"network": {"kind": "mlp", "hidden": [8]}, "batch_size": "full"}, "hidden layers"),
    ],
)
def test_a_bound_that_is_a_guide_says_why(look: Look, choices: dict[str, Any], reason: str) -> None:
    answer = look(numbers(), **{"optimizer": {"kind": "sgd", "learning_rate": 50}, "schedule": "constant", **choices})
    assert reason in answer["curvature"]["bound"]["guide"]
    assert (
        f"only a guide: {answer['curvature']['bound']['guide']}" in warned(answer)["learning_rate_unstable"]["detail"]
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


def shares_left(Z: np.ndarray, y: np.ndarray, rates: Any, nesterov: bool, epochs: int) -> np.ndarray:
    """(epochs + 1,) of the gap of y at mean 0 to its least loss, from zero weights: full-batch descent on the rows."""
    y = y - y.mean()
    least = np.mean((Z @ np.linalg.lstsq(Z, y, rcond=None)[0] - y) ** 2)
    w, velocity = np.zeros(Z.shape[1]), np.zeros(Z.shape[1])
    losses = [np.mean(y**2)]
    for _ in range(epochs):
        gradient = 2 / len(Z) * Z.T @ (Z @ w - y)
        velocity = rates["momentum"] * velocity + gradient
        w = w - rates["learning_rate"] * (gradient + rates["momentum"] * velocity if nesterov else velocity)
        losses.append(np.mean((Z @ w - y) ** 2))
    return (np.array(losses) - least) / (losses[0] - least)


@pytest.mark.parametrize(
    "choices",
    [{}, {"optimizer": {"kind": "sgd", "learning_rate": 0.01}, "batch_size": "full", "schedule": "constant"}],
)
@pytest.mark.parametrize("epochs", [1, 3, 10, 60, 400])
def test_what_epochs_leave_of_the_gap_is_told_where_it_is_much(
    look: Look, choices: dict[str, Any], epochs: int
) -> None:
    frame = numbers().assign(b=lambda it: it.a + 0.2 * draws(6).normal(size=ROWS))
    answer = look(frame, **choices, epochs=epochs)
    left = shares_left(design(frame, FEATURES), frame.y.to_numpy(), answer["rates"], not choices, epochs)
    run = answer["curvature"]["forecast"]["run"]
    assert run["share_left"] == pytest.approx(left[-1], rel=1e-4, abs=1e-9)
    assert run["epochs_to_1_percent"] == (int(np.argmax(left <= 0.01)) if (left <= 0.01).any() else None)
    told = warned(answer).get("epochs_few")
    assert (told is not None) == (left[-1] > 0.01)
    if told is not None:
        assert f"after {epochs:,} epochs about {left[-1]:.2g} of the gap" in told["detail"]


def of_a_city(frame: pd.DataFrame) -> pd.DataFrame:
    """With words beside the numbers, the matrix does not tell how descent goes: what is left is the worst case."""
    return frame.assign(city=draws(8).choice(["x", "y", "z"], ROWS))


def test_epochs_that_do_not_suffice_for_the_flattest_direction(look: Look) -> None:
    draw = draws(6)
    frame = numbers().assign(b=lambda it: it.a + 0.01 * draw.normal(size=ROWS))
    values = eigenvalues(design(frame, FEATURES))
    needed = int(np.ceil(9 * np.sqrt(values[-1] / values[0])))  # nine time constants of Nesterov's, each √κ epochs
    few = look(of_a_city(frame), epochs=needed - 1)
    assert few["curvature"]["forecast"] is None
    assert few["curvature"]["forecast_left_out"] == "the Gram matrix lacks 'city'"
    assert (
        f"directions (condition number {values[-1] / values[0]:.4g}) need about {needed:,} epochs"
        in (warned(few)["epochs_few"]["detail"])
    )
    assert "epochs_few" not in warned(look(of_a_city(frame), epochs=needed))
    assert "epochs_few" not in warned(look(frame, epochs="auto"))


def test_epochs_at_a_rate_of_ones_own(look: Look) -> None:
    """Plain descent contracts the flattest direction by 1 - ηλmin in an epoch, and the loss by its square."""
    frame = of_a_city(numbers())
    Z = design(frame, FEATURES)
    rate, low = 0.01, eigenvalues(Z)[0]
    needed = next(n for n in range(1, 100_000) if (1 - rate * low) ** (2 * n) <= 0.01)
    spec = {"optimizer": {"kind": "sgd", "learning_rate": rate}, "batch_size": "full", "schedule": "constant"}
    assert f"about {needed:,} epochs" in warned(look(frame, **spec, epochs=needed - 1))["epochs_few"]["detail"]
    assert "epochs_few" not in warned(look(frame, **spec, epochs=needed))


def test_what_scaling_saves_is_forecast_and_else_called_a_bound(look: Look) -> None:
    draw = draws(5)
    frame = pd.DataFrame({"a": draw.normal(size=ROWS), "b": 40 * draw.normal(size=ROWS)})
    frame["y"] = frame.a + frame.b / 40 + draw.normal(size=ROWS)
    found = look(frame, scaler="none")
    y = frame.y.to_numpy()

    def best(kind: str) -> int:
        """The fewest epochs of any of many rates, counted on the rows."""
        Z = design(frame, ["a", "b"], kind)
        stable = 2 / eigenvalues(Z)[-1]
        counts = []
        for share in np.linspace(0.3, 0.9999, 40):
            left = shares_left(Z, y, {"learning_rate": share * stable, "momentum": 0.0}, False, 4000)
            counts.append(int(np.argmax(left <= 0.01)) if (left <= 0.01).any() else 10**9)
        return min(counts)

    slow, fast = (found["curvature"]["forecast"][name]["epochs_to_1_percent"] for name in ("raw", "scaled"))
    assert slow == fast  # the scaler is none: what is read is what came
    assert slow <= best("none") <= 1.05 * slow
    said = warned(found)["not_scaled"]["detail"]
    standard = look(frame)["curvature"]["forecast"]["scaled"]["epochs_to_1_percent"]
    assert standard <= best("standard") <= standard + 1
    assert f"of this table after {slow:,} instead of after {standard:,}" in said
    words = warned(look(of_a_city(frame), scaler="none"))["not_scaled"]["detail"]
    assert "in the worst case" in words
    assert "a bound, not a forecast" in words


def test_no_scaling_is_no_matter_where_descent_is_as_soon_without(look: Look) -> None:
    """A target that lies along the large column alone, which has no shift: one step in its direction is enough."""
    draw = draws(9)
    frame = pd.DataFrame({"large": 1000 * draw.normal(size=ROWS), "small": draw.normal(size=ROWS)})
    frame["large"] -= frame.large.mean()
    frame["y"] = frame.large
    answer = look(frame, scaler="none")
    assert answer["curvature"]["raw"]["condition_number"] > 1000
    assert answer["curvature"]["forecast"]["raw"]["epochs_to_1_percent"] == 1
    assert "not_scaled" not in warned(answer)


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"loss": "huber"}, "squared error"),
        ({"network": {"kind": "mlp"}}, "squared error"),
        ({"weight_column": "c"}, "weighted"),
    ],
)
def test_why_there_is_no_forecast_is_told(look: Look, choices: dict[str, Any], reason: str) -> None:
    found = look(numbers(), **choices)["curvature"]
    assert found["forecast"] is None
    assert reason in found["forecast_left_out"]


def test_gaps_leave_the_forecast_out(look: Look) -> None:
    """A column with gaps gets a second one in training, which the matrix does not have."""
    frame = numbers()
    frame.loc[:5, "a"] = np.nan
    found = look(frame)["curvature"]
    assert found["forecast"] is None
    assert found["forecast_left_out"] == "there are missing cells in 'a'"
