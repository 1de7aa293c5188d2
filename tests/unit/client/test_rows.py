"""Rows in every shape that people hold them in, as bodies that the API reads."""

from __future__ import annotations

import io
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.client.rows import body_of


def json_of(rows: Any) -> Any:
    with body_of(rows) as body:
        assert body.content is None
        return body.json


def content_of(rows: Any) -> bytes:
    with body_of(rows) as body:
        assert body.json is None
        assert body.content is not None
        return body.content.read()


def test_dicts_are_records() -> None:
    assert json_of([{"rooms": 3, "garden": True}]) == {"records": [{"rooms": 3, "garden": True}]}


def test_lists_are_instances() -> None:
    assert json_of([[3, "Ulm"], (4, None)]) == {"instances": [[3, "Ulm"], [4, None]]}


def test_a_dict_of_lists_is_columns() -> None:
    assert json_of({"rooms": [3, 4], "city": ("Ulm", "Bonn")}) == {
        "columns": {"rooms": [3, 4], "city": ["Ulm", "Bonn"]}
    }


def test_arrays_are_taken_for_lists() -> None:
    assert json_of(np.array([[1.5, 2.0]])) == {"instances": [[1.5, 2.0]]}
    assert json_of({"a": np.array([1, 2]), "b": np.array([True, False])}) == {
        "columns": {"a": [1, 2], "b": [True, False]}
    }


def test_a_nan_is_a_missing_cell() -> None:
    assert json_of([{"a": math.nan, "b": np.float32("nan"), "c": None}]) == {
        "records": [{"a": None, "b": None, "c": None}]
    }


def test_times_travel_as_iso_8601() -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert json_of([{"a": moment, "b": date(2026, 2, 1)}]) == {
        "records": [{"a": "2026-01-31T12:00:00+00:00", "b": "2026-02-01"}]
    }


def test_no_rows_are_left_to_the_server_to_refuse() -> None:
    assert json_of([]) == {"records": []}


def test_a_csv_is_sent_as_it_is(tmp_path: Path) -> None:
    text = b"rooms\n3\n"
    (tmp_path / "rows.csv").write_bytes(text)
    for rows in (tmp_path / "rows.csv", str(tmp_path / "rows.csv"), text, text.decode(), io.BytesIO(text)):
        assert content_of(rows) == text


def test_the_media_type_is_read_off_the_name(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with body_of(tmp_path / "rows.parquet") as body:
        assert body.headers["Content-Type"] == "application/vnd.apache.parquet"
    with body_of(b"a\n1\n") as body:
        assert body.headers["Content-Type"] == "text/csv"


@pytest.mark.parametrize("rows", [3, [3, 4], ["a"], [{"a": 1}, [1]], {"a": 1}, {"a": "text"}, None])
def test_what_is_no_rows_is_refused_before_it_is_sent(rows: Any) -> None:
    with pytest.raises(TypeError), body_of(rows):
        pass


def test_a_missing_file_is_told_as_such() -> None:
    with pytest.raises(FileNotFoundError), body_of("nowhere.csv"):
        pass


def test_a_data_frame_is_sent_by_column() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "rooms": [3, 4],
            "area": [71.5, math.nan],
            "sold": pandas.array([True, None], dtype="boolean"),
            "city": ["Ulm", None],
            "built": pandas.to_datetime(["2026-01-31", None]),
        }
    )
    assert json_of(frame) == {
        "columns": {
            "rooms": [3, 4],
            "area": [71.5, None],
            "sold": [True, None],
            "city": ["Ulm", None],
            "built": ["2026-01-31T00:00:00", None],
        }
    }
