"""The figures of a column, against numpy's on the same values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from service.errors import WorkFailed
from tests.unit.workers.ingest.reading import Ingested, ingest


def of_numbers(tmp_path: Path, values: np.ndarray) -> Ingested:
    lines = ["x,y", *(f"{'' if np.isnan(value) else repr(float(value))},a" for value in values)]
    return ingest(tmp_path, "\n".join(lines))


def test_figures_of_numbers_are_numpys(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(1e6, 3, 5000)
    values[generator.random(5000) < 0.1] = np.nan
    done = of_numbers(tmp_path, values)
    column, present = done.table.column("x"), values[~np.isnan(values)]
    assert column is not None
    assert (column.kind, column.nulls, column.whole) == ("numeric", int(np.isnan(values).sum()), False)
    assert (column.minimum, column.maximum) == (present.min(), present.max())
    assert column.mean == pytest.approx(present.mean(), rel=1e-12)
    assert column.standard_deviation == pytest.approx(present.std(ddof=1), rel=1e-9)
    assert column.distinct == pytest.approx(len(np.unique(present)), rel=0.1)
    shown = done.profile["x"]
    for share, value in shown["quantiles"].items():
        rank = (present < value).mean()
        assert rank == pytest.approx(float(share), abs=0.01)
    counts, edges = np.histogram(present, bins=20)
    np.testing.assert_allclose(shown["histogram"]["edges"], edges, rtol=1e-12)
    assert sum(shown["histogram"]["counts"]) == len(present)
    np.testing.assert_allclose(shown["histogram"]["counts"], counts, atol=2)


def test_few_different_values_are_counted_exactly(tmp_path: Path) -> None:
    values = np.random.default_rng(2).integers(1, 1500, 20_000).astype(float)
    done = of_numbers(tmp_path, values)
    column = done.table.column("x")
    assert column is not None
    assert (column.distinct, column.whole) == (len(np.unique(values)), True)
    assert done.profile["x"]["distinct_is_exact"]


def test_values_too_many_to_count_exactly_are_said_to_be(tmp_path: Path) -> None:
    done = of_numbers(tmp_path, np.arange(30_000.0))
    assert done.profile["x"]["distinct"] == pytest.approx(30_000, rel=0.1)
    assert not done.profile["x"]["distinct_is_exact"]


def test_words_are_counted(tmp_path: Path) -> None:
    words = ["b"] * 5 + ["a"] * 5 + ["c"] * 2 + [""] * 3
    done = ingest(tmp_path, "w,n\n" + "".join(f"{word},1\n" for word in words))
    column = done.table.column("w")
    assert column is not None
    assert (column.kind, column.nulls, column.distinct) == ("categorical", 3, 3)
    assert column.rarest == {"value": "c", "count": 2}
    assert done.profile["w"]["top"] == [
        {"value": value, "count": count}
        for value, count in sorted(Counter(words[:12]).items(), key=lambda x: (-x[1], x))
    ]


def test_times_are_told_as_rfc_3339(tmp_path: Path) -> None:
    done = ingest(tmp_path, "t,n\n2024-01-31T12:00:00+02:00,1\n,1\n1969-12-31,1\n")
    column = done.table.column("t")
    assert column is not None
    assert (column.minimum, column.maximum, column.nulls) == ("1969-12-31T00:00:00Z", "2024-01-31T10:00:00Z", 1)


def test_booleans_are_counted(tmp_path: Path) -> None:
    done = ingest(tmp_path, "f,n\n" + "true,1\n" * 4 + "false,1\n" * 2 + ",1\n")
    column = done.table.column("f")
    assert column is not None
    assert (column.kind, column.distinct, column.nulls, column.rarest) == (
        "boolean",
        2,
        1,
        {"value": False, "count": 2},
    )


def test_a_column_of_one_value_and_one_of_none(tmp_path: Path) -> None:
    done = ingest(tmp_path, "same,none\n7,\n7,\n7,\n")
    same, none = done.table.columns
    assert (same.is_constant, same.minimum, same.maximum, same.standard_deviation) == (True, 7.0, 7.0, 0.0)
    assert done.profile["same"]["histogram"] == {"edges": [7.0, 7.0], "counts": [3]}
    assert (none.is_constant, none.distinct, none.nulls, none.rarest) == (True, 0, 3, None)


def test_a_table_of_one_row_has_no_deviation(tmp_path: Path) -> None:
    done = ingest(tmp_path, "x,y\n1.5,a\n")
    column = done.table.column("x")
    assert column is not None
    assert (column.mean, column.standard_deviation) == (1.5, None)


def test_the_widest_numbers_have_finite_figures(tmp_path: Path) -> None:
    done = of_numbers(tmp_path, np.array([-1.7e308, 0.0, 1.7e308, 5e-324]))
    histogram = done.profile["x"]["histogram"]
    assert sum(histogram["counts"]) == 4
    assert np.isfinite(histogram["edges"]).all()
    assert done.profile["x"]["standard_deviation"] is None  # it is beyond float64


@pytest.mark.parametrize("cell", ["1e400", "-1e400"])
def test_a_number_too_large_to_be_kept_is_refused(tmp_path: Path, cell: str) -> None:
    with pytest.raises(WorkFailed, match="'x'") as raised:
        ingest(tmp_path, f"x,y\n1,a\n{cell},b\n")
    assert raised.value.reason == "infinite_value"


@pytest.mark.parametrize("cell", ["10000-01-01", "infinity", "2024-01-01 (BC)", "0000-06-01"])
def test_a_time_beyond_the_calendar_is_refused(tmp_path: Path, cell: str) -> None:
    with pytest.raises(WorkFailed, match="'t'") as raised:
        ingest(tmp_path, f"t,y\n2024-01-01,a\n{cell},b\n", types={"t": "datetime"})
    assert raised.value.reason == "time_out_of_range"


def test_a_cell_that_says_nan_is_a_missing_cell(tmp_path: Path) -> None:
    done = ingest(tmp_path, "x,y\n1,a\nNAN,b\n-nan,c\n3,d\n", types={"x": "numeric"})
    column = done.table.column("x")
    assert column is not None
    assert (column.nulls, column.maximum, column.mean) == (2, 3.0, 2.0)
