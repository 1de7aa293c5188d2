"""L-BFGS against scipy's L-BFGS-B on the same problem, and its parts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import line_search, minimize, rosen, rosen_der
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression

from service.domain.model.network import Network
from workers.training import checkpoint
from workers.training.engines.autograd import AutogradEngine
from workers.training.engines.lbfgs import Lbfgs, Point, direction
from workers.training.engines.line_search import Trial, strong_wolfe
from workers.training.problem import Data, Problem, State
from workers.training.progress import Progress

ROWS = 200
RIDGE = 0.01
generator = np.random.default_rng(0)
X = generator.normal(size=(ROWS, 4)).astype(np.float32)
SLOPES = np.array([[2.0, -1.0, 0.5, 0.0], [0.0, 1.0, 1.0, -3.0]])
NUMBERS = (X @ SLOPES.T + generator.normal(size=(ROWS, 2))).astype(np.float32)
NUMBERS[:10] += 20  # outliers, so that Huber's loss is not the squared one
TWO = (X[:, 0] + generator.normal(size=ROWS) > 0).astype(np.int64)
THREE = np.argmax(X[:, :3] + generator.normal(size=(ROWS, 3)), axis=1)
COUNTS = generator.uniform(0, 2, ROWS)
COUNTS = (COUNTS / COUNTS.mean()).astype(np.float32)


def by_hand(loss: str, targets: np.ndarray, outputs: int, weights: np.ndarray) -> float:
    """The objective of a linear neuron, written out in numpy."""
    W, b = weights[: 4 * outputs].reshape(outputs, 4), weights[4 * outputs :]
    scores = X.astype(np.float64) @ W.T + b
    if loss == "mse":
        rows = ((scores - targets) ** 2).sum(axis=1)
    elif loss == "huber":
        off = np.abs(scores - targets)
        rows = np.where(off < 1, off**2 / 2, off - 0.5).sum(axis=1)
    elif outputs == 1:
        rows = -np.log(np.where(targets == 1, expit(scores[:, 0]), expit(-scores[:, 0])))
    else:
        rows = -log_softmax(scores, axis=1)[np.arange(ROWS), targets]
    return float(np.mean(COUNTS * rows) + RIDGE / 2 * (W**2).sum())


def follow(problem: Problem, targets: np.ndarray, epochs: int) -> tuple[State, list[float]]:
    engine, state = AutogradEngine(problem, {"train": Data(X, targets, COUNTS)}), State.start(problem)
    order = np.arange(ROWS)
    return state, [engine.epoch(state, epoch, order, ROWS, 1.0, lambda: None) for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize(
    ("loss", "targets", "outputs"),
    [("mse", NUMBERS, 2), ("huber", NUMBERS, 2), ("cross_entropy", TWO, 1), ("cross_entropy", THREE, 3)],
)
def test_the_optimum_is_scipys(loss: str, targets: np.ndarray, outputs: int) -> None:
    state, losses = follow(Problem(Network((4, outputs)), loss, "lbfgs", l2=RIDGE), targets, 60)
    found = minimize(
        lambda weights: by_hand(loss, targets, outputs, weights), np.zeros(5 * outputs), method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9, "maxfun": 100_000},
    )  # fmt: skip
    assert by_hand(loss, targets, outputs, state.moments["weights"]) == pytest.approx(found.fun, rel=1e-9)
    np.testing.assert_allclose(state.moments["weights"], found.x, atol=2e-4)  # scipy's gradient is by differences
    assert state.parameters.tolist() == state.moments["weights"].astype(np.float32).tolist()
    assert losses[0] == pytest.approx(by_hand(loss, targets, outputs, np.zeros(5 * outputs)), rel=1e-6)
    assert losses[-1] < losses[1] < losses[0]


def test_a_classifier_is_scikit_learns() -> None:
    state, _ = follow(Problem(Network((4, 1)), "cross_entropy", "lbfgs", l2=RIDGE), TWO, 60)
    model = LogisticRegression(C=1 / (RIDGE * ROWS), tol=1e-10, max_iter=10_000)
    model.fit(X.astype(np.float64), TWO, sample_weight=COUNTS)
    np.testing.assert_allclose(state.moments["weights"], [*model.coef_[0], *model.intercept_], atol=1e-5)


def test_a_network_comes_as_low_as_scipy_takes_it() -> None:
    problem = Problem(Network((4, 5, 2), "tanh"), "mse", "lbfgs", l2=RIDGE, seed=3)
    state, _ = follow(problem, NUMBERS, 800)
    engine = AutogradEngine(problem, {"train": Data(X, NUMBERS, COUNTS)})

    def objective(weights: np.ndarray) -> tuple[float, np.ndarray]:
        point = engine._whole(weights.copy())
        return point.objective, point.gradient.copy()

    start = State.start(problem).moments["weights"]
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 50_000})
    assert objective(state.moments["weights"])[0] <= found.fun * 1.02  # not convex: the valleys may differ
    assert np.abs(objective(state.moments["weights"])[1]).max() < 1e-4


def test_a_run_that_was_cut_off_ends_in_the_same_bits() -> None:
    problem = Problem(Network((4, 5, 2), "tanh"), "mse", "lbfgs", l2=RIDGE, seed=3)
    whole, _ = follow(problem, NUMBERS, 30)
    state = State.start(problem)
    for epoch in range(1, 31):
        engine = AutogradEngine(problem, {"train": Data(X, NUMBERS, COUNTS)})
        engine.epoch(state, epoch, np.arange(ROWS), ROWS, 1.0, lambda: None)
        state = checkpoint.read(checkpoint.dump(Progress(state))).state
    assert state.parameters.tobytes() == whole.parameters.tobytes()
    assert {name: vector.tobytes() for name, vector in state.moments.items()} == {
        name: vector.tobytes() for name, vector in whole.moments.items()
    }


def test_at_the_optimum_it_stays() -> None:
    problem = Problem(Network((4, 2)), "mse", "lbfgs", l2=RIDGE)
    engine, state = AutogradEngine(problem, {"train": Data(X, NUMBERS)}), State.start(problem)
    looks = []
    for epoch in range(1, 41):
        engine.epoch(state, epoch, np.arange(ROWS), ROWS, 1.0, lambda: looks.append(1))
        if epoch == 30:
            there, until = state.parameters.copy(), len(looks)
    assert state.parameters.tolist() == there.tolist()
    assert len(looks) - until == 10  # it does not search on


def test_a_question_between_two_looks_at_the_rows_leaves_the_state_as_it_was() -> None:
    problem = Problem(Network((4, 2)), "mse", "lbfgs")
    engine, state = AutogradEngine(problem, {"train": Data(X, NUMBERS)}), State.start(problem)
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.epoch(state, 1, np.arange(ROWS), ROWS, 1.0, check)
    assert not state.parameters.any()
    assert not state.moments["steps"].any()


@pytest.mark.parametrize("rate", [0.001, 0.1, 1.0])
def test_the_rate_is_the_length_of_the_first_step_that_is_tried(rate: float) -> None:
    tried: list[np.ndarray] = []

    def bowl(weights: np.ndarray) -> Point:
        tried.append(weights.copy())
        value = float(50 * weights @ weights)
        return Point(weights, value, value, 100 * weights)

    weights = np.array([3.0, 4.0])
    moments = {"weights": weights, "steps": np.zeros(20), "changes": np.zeros(20)}
    Lbfgs(bowl).iterate(State(weights.astype(np.float32), moments), rate, lambda: None)
    assert np.linalg.norm(tried[1] - [3, 4]) == pytest.approx(rate)


def test_the_direction_is_that_of_the_bfgs_matrix() -> None:
    """The inverse Hessian written out (Nocedal & Wright, eq. 6.17), pair by pair."""
    draw = np.random.default_rng(5)
    root = draw.normal(size=(6, 6))
    hessian = root @ root.T + np.eye(6)
    steps = draw.normal(size=(3, 6))
    changes = steps @ hessian
    inverse = np.eye(6) * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes, strict=True):
        rho = 1 / (s @ y)
        V = np.eye(6) - rho * np.outer(y, s)
        inverse = V.T @ inverse @ V + rho * np.outer(s, s)
    gradient = draw.normal(size=6)
    empty = np.zeros((2, 6))
    found = direction(gradient, np.vstack([empty, steps]), np.vstack([empty, changes]))
    np.testing.assert_allclose(found, -inverse @ gradient, rtol=1e-10)


@pytest.mark.parametrize("first", [1e-6, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(5))
def test_a_step_meets_both_wolfe_conditions(first: float, seed: int) -> None:
    point = np.random.default_rng(seed).normal(size=4)
    path = -rosen_der(point)

    def along(step: float) -> Trial:
        there = point + step * path
        return Trial(step, rosen(there), float(rosen_der(there) @ path))

    start = along(0.0)
    found = strong_wolfe(along, start, first)
    assert found is not None
    assert found.objective <= start.objective + 1e-4 * found.step * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert line_search(rosen, rosen_der, point, path)[0] is not None  # scipy finds one there too


def test_a_step_out_of_what_is_finite_is_taken_back() -> None:
    def along(step: float) -> Trial:
        inside = step < 1
        value = -np.log(1 - step) - 2 * step if inside else np.nan
        return Trial(step, value, 1 / (1 - step) - 2 if inside else np.nan)

    found = strong_wolfe(along, along(0.0), 8.0)
    assert found is not None
    assert found.step == pytest.approx(0.5, abs=0.45)


def test_uphill_and_on_the_level_there_is_nothing_to_find() -> None:
    assert strong_wolfe(lambda step: Trial(step, step, 1.0), Trial(0.0, 0.0, 1.0), 1.0) is None
    assert strong_wolfe(lambda step: Trial(step, 0.0, 0.0), Trial(0.0, 0.0, 0.0), 1.0) is None
    # said to fall, but it does not: what rounding makes of an optimum
    assert strong_wolfe(lambda step: Trial(step, 1.0, -1e-9), Trial(0.0, 1.0, -1e-9), 1.0) is None
