"""Parquet as input: the same tables, typed by the file."""

from __future__ import annotations

import io
import resource
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.errors import WorkFailed
from tests.unit.workers.ingest.reading import read


def parquet(columns: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_columns_are_typed_by_the_schema(tmp_path: Path) -> None:
    day, noon = date(2024, 1, 31), datetime(2024, 1, 31, 12)
    data = parquet(
        {
            "integer": pa.array([1, None], pa.int32()), "float": pa.array([1.5, float("nan")], pa.float32()),
            "decimal": [Decimal("1.25"), Decimal("-2.00")], "flag": [True, None], "day": [day, None],
            "time": [noon, None], "zoned": pa.array([noon, None], pa.timestamp("ms", "Europe/Paris")),
            "word": ["007", "NA"], "kind": pa.array(["a", "b"]).dictionary_encode(), "nothing": pa.nulls(2),
        }
    )  # fmt: skip
    found = read(tmp_path, data, parquet=True)
    assert found.table == {
        "integer": [1.0, None], "float": [1.5, None], "decimal": [1.25, -2.0], "flag": [True, None],
        "day": [datetime(2024, 1, 31), None], "time": [noon, None], "zoned": [noon, None], "word": ["007", "NA"],
        "kind": ["a", "b"], "nothing": found.table["nothing"],
    }  # fmt: skip
    assert found.table["nothing"] == [None, None]


@pytest.mark.parametrize("type", [pa.float32(), pa.float64()])
@pytest.mark.parametrize("gaps", [[3], [0], [0, 1, 2], [9], list(range(9))])
@pytest.mark.parametrize("written", [{}, {"write_statistics": False}, {"row_group_size": 4}])
def test_a_number_that_is_none_is_missing_whatever_the_files_statistics_say(
    tmp_path: Path, type: pa.DataType, gaps: list[int], written: dict[str, Any]
) -> None:
    values = np.arange(10.0)
    values[gaps] = np.nan
    out = io.BytesIO()
    pq.write_table(pa.table({"x": pa.array(values).cast(type), "y": np.arange(10)}), out, **written)
    expected = [None if place in gaps else float(place) for place in range(10)]
    assert read(tmp_path, out.getvalue(), parquet=True).table["x"] == expected
    words = read(tmp_path, out.getvalue(), {"types": {"x": "categorical"}}, parquet=True).table["x"]
    assert words == [None if value is None else str(int(value)) for value in expected]


def test_a_declared_type_wins_and_misfits_are_rejects(tmp_path: Path) -> None:
    data = parquet({"n": ["1", "x", "3"], "m": [1, 2, 3]})
    found = read(tmp_path, data, {"types": {"n": "numeric", "m": "categorical"}}, parquet=True)
    assert found.table == {"n": [1.0, 3.0], "m": ["1", "3"]}
    assert [(reject.line, reject.column) for reject in found.loaded.rejects] == [(2, "n")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PAR1 and no more PAR1", "not_parquet"), (parquet({"a": [1, 2]})[:-20], "not_parquet"),
        (parquet({"a": [[1], [2]]}), "column_type_unsupported"), (parquet({"a": [b"x"]}), "column_type_unsupported"),
        (parquet({"a": [1], "A": [2]}), "duplicate_column_name"), (parquet({"": [1]}), "empty_column_name"),
        (parquet({"a": pa.array([], pa.int64())}), "no_rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_table_is_named(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(WorkFailed) as raised:
        read(tmp_path, data, parquet=True)
    assert raised.value.code == code


def test_what_would_become_huge_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    repeated = pa.DictionaryArray.from_arrays(np.zeros(100_000, np.int32), ["x" * 1_000_000])
    words = {"word": repeated.slice(0, 5000)}
    for columns, code in (
        (words, "decompressed_too_large"),
        ({"word": ["x" * 200_000_000]}, "decompressed_too_large"),
        ({"n": np.zeros(20_000_000)}, "decompression_ratio_too_large"),
    ):
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out, compression="zstd")
        assert len(out.getvalue()) < 100_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(WorkFailed) as raised:
            read(tmp_path, out.getvalue(), parquet=True)
        assert raised.value.code == code
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    data = parquet({"abcd": [1, 2]}).replace(b"abcd", b"ab\xff\xfe")
    with pytest.raises(WorkFailed, match="UTF-8") as raised:
        read(tmp_path, data, parquet=True)
    assert raised.value.code in ("not_text", "not_parquet")
