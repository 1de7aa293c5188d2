from __future__ import annotations

from pathlib import Path

import pytest

from workers.ingest.readers import padded
from workers.ingest.readers.padded import has_padded


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,007\n", "007,1\n", "a;b\n1;-01\n", "a,b\n+00,1\n", 'a,b\n"01",1\n', "a,b\n1, 2\n", " 1,2\n", '"\t2"\n'],
)
def test_padded_cell_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert has_padded(tmp_path / "t.csv", ";" if ";" in text else ",")


@pytest.mark.parametrize(
    "text",
    ["a,b\n0,0.07\n", "a,b\n1e-05,1E+07\n", "a,b\n2020-01-05,10:05\n", "a,b\n-0.5,100.001\n", "", "0", "a b,1 \n"],
)
def test_plain_numbers_are_not_padded(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert not has_padded(tmp_path / "t.csv", ",")


def test_padded_cell_is_found_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text("a,b\n11,22\n1,-05\n33,44\n")
    for block in range(1, 24):
        monkeypatch.setattr(padded, "BLOCK", block)
        assert has_padded(tmp_path / "t.csv", ","), block
