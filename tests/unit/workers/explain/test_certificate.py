"""What is certified of a trained neuron, and what is not: on the training path, from the table to the report's part."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from service.domain.cells.kinds import Kind
from service.domain.spec.training import NetworkSpec, OptimizerSpec, Split, TrainingSpec
from service.domain.vocabulary.losses import LOSSES
from tests.unit.workers.training.running import run, spec_of, write_table
from workers.explain.certificate import Certified, Trained, certify
from workers.optimum.effort import Size, to_convex

ROWS = 300
KINDS: dict[str, Kind] = {"a": "numeric", "b": "numeric", "w": "numeric", "y": "numeric", "c": "categorical"}


def table(rows: int = ROWS) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=rows), draw.normal(size=rows) * 50 + 1000
    y = 3 * a - 0.1 * b + draw.standard_exponential(rows)
    return {"a": a, "b": b, "w": draw.uniform(0, 3, rows), "y": y, "c": np.where(y > np.median(y), "high", "low")}


def certified(
    tmp_path: Path, spec: TrainingSpec, keep_bytes: int = 2**30, rows: int = ROWS, **allowed: int
) -> Certified:
    (target,) = spec.targets
    kinds = {name: KINDS[name] for name in ("a", "b", target)}
    path = write_table(tmp_path / "t", table(rows), KINDS)
    done = run(path, spec, kinds)
    features = {name: kind for name, kind in kinds.items() if name != target}
    trained = Trained(
        lambda: contextlib.nullcontext(path), spec, features, done.prepared, done.predictor,
        **{"epochs": spec.epochs, "keep_bytes": keep_bytes, **allowed},
    )  # fmt: skip
    return certify(trained, lambda: None)[target]


def spec_for(loss: str, **changes: Any) -> TrainingSpec:
    """Trained well, on all rows."""
    target, task = ("c", "binary") if loss == "cross_entropy" else ("y", "regression")
    optimizer = changes.pop("optimizer", OptimizerSpec("sgd"))
    return spec_of(
        target, task, split=Split(0, 0), loss=loss, optimizer=optimizer, epochs=400, **{"schedule": "cosine", **changes}
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_a_neuron_that_was_trained_long_is_near_its_optimum(tmp_path: Path, loss: str) -> None:
    found = certified(tmp_path, spec_for(loss, **({"quantile": 0.8} if loss == "quantile" else {})))
    assert found.left_out is None
    assert found.certificate is not None
    assert -1e-9 <= found.certificate.gap < 0.06 * found.certificate.optimum_loss
    assert found.certificate.rank == 3
    assert [one.feature for one in found.certificate.coefficients] == ["intercept", "a", "b"]


@pytest.mark.parametrize("loss", ["mse", "huber", "cross_entropy"])
def test_rows_that_do_not_fit_the_memory_are_read_again_to_the_same_result(tmp_path: Path, loss: str) -> None:
    spec = spec_for(loss, optimizer=OptimizerSpec("sgd", l2=0.01))
    assert certified(tmp_path, spec, keep_bytes=0) == certified(tmp_path, spec)


def test_weighted_least_squares_is_that_of_statsmodels(tmp_path: Path) -> None:
    found = certified(tmp_path, spec_for("mse", weight_column="w")).certificate
    assert found is not None
    cells = table()
    design = sm.add_constant(np.column_stack([cells["a"], cells["b"]]))
    fitted = sm.WLS(cells["y"], design, weights=cells["w"] / cells["w"].mean()).fit()
    values, errors = (
        np.array([getattr(one, key) for one in found.coefficients]) for key in ("value", "standard_error")
    )
    assert values == pytest.approx(fitted.params, rel=1e-6)
    assert errors == pytest.approx(fitted.bse, rel=1e-6)


def test_smoothed_classes_have_no_certificate_of_the_true_ones(tmp_path: Path) -> None:
    found = certified(tmp_path, spec_for("cross_entropy", label_smoothing=0.1))
    assert found.certificate is None
    assert found.left_out == (
        "with label_smoothing training aims at other shares than the rows' own classes, whose optimum this is"
    )


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_of_clipped_columns_the_optimum_is_known_but_has_no_coefficients(tmp_path: Path, l2: float) -> None:
    """By numpy on the clipped columns; the score is no sum of multiples of the columns themselves."""
    spec = spec_for("mse", scaler="robust_clip", scale_target=False, optimizer=OptimizerSpec("sgd", l2=l2))
    found = certified(tmp_path, spec).certificate
    assert found is not None
    cells = table()
    design = [np.ones(ROWS)]
    for name in ("a", "b"):
        first, middle, third = np.quantile(cells[name], [0.25, 0.5, 0.75])
        scaled = (cells[name] - middle) / (third - first)
        design.append(scaled / np.sqrt(1 + (scaled / 3) ** 2))
    Z, y, penalty = np.stack(design, axis=1), cells["y"], np.diag([0.0, l2, l2])
    best = np.linalg.solve(2 / ROWS * Z.T @ Z + penalty, 2 / ROWS * Z.T @ y)
    least = np.mean((Z @ best - y) ** 2) + best @ penalty @ best / 2
    assert found.optimum_loss == pytest.approx(least, rel=1e-9)
    penalised = np.vstack([Z, np.sqrt(ROWS / 2 * penalty)])
    assert found.condition_number == pytest.approx(np.linalg.cond(penalised), rel=1e-9)
    assert 0 <= found.gap < 0.01 * found.optimum_loss
    assert found.coefficients == []
    assert found.note == "there are no coefficients in the columns' units: the scaler clips the columns"


@pytest.mark.parametrize(
    ("loss", "optimizer", "reason"),
    [
        ("mse", OptimizerSpec("sgd", l1=0.1), "l1"),
        ("mae", OptimizerSpec("sgd", l2=0.1), "mae with l2"),
    ],
)
def test_what_has_no_exact_optimum_says_why(tmp_path: Path, loss: str, optimizer: OptimizerSpec, reason: str) -> None:
    found = certified(tmp_path, spec_for(loss, optimizer=optimizer))
    assert found.certificate is None
    assert found.left_out is not None
    assert reason in found.left_out


def test_a_network_has_no_certificate_and_needs_no_reason(tmp_path: Path) -> None:
    spec = spec_of(network=NetworkSpec("mlp", (3,)), optimizer=OptimizerSpec("adam"), epochs=2)
    assert certified(tmp_path, spec) == Certified()


def test_a_small_table_that_stayed_in_memory_gives_the_same_as_one_that_is_read_again(tmp_path: Path) -> None:
    spec = spec_for("mse")
    kinds: dict[str, Kind] = {"a": "numeric", "b": "numeric", "y": "numeric"}
    path = write_table(tmp_path / "t", table(), kinds)
    done = run(path, spec, kinds)
    assert done.prepared.table is not None
    certificates = [
        certify(
            Trained(
                lambda: contextlib.nullcontext(path), spec, {"a": "numeric", "b": "numeric"}, prepared, done.predictor,
                10, 0,
            ),
            lambda: None,
        )
        for prepared in (done.prepared, replace(done.prepared, table=None))
    ]  # fmt: skip
    assert certificates[0] == certificates[1]


def test_a_small_table_is_not_fetched_again(tmp_path: Path) -> None:
    spec = spec_for("mse")
    kinds: dict[str, Kind] = {"a": "numeric", "b": "numeric", "y": "numeric"}
    done = run(write_table(tmp_path / "t", table(), kinds), spec, kinds)

    def fetched() -> contextlib.AbstractContextManager[Path]:
        raise AssertionError("the table was fetched")

    trained = Trained(fetched, spec, {"a": "numeric", "b": "numeric"}, done.prepared, done.predictor, 10, 0)
    assert certify(trained, lambda: None)["y"].certificate is not None


def test_a_dataset_that_was_deleted_meanwhile_is_named(tmp_path: Path) -> None:
    @contextlib.contextmanager
    def gone() -> Iterator[Path]:
        raise KeyError("blob")
        yield tmp_path

    spec = spec_for("mse")
    kinds: dict[str, Kind] = {"a": "numeric", "b": "numeric", "y": "numeric"}
    done = run(write_table(tmp_path / "t", table(), kinds), spec, kinds)
    for opened in (gone, lambda: contextlib.nullcontext(tmp_path / "never")):
        read_again = replace(done.prepared, table=None)  # as one is that is not small
        trained = Trained(opened, spec, {"a": "numeric", "b": "numeric"}, read_again, done.predictor, 10, 0)
        found = certify(trained, lambda: None)["y"]
        assert found.certificate is None
        assert "deleted" in (found.left_out or "")


def numbers(found: Certified, key: str) -> Any:
    assert found.certificate is not None
    return np.array([getattr(one, key) for one in found.certificate.coefficients])


def test_least_squares_goes_the_way_that_its_budget_has_room_for(tmp_path: Path) -> None:
    """900 cells: 90,000 units to read, some 330 for their products, 1,800 for a QR."""
    whole = certified(tmp_path, spec_for("mse"))
    cells = table()
    fitted = sm.OLS(cells["y"], sm.add_constant(np.column_stack([cells["a"], cells["b"]]))).fit()
    for budget, method, digits in ((91_000, "Cholesky and SVD", 1e-10), (0, "Cholesky and SVD", 1e-6)):
        found = certified(tmp_path, spec_for("mse"), budget=budget, epochs=0)
        assert found.certificate is not None
        assert whole.certificate is not None
        assert (whole.certificate.method, found.certificate.method) == ("QR and SVD", method)
        assert numbers(found, "value") == pytest.approx(fitted.params, rel=digits)
        assert numbers(found, "standard_error") == pytest.approx(fitted.bse, rel=digits)
        assert found.certificate.digits <= (7 if not budget else 15)
        assert ("seven digits" in (found.certificate.note or "")) == (not budget)


def test_classes_without_room_for_the_table_are_read_as_the_network_reads_them(tmp_path: Path) -> None:
    """6,000 rows of three: 1,800,000 units to read, 8,700,000 for 22 passes, 400,000 to convert."""
    spec = spec_for("cross_entropy")
    found = certified(tmp_path, spec, rows=6_000, budget=9_500_000, epochs=0)
    cells = table(6_000)
    columns = np.column_stack([cells["a"], cells["b"]])
    scaled = sm.add_constant((columns - columns.mean(axis=0)) / columns.std(axis=0))
    fitted = sm.Logit(cells["c"] == "low", scaled).fit(disp=0, method="newton", tol=1e-10, maxiter=100)
    assert found.certificate is not None
    assert "seven digits" in found.certificate.note
    assert found.certificate.optimum_loss == pytest.approx(-fitted.llf / 6_000, rel=1e-6)
    assert numbers(found, "value")[1:] == pytest.approx(fitted.params[1:] / columns.std(axis=0), rel=1e-5)
    assert numbers(found, "standard_error")[1:] == pytest.approx(fitted.bse[1:] / columns.std(axis=0), rel=1e-5)
    assert certified(tmp_path, spec, rows=6_000, budget=9_500_000, epochs=0) == found


def test_what_takes_too_long_is_left_out_with_what_to_do(tmp_path: Path) -> None:
    found = certified(tmp_path, spec_for("cross_entropy"), budget=0, epochs=0)
    assert found.certificate is None
    assert (found.left_out or "").endswith("takes too long compared with the training")  # nothing would help
    two, three = Size(300, 2, 1), Size(300, 3, 1)
    between = next(
        budget
        for budget in range(10_000, 10**7, 10_000)
        if to_convex(two, budget, True) and not to_convex(three, budget, True)
    )
    found = certified(tmp_path, spec_for("cross_entropy"), budget=between, epochs=0)
    assert found.certificate is None
    assert "with fewer features (`exclude`)" in (found.left_out or "")
    # a long training has room for it
    assert certified(tmp_path, spec_for("cross_entropy"), budget=0, epochs=10_000).certificate is not None


def test_a_search_that_does_not_come_to_rest_in_time_is_left_out_with_what_to_do(tmp_path: Path) -> None:
    """A neuron that has learnt nothing, and columns whose classes are all but apart: some 22 passes are too few."""
    draw = np.random.default_rng(0)
    x = draw.lognormal(0, 2, (6_000, 3))
    cells = {**dict(zip("abw", x.T, strict=True)), "y": x[:, 0], "c": np.where(x[:, 0] > 1, "high", "low")}
    cells["c"][:3] = ["high", "low", "high"]
    path = write_table(tmp_path / "t", cells, KINDS)
    kinds: dict[str, Kind] = {"a": "numeric", "b": "numeric", "c": "categorical"}
    spec = spec_of("c", "binary", split=Split(0, 0), epochs=1)
    done = run(path, spec, kinds)
    trained = Trained(
        lambda: contextlib.nullcontext(path), spec, {"a": "numeric", "b": "numeric"}, done.prepared, done.predictor,
        epochs=0, keep_bytes=2**30, budget=10_000_000,
    )  # fmt: skip
    reason = certify(trained, lambda: None)["c"].left_out
    assert reason is not None
    assert re.search(r"within 2\d passes", reason)
    assert "some l2" in reason
