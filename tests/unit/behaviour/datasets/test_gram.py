"""The Gram matrix that ingest stores, against numpy on the rows themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from service.domain.descent.curvature import curvature, gram
from service.domain.descent.gram import Gram
from tests.unit.workers.ingest.profiling.test_profile import profiled

NAMES = ("a", "b", "c", "d", "flag")


def table(rows: int, gaps: float, seed: int = 1) -> pd.DataFrame:
    """Correlated columns, one of them 1e8 from zero, and one of truths; so many cells missing of all but d."""
    draw = np.random.default_rng(seed)
    values = draw.standard_normal((rows, 4)) @ draw.standard_normal((4, 4)) + [0, 1e8, -5, 3]
    frame = pd.DataFrame(values, columns=list("abcd"))
    frame["flag"] = (frame["a"] + draw.standard_normal(rows) > 0).astype(float)
    for name in ("a", "b", "c", "flag"):
        frame.loc[draw.random(rows) < gaps, name] = np.nan
    return frame


def stored(path: Path, frame: pd.DataFrame, group: int = 333) -> Gram:
    """As it is read back from its bytes."""
    cells = {name: [None if np.isnan(cell) else cell for cell in frame[name]] for name in frame}
    kinds = dict.fromkeys(frame, "numeric")
    if "flag" in cells:
        cells["flag"] = [None if cell is None else bool(cell) for cell in cells["flag"]]
        kinds["flag"] = "boolean"
    found = profiled(path, cells, kinds, group).gram
    assert found is not None
    return Gram.from_bytes(found.to_bytes())


def centred(frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.nan_to_num((frame - frame.mean()).to_numpy())


@pytest.mark.parametrize("gaps", [0.0, 0.25])
@pytest.mark.parametrize("group", [1, 90, 5000])
def test_products_are_those_of_rows_with_means_in_the_gaps(tmp_path: Path, gaps: float, group: int) -> None:
    frame = table(1000, gaps)
    found = stored(tmp_path, frame, group)
    assert (found.names, found.rows) == (NAMES, 1000)
    np.testing.assert_array_equal(found.counts, frame.count())
    np.testing.assert_allclose(found.means, frame.mean(), rtol=1e-12)
    expected = centred(frame).T @ centred(frame)
    np.testing.assert_allclose(found.centred, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("gaps", [0.0, 0.25])
def test_correlations_are_those_over_the_rows_that_have_both(tmp_path: Path, gaps: float) -> None:
    frame = table(1000, gaps)
    expected = frame.corr()
    found = stored(tmp_path, frame).correlations_with("c")
    assert {row["column"] for row in found} == set(NAMES) - {"c"}
    for row in found:
        both = frame[[row["column"], "c"]].dropna()
        assert row["rows"] == len(both)
        assert row["correlation"] == pytest.approx(np.corrcoef(both.to_numpy().T)[0, 1], abs=1e-9)
        assert row["correlation"] == pytest.approx(expected.loc[row["column"], "c"], abs=1e-7)
    sizes = [abs(row["correlation"]) for row in found]
    assert sizes == sorted(sizes, reverse=True)


def test_gaps_that_begin_late_are_counted(tmp_path: Path) -> None:
    frame = table(1000, 0.0)
    frame.loc[900:, "a"] = np.nan
    frame.loc[:99, "b"] = np.nan
    found = {row["column"]: row for row in stored(tmp_path, frame, 100).correlations_with("a")}
    assert found["b"]["rows"] == 800
    assert found["b"]["correlation"] == pytest.approx(np.corrcoef(frame[100:900][["a", "b"]].to_numpy().T)[0, 1])


def test_columns_that_are_never_there_together_have_no_correlation(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3, np.nan, np.nan, np.nan], "b": [np.nan] * 3 + [4.0, 5, 7], "c": 2.0})
    found = stored(tmp_path, frame, 2)
    assert [(row["correlation"], row["rows"]) for row in found.correlations_with("a")] == [(None, 0), (None, 3)]


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_curvature_is_that_of_the_rows(tmp_path: Path, scaled: bool, bias: bool) -> None:
    frame = table(1000, 0.2).drop(columns="b")
    frame["constant"] = 7.1
    found = stored(tmp_path, frame).curvature(["a", "d", "flag", "constant"], bias, scaled)
    design = frame[["a", "d", "flag"]].fillna(frame.mean())
    if scaled:
        design = (design - design.mean()) / design.std(ddof=0)
    expected = curvature(gram([design.to_numpy()], 3, bias))
    assert found is not None
    assert expected is not None
    assert found.lambda_max == pytest.approx(expected.lambda_max, rel=1e-9)
    assert found.lambda_min == pytest.approx(expected.lambda_min, rel=1e-9)


def test_optimum_is_the_least_squares_fit(tmp_path: Path) -> None:
    frame = table(1000, 0.2)
    found = stored(tmp_path, frame).optimum("d", ["a", "b", "flag"])
    design = np.column_stack([frame[["a", "b", "flag"]].fillna(frame.mean()), np.ones(1000)])
    design[:, 1] -= 1e8
    weights, residuals, _, _ = np.linalg.lstsq(design, frame["d"].to_numpy(), rcond=None)
    assert found is not None
    assert [item["value"] for item in found["coefficients"]] == pytest.approx(weights[:3], rel=1e-6)
    assert found["intercept"] == pytest.approx(weights[3] - 1e8 * weights[1], rel=1e-6)
    assert found["mse"] == pytest.approx(residuals[0] / 1000, rel=1e-9)
    assert found["r2"] == pytest.approx(1 - residuals[0] / ((frame["d"] - frame["d"].mean()) ** 2).sum(), rel=1e-9)


def test_columns_that_say_the_same_share_the_weight(tmp_path: Path) -> None:
    x = np.arange(20.0)
    frame = pd.DataFrame({"x": x, "twin": x, "y": 4 * x + 1, "same": 3.0})
    found = stored(tmp_path, frame).optimum("y", ["x", "twin", "same"])
    assert found is not None
    assert found["rank"] == 1
    assert [item["value"] for item in found["coefficients"]] == pytest.approx([2, 2, 0])
    assert found["intercept"] == pytest.approx(1)
    assert found["mse"] == pytest.approx(0, abs=1e-9)


def test_target_with_gaps_has_no_optimum_here(tmp_path: Path) -> None:
    assert stored(tmp_path, table(100, 0.2)).optimum("a", ["d"]) is None


def test_unknown_column_is_a_key_error(tmp_path: Path) -> None:
    found = stored(tmp_path, table(10, 0.0))
    with pytest.raises(KeyError):
        found.correlations_with("nothing")
