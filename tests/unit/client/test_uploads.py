"""What the server is told of a file that is uploaded."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from service.client.uploads import opened, parameters


@pytest.mark.parametrize(
    ("file", "name", "media_type", "encoding"),
    [
        ("houses.csv", "houses.csv", "text/csv", None),
        ("houses.CSV.GZ", "houses.CSV", "text/csv", "gzip"),
        ("houses.tsv.zst", "houses.tsv", "text/csv", "zstd"),
        ("houses.parquet", "houses.parquet", "application/vnd.apache.parquet", None),
        ("houses", "houses", "text/csv", None),
    ],
)
def test_name_type_and_encoding_are_read_off_the_file_name(
    tmp_path: Path, file: str, name: str, media_type: str, encoding: str | None
) -> None:
    path = tmp_path / file
    path.write_bytes(b"a\n1\n")
    with opened(path, None) as from_path, path.open("rb") as handle, opened(handle, None) as from_file:
        for upload in (from_path, from_file):
            assert upload.name == name
            assert upload.headers["Content-Type"] == media_type
            assert upload.headers.get("Content-Encoding") == encoding


def test_a_chosen_name_goes_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(b"")
    with opened(tmp_path / "a.csv.gz", "Houses of 2024") as upload:
        assert upload.name == "Houses of 2024"
        assert upload.headers["Content-Encoding"] == "gzip"


def test_bytes_and_nameless_files_have_no_name() -> None:
    with opened(b"a\n1\n", None) as upload:
        assert (upload.name, upload.content.read()) == (None, b"a\n1\n")
    with opened(io.BytesIO(b"a\n1\n"), None) as upload:
        assert upload.name is None


@pytest.mark.parametrize(
    ("file", "start", "part"),
    [
        ("a.csv", 0, slice(0, 2**20 + 1)),
        ("a.parquet", 0, slice(-(2**20), None)),
        ("a.parquet", 2**20, slice(-(2**20), None)),
        ("a.parquet", 2**21, slice(2**21, None)),
        ("a.parquet.gz", 0, slice(0, 2**20 + 1)),
    ],
)
def test_a_preview_looks_at_the_first_part_or_at_the_end_of_a_parquet_file(
    tmp_path: Path, file: str, start: int, part: slice
) -> None:
    data = random.Random(1).randbytes(2_500_000)
    (tmp_path / file).write_bytes(data)
    with (tmp_path / file).open("rb") as handle:
        handle.seek(start)
        with opened(handle, None) as upload:
            assert upload.part() == data[part]


def test_a_file_opened_as_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with (
        (tmp_path / "a.csv").open() as text,
        pytest.raises(TypeError, match='"rb"'),
        opened(text, None),  # type: ignore[arg-type]
    ):
        pass


def test_types_and_null_values_travel_as_json() -> None:
    assert parameters("a", {"types": {"zip": "categorical"}, "null_values": ["-"], "header": False}) == {
        "name": "a",
        "types": '{"zip": "categorical"}',
        "null_values": '["-"]',
        "header": False,
    }
