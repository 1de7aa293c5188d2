"""Files that are looked at before they are sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import expect

from tests.integration.pages.hands import Pointer
from tests.integration.pages.visitor import Visitor


def test_the_columns_of_a_large_parquet_file_are_set_right_before_it_is_uploaded(
    visitor: Visitor, tmp_path: Path
) -> None:
    path = tmp_path / "large.parquet"
    numbers = np.random.default_rng(1).random(200_000)
    pq.write_table(pa.table({"size": numbers, "zip": np.arange(200_000) % 90, "price": 2 * numbers}), path)
    assert path.stat().st_size > 2**21
    hands = Pointer(visitor.page)
    visitor.go("/datasets/new")
    hands.bring(visitor.button("Choose a file"), path)
    kind = visitor.main.get_by_label("Kind of zip")
    expect(kind.locator("option:checked")).to_have_text("numeric (found)")
    visitor.text("Its rows are there to look at once it is uploaded").wait_for()
    hands.choose(kind, "categorical")
    hands.press(visitor.button("Upload"))
    visitor.heading("large.parquet").wait_for()
    visitor.text("ready").wait_for()
    expect(visitor.main.get_by_role("row").filter(has_text="zip").first).to_contain_text("categorical")
