"""The profile's figures against numpy's and pandas' own, over one group of rows and over many."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.cells.kinds import Kind
from service.errors import WorkFailed
from workers.ingest.profiling.profile import MOST_PAIRED, Profile, profile


def profiled(path: Path, columns: dict[str, Any], kinds: dict[str, Kind], group: int = 1000, **options: Any) -> Profile:
    """The profile of a table stored in groups of so many rows."""
    ours = {"numeric": pa.float64(), "boolean": pa.bool_(), "datetime": pa.timestamp("us"), "categorical": pa.string()}
    table = pa.table({name: pa.array(cells, type=ours[kinds[name]]) for name, cells in columns.items()})
    pq.write_table(table, path / "table.parquet", row_group_size=group)
    given = {"declared": {}, "most_classes": 1000, "threads": 2, **options}
    return profile(path / "table.parquet", kinds, **given)


def numbers(draw: np.random.Generator, rows: int) -> dict[str, list[float | None]]:
    """Gaussian, skewed, large and far from zero, whole, with gaps, with runs, nearly all missing."""
    values = {
        "normal": draw.standard_normal(rows),
        "skewed": draw.lognormal(0, 3, rows),
        "far": 1e9 + draw.standard_normal(rows),
        "whole": draw.integers(0, 50, rows).astype(float),
        "gaps": draw.standard_normal(rows),
        "sorted": np.sort(draw.standard_normal(rows)) * 100,
        "sparse": draw.standard_normal(rows),
    }
    cells = {name: column.tolist() for name, column in values.items()}
    cells["gaps"] = [None if draw.random() < 0.3 else cell for cell in cells["gaps"]]
    cells["sparse"] = [None] * (rows - 3) + cells["sparse"][-3:]
    return cells


@pytest.mark.parametrize("group", [700, 100_000])
def test_numbers_are_as_pandas_says(tmp_path: Path, group: int) -> None:
    cells = numbers(np.random.default_rng(1), 20_000)
    found = profiled(tmp_path, cells, dict.fromkeys(cells, "numeric"), group)
    frame = pd.DataFrame(cells, dtype=float)
    for detail in found.details:
        expected = frame[detail["name"]].dropna()
        assert (detail["kind"], detail["count"], detail["nulls"]) == ("numeric", len(expected), 20_000 - len(expected))
        assert (detail["minimum"], detail["maximum"]) == (expected.min(), expected.max())
        assert detail["mean"] == pytest.approx(expected.mean(), rel=1e-12, abs=1e-12)
        assert detail["standard_deviation"] == pytest.approx(np.std(expected.to_numpy(), ddof=1), rel=1e-9)
        assert detail["whole"] == (detail["name"] == "whole")
        if detail["distinct_is_exact"]:
            assert (detail["distinct"], detail["distinct_error"]) == (expected.nunique(), 0)
        else:
            assert detail["distinct"] == pytest.approx(expected.nunique(), rel=4 * detail["distinct_error"])
        for share, value in detail["quantiles"].items():
            if detail["quantiles_error"] == 0:
                assert value == pytest.approx(np.quantile(expected, float(share)), rel=1e-12)
            else:
                error = detail["quantiles_error"] + 1 / len(expected)
                assert (expected < value).mean() <= float(share) + error
                assert (expected <= value).mean() >= float(share) - error
        counts, _ = np.histogram(expected, bins=detail["histogram"]["edges"])
        assert detail["histogram"]["counts"] == counts.tolist()


def test_one_group_of_rows_has_exact_quantiles_and_many_have_close_ones(tmp_path: Path) -> None:
    cells = {"x": np.random.default_rng(2).standard_normal(300_000)}
    whole = profiled(tmp_path, cells, {"x": "numeric"}, group=300_000).details[0]
    parts = profiled(tmp_path, cells, {"x": "numeric"}, group=3000).details[0]
    assert whole["quantiles_error"] == 0
    assert whole["quantiles"]["0.5"] == np.median(cells["x"])
    assert 0 < parts["quantiles_error"] < 0.002
    for share, value in parts["quantiles"].items():
        assert (cells["x"] < value).mean() == pytest.approx(float(share), abs=parts["quantiles_error"])


def test_many_different_values_are_estimated_within_the_stated_error(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    cells = {
        "number": draw.integers(0, 60_000, 200_000).astype(float),
        "word": [f"name {place}" for place in draw.integers(0, 60_000, 200_000)],
    }
    for detail in profiled(tmp_path, cells, {"number": "numeric", "word": "categorical"}, group=20_000).details:
        assert not detail["distinct_is_exact"]
        assert detail["distinct_error"] < 0.02
        assert detail["distinct"] == pytest.approx(len(set(cells[detail["name"]])), rel=4 * detail["distinct_error"])


@pytest.mark.parametrize("group", [100, 5000])
def test_words_are_counted(tmp_path: Path, group: int) -> None:
    draw = np.random.default_rng(4)
    words = ["red", "green", "blue", "ÿ", "", "a\x00b", "人"]
    cells = [None if draw.random() < 0.2 else words[min(int(draw.exponential(2)), 6)] for _ in range(5000)]
    detail = profiled(tmp_path, {"s": cells}, {"s": "categorical"}, group).details[0]
    counts = Counter(cell for cell in cells if cell is not None)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert detail["top"] == [{"value": word, "count": count} for word, count in ordered]
    assert (detail["kind"], detail["distinct"], detail["top_missed"]) == ("categorical", len(counts), 0)
    assert detail["values"] == sorted(counts)
    assert detail["nulls"] == cells.count(None)
    least = min(counts.items(), key=lambda item: (item[1], item[0]))
    assert detail["rarest"] == {"value": least[0], "count": least[1]}
    assert detail["mean_length"] == pytest.approx(sum(map(len, filter(None, cells))) / (5000 - cells.count(None)))


def test_most_frequent_of_too_many_words_are_kept_within_the_stated_error(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    cells = [f"w{int(place)}" for place in draw.pareto(0.3, 100_000) % 1e6]
    detail = profiled(tmp_path, {"s": cells}, {"s": "categorical"}, group=15_000).details[0]
    counts = Counter(cells)
    assert len(counts) > 10_000
    assert detail["kind"] == "text"
    assert 0 < detail["top_missed"] <= len(cells) / 10_000
    for item in detail["top"]:
        assert 0 <= counts[item["value"]] - item["count"] <= detail["top_missed"]
    assert {item["value"] for item in detail["top"][:10]} == {word for word, _ in counts.most_common(10)}


@pytest.mark.parametrize("distinct", [200, 201])
def test_values_are_told_while_they_are_few(tmp_path: Path, distinct: int) -> None:
    numbers = [row % distinct / 4 for row in range(1000)]
    cells = {"n": numbers, "c": [f"w{number}" for number in numbers]}
    for detail in profiled(tmp_path, cells, {"n": "numeric", "c": "categorical"}, group=300).details:
        told = sorted(set(cells[detail["name"]])) if distinct == 200 else None
        assert detail.get("values") == told


def test_truths_and_times_have_their_figures(tmp_path: Path) -> None:
    leap, old = datetime(2020, 2, 29, 12, 0, 0, 1), datetime(1969, 12, 31, 23, 59, 59)
    cells = {"b": [True, None, False, True], "t": [leap, None, old, leap]}
    truth, moment = profiled(tmp_path, cells, {"b": "boolean", "t": "datetime"}, group=2).details
    assert truth["kind"] == "boolean"
    assert truth["top"] == [{"value": True, "count": 2}, {"value": False, "count": 1}]
    assert truth["rarest"] == {"value": False, "count": 1}
    assert (truth["nulls"], truth["distinct"]) == (1, 2)
    assert moment["kind"] == "datetime"
    assert (moment["minimum"], moment["maximum"]) == ("1969-12-31T23:59:59Z", "2020-02-29T12:00:00.000001Z")
    assert (moment["nulls"], moment["distinct"], moment["distinct_is_exact"]) == (1, 2, True)


@pytest.mark.parametrize("value", [0.0, -3.25, 1e300, 5e-324])
def test_constant_column_has_no_spread(tmp_path: Path, value: float) -> None:
    detail = profiled(tmp_path, {"x": [value] * 5}, {"x": "numeric"}, group=2).details[0]
    assert (detail["mean"], detail["standard_deviation"], detail["distinct"]) == (value, 0, 1)
    assert detail["histogram"]["counts"] == [5]
    assert set(detail["quantiles"].values()) == {value}


def test_one_row_and_no_cells(tmp_path: Path) -> None:
    cells = {"one": [2.5], "none": [None], "never": [None], "when": [None]}
    kinds = {"one": "numeric", "none": "numeric", "never": "categorical", "when": "datetime"}
    one, none, never, when = profiled(tmp_path, cells, kinds).details
    assert (one["mean"], one["standard_deviation"], one["minimum"]) == (2.5, None, 2.5)
    for detail in (none, never, when):
        assert (detail["count"], detail["nulls"], detail["distinct"], detail["rarest"]) == (0, 1, 0, None)
    assert (none["mean"], none["minimum"], none["quantiles"], none["histogram"]["counts"]) == (None, None, {}, [])
    assert never["kind"] == "categorical"


def test_zero_and_minus_zero_are_one_value(tmp_path: Path) -> None:
    detail = profiled(tmp_path, {"x": [0.0, -0.0, 0.0, -0.0]}, {"x": "numeric"}, group=2).details[0]
    assert detail["distinct"] == 1


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(WorkFailed, match="infinite"):
        profiled(tmp_path, {"x": [1.0, value, None]}, {"x": "numeric"})


def test_times_beyond_the_calendar_are_refused(tmp_path: Path) -> None:
    beyond = pa.array([2**62], type=pa.timestamp("us"))
    with pytest.raises(WorkFailed, match="beyond the years"):
        profiled(tmp_path, {"t": beyond}, {"t": "datetime"})


def test_numbers_at_the_ends_of_float64_are_profiled_without_a_matrix(tmp_path: Path) -> None:
    found = profiled(tmp_path, {"x": [-1.7e308, 1.7e308, 1.0], "y": [1.0, 2.0, 3.0]}, dict.fromkeys("xy", "numeric"))
    detail = found.details[0]
    assert (detail["minimum"], detail["maximum"], sum(detail["histogram"]["counts"])) == (-1.7e308, 1.7e308, 3)
    assert detail["standard_deviation"] is None
    assert found.gram is None
    assert "too large" in (found.no_gram or "")


def test_declared_kind_of_words_stays(tmp_path: Path) -> None:
    cells = {"s": [f"id {place}" for place in range(100)]}
    assert profiled(tmp_path, cells, {"s": "categorical"}).details[0]["kind"] == "text"
    declared = profiled(tmp_path, cells, {"s": "categorical"}, declared={"s": "categorical"})
    assert declared.details[0]["kind"] == "categorical"


def test_same_table_has_the_same_profile(tmp_path: Path) -> None:
    cells = numbers(np.random.default_rng(6), 30_000)
    kinds: dict[str, Kind] = dict.fromkeys(cells, "numeric")
    first, second = (profiled(tmp_path, cells, kinds, 500, threads=threads) for threads in (1, 3))
    assert first.to_json("") == second.to_json("")
    assert first.gram is not None
    assert second.gram is not None
    assert first.gram.to_bytes() == second.gram.to_bytes()


def test_wide_table_is_profiled_without_its_matrix(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    cells = {f"c{place}": draw.standard_normal(500) for place in range(2000)}
    found = profiled(tmp_path, cells, dict.fromkeys(cells, "numeric"), group=200)
    assert found.details[1999]["mean"] == pytest.approx(cells["c1999"].mean())
    assert found.gram is None
    assert f"at most {MOST_PAIRED:,}" in (found.no_gram or "")


def test_check_ends_the_profile(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def check() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        profiled(tmp_path, {"x": [1.0, 2.0]}, {"x": "numeric"}, check=check)
