"""Hundreds of classes, columns, targets: what explains a model has a bound of counted work and says what it left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.ends.asking import ended, report_of, upload
from workers.optimum.effort import BUDGET, EIGENVALUES, LONGEST, SINGULAR, Size, to_convex, to_least_squares
from workers.optimum.linear_program import MOST_CELLS, MOST_FOR_ALL, too_many_cells


def classes(rows: int, count: int, columns: int) -> bytes:
    """Rows around a centre of each class."""
    draw = np.random.default_rng(0)
    places = np.arange(rows) % count
    cells = draw.normal(size=(count, columns))[places] + draw.normal(size=(rows, columns))
    lines = [f"{','.join(f'{cell:.4f}' for cell in row)},c{place}" for row, place in zip(cells, places, strict=True)]
    return "\n".join([",".join([*(f"x{column}" for column in range(columns)), "y"]), *lines, ""]).encode()


def trained(deps: Deps, client: FlaskClient, data: bytes, **spec: Any) -> dict[str, Any]:
    job = ended(deps, client, upload(deps, client, data)["id"], **spec)
    assert job["state"] == "succeeded", job["error"]
    return report_of(client, job)


def test_four_hundred_classes_have_a_report_without_the_optimum_that_would_take_minutes(
    deps: Deps, client: FlaskClient
) -> None:
    report = trained(deps, client, classes(2_400, 400, 4), epochs=3)
    assert report["certificate"] is None
    assert "takes too long compared with the training" in report["certificate_left_out"]
    assert "fewer classes" in report["certificate_left_out"]
    assert len(report["importance"]) == 4
    assert len(report["classes"]["per_class"]) == 400


def test_the_mend_of_fewer_classes_works(deps: Deps, client: FlaskClient) -> None:
    report = trained(deps, client, classes(2_400, 5, 4), epochs=3)
    assert report["certificate"]["gap"] >= 0


@pytest.mark.parametrize("outputs", [3, 10, 50, 100, 400, 1000])
@pytest.mark.parametrize("rows", [100, 1_000, 5_000, 100_000])
@pytest.mark.parametrize("width", [2, 20, 200, 2_000])
def test_no_search_is_begun_whose_matrices_alone_take_longer_than_it_may(outputs: int, rows: int, width: int) -> None:
    """The eigenvectors of a matrix of k·q rows, and a block of it for each pair of classes, are counted."""
    size = Size(rows, width, outputs)
    way = to_convex(size, BUDGET, errors=True)
    if way is None:
        return
    side = size.weights if way.whole else outputs * min(width, outputs + 1)
    assert side**3 / 4 <= BUDGET
    assert outputs * (outputs - 1) / 2 * 10_000 <= BUDGET  # a call for each pair of classes


def test_ten_classes_are_certified_as_before() -> None:
    way = to_convex(Size(50_000, 30, 10), BUDGET, errors=True)
    assert way is not None
    assert way.exact


def test_thousands_of_columns_are_told_apart_for_half_a_minute_at_most() -> None:
    assert to_least_squares(Size(5_000, 2_000, 1), BUDGET) is not None
    assert to_least_squares(Size(5_000, 8_000, 1), BUDGET) is None
    assert SINGULAR * 3_900**3 < LONGEST < SINGULAR * 4_100**3
    assert EIGENVALUES < SINGULAR


def test_linear_programs_of_many_targets_have_a_bound_together() -> None:
    assert too_many_cells("mae", MOST_CELLS, 5) is None
    why = too_many_cells("mae", MOST_CELLS, 6)
    assert why is not None
    assert f"{MOST_FOR_ALL:,} cells" in why
    assert too_many_cells("mae", MOST_CELLS // 6, 6) is None
    assert "up to 200,000 cells" in (too_many_cells("mae", MOST_CELLS + 1, 1) or "")


def test_each_of_many_targets_has_the_optimum_that_it_has_alone(deps: Deps, client: FlaskClient) -> None:
    """They share what tells the columns apart."""
    draw = np.random.default_rng(2)
    features, targets = draw.normal(size=(60, 3)).round(4), [f"t{place}" for place in range(12)]
    goals = (features @ draw.normal(size=(3, 12)) + draw.normal(size=(60, 12))).round(4)
    lines = [",".join(map(str, [*one, *other])) for one, other in zip(features.tolist(), goals.tolist(), strict=True)]
    data = "\n".join([",".join(["a", "b", "c", *targets]), *lines, ""]).encode()
    report = trained(deps, client, data, target=targets, split={"validation": 0})
    for place, target in enumerate(targets):
        found = report["by_target"][target]["certificate"]
        design = np.column_stack([np.ones(60), features])
        exact = np.linalg.lstsq(design, goals[:, place], rcond=None)[0]
        assert [one["value"] for one in found["coefficients"]] == pytest.approx(exact.tolist(), rel=1e-9)
