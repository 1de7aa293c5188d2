"""DataFrames of each library as what is sent: the same cells, types and kinds."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.client.frames import columns_of, is_frame, parquet_of
from service.client.rows import body_of
from service.client.uploads import opened

CELLS: dict[str, list[Any]] = {
    "whole": [1, 2, 3],
    "number": [0.5, None, -2.0],
    "flag": [True, False, True],
    "word": ["a", None, "ü"],
    "day": [date(2020, 1, 31), date(2021, 2, 1), date(2022, 3, 2)],
    "moment": [datetime(2020, 1, 31, 12), None, datetime(2022, 3, 2, 1, 2, 3)],
}
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(CELLS),
    "polars": lambda: pl.DataFrame(CELLS),
    "a lazy one of polars": lambda: pl.LazyFrame(CELLS),
    "Arrow": lambda: pa.table(CELLS),
    "a batch of Arrow": lambda: pa.record_batch(CELLS),
}


def sent(frame: Any) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """What of a frame is in the Parquet file, and the kinds beside it."""
    file, kinds = parquet_of(frame)
    with file:
        return pq.read_table(file).to_pydict(), kinds


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_of_each_library_is_sent_with_its_cells(library: str) -> None:
    frame = FRAMES[library]()
    assert is_frame(frame)
    columns, kinds = sent(frame)
    assert columns == CELLS
    assert kinds == {}
    with opened(frame, None) as upload:
        assert upload.name == "dataframe"
        assert upload.headers["Content-Type"] == "application/vnd.apache.parquet"


@pytest.mark.parametrize("library", FRAMES)
def test_rows_of_each_library_are_predicted_by_the_same_cells(library: str) -> None:
    with body_of(FRAMES[library]()) as body:
        columns = body.json["columns"]
    told = {name: [cell and cell.isoformat() for cell in CELLS[name]] for name in ("day", "moment")}
    assert {name: columns[name] for name in ("whole", "number", "flag", "word")} == {
        name: CELLS[name] for name in ("whole", "number", "flag", "word")
    }
    assert columns["moment"] == told["moment"]
    assert [cell[:10] for cell in columns["day"]] == told["day"]


def test_categories_are_categorical_though_they_are_numbers() -> None:
    frame = pd.DataFrame({"zip": pd.Categorical([75001, 69001, 75001]), "rooms": [1, 2, 3]})
    assert sent(frame)[1] == {"zip": "categorical"}
    with opened(frame, "houses") as upload:
        assert upload.with_kinds({}) == {"types": {"zip": "categorical"}}
        assert upload.with_kinds({"types": {"zip": "numeric"}}) == {"types": {"zip": "numeric"}}
    words = pl.DataFrame({"word": ["a", "b", "a"]}, schema={"word": pl.Categorical})
    assert sent(words) == ({"word": ["a", "b", "a"]}, {"word": "categorical"})


def test_an_index_is_a_column_where_it_has_a_name() -> None:
    frame = pd.DataFrame({"rooms": [1, 2, 3, 4]}, index=[9, 8, 7, 6])
    assert sent(frame[frame.rooms > 2])[0] == {"rooms": [3, 4]}
    assert sent(frame.rename_axis("key"))[0] == {"key": [9, 8, 7, 6], "rooms": [1, 2, 3, 4]}


def test_names_of_columns_become_text() -> None:
    assert list(sent(pd.DataFrame([[1, 2]]))[0]) == ["0", "1"]


def test_missing_cells_of_pandas_are_missing() -> None:
    frame = pd.DataFrame(
        {"x": [math.nan, 1.0], "n": pd.array([None, 2], dtype="Int64"), "t": [pd.NaT, pd.Timestamp(0)]}
    )
    assert [cells[0] for cells in sent(frame)[0].values()] == [None, None, None]


def test_decimals_are_predicted_as_numbers() -> None:
    with body_of(pa.table({"x": [Decimal("1.25"), None]})) as body:
        assert body.json == {"columns": {"x": [1.25, None]}}
    assert columns_of(pa.table({"x": [1]})) == {"x": [1]}


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"mixed": [1, "a", None]}), "column mixed"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Duplicate column names"),
    ],
)
def test_what_no_table_can_hold_is_told_before_it_is_sent(frame: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        parquet_of(frame)
