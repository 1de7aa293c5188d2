"""How true and false are written in a column is kept with its table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.cells.written import TextStyle
from tests.unit.workers.ingest.reading import READERS, read
from workers.ingest.load import Reader


def words(directory: Path, cells: list[str], fastest: Reader = "unquoted", **options: Any) -> Any:
    data = "\n".join(["b,n", *(f"{cell},{row}" for row, cell in enumerate(cells))]).encode()
    return read(directory, data, options, fastest=fastest).loaded.style.words.get("b")


@pytest.mark.parametrize("fastest", READERS)
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Yes", "No", "Yes"], ("No", "Yes")),
        (["Y", "yes", "yes", "n", "N"], ("N", "yes")),  # of equals the first by its letters
        ([" Yes", "No ", "Yes", "NA", ""], ("No", "Yes")),
        (["T", "F"], ("F", "T")),
        (["true", "FALSE", "True"], None),
        (["true", "no"], ("no", "true")),
    ],
)  # fmt: skip
def test_the_most_frequent_words_are_kept(
    tmp_path: Path, cells: list[str], expected: tuple[str, str] | None, fastest: Reader
) -> None:
    assert words(tmp_path, cells, fastest) == expected


def test_declared_truths_of_0_and_1_are_those_of_json(tmp_path: Path) -> None:
    assert words(tmp_path, ["0", "1", "1"], types={"b": "boolean"}) is None
    assert words(tmp_path, ["0", "1", "yes", "yes", "no", "no"], types={"b": "boolean"}) == ("no", "yes")


def test_words_of_parquet_are_kept_too(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"b": ["ja", "Y ", "N"], "t": [True, False, True]}), sink)
    found = read(tmp_path, sink.getvalue(), {"types": {"b": "boolean"}}, parquet=True)
    assert found.table == {"b": [True, False], "t": [False, True]}
    assert found.loaded.style == TextStyle(missing=("",), words={"b": ("N", "Y")})
