"""Tables that are small as they come and huge once decoded: refused with memory flat. Honest ones are read."""

from __future__ import annotations

import io
import resource
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.domain.cells.columns import Categories
from service.domain.cells.kinds import Kind
from service.domain.cells.written import PLAIN
from service.errors import BodyTooLarge, DecompressedTooLarge, DecompressionRatioTooLarge
from service.reading.bounds import Bounds
from service.reading.columnar_rows import ColumnarRows, parquet_rows, stream_rows
from service.settings import MIB, Settings

BOUNDS = Bounds.of(Settings())
LONG = "x" * MIB
KINDS: dict[str, Kind] = {"n": "numeric", "city": "categorical"}


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def zeros(rows: int) -> pa.Table:
    return pa.table({"n": np.zeros(rows)})


def repeated(word: str, rows: int) -> pa.Table:
    return pa.table({"city": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [word])})


def of_stream(data: bytes, kinds: dict[str, Kind], with_table: bool = False) -> ColumnarRows:
    return stream_rows(iter([data]), kinds, PLAIN, with_table, BOUNDS, lambda: len(data))


def of_parquet(data: bytes, kinds: dict[str, Kind], with_table: bool = False) -> ColumnarRows:
    return parquet_rows(io.BytesIO(data), kinds, PLAIN, with_table, BOUNDS, len(data))


@pytest.mark.parametrize(
    ("read", "data", "kind", "expected"),
    [
        (of_stream, lambda: stream(zeros(40_000_000), "zstd"), "n", DecompressedTooLarge),
        (of_stream, lambda: stream(zeros(10_000_000), "zstd"), "n", DecompressionRatioTooLarge),
        (of_stream, lambda: stream(zeros(10_000_000), "lz4"), "n", DecompressionRatioTooLarge),
        (of_stream, lambda: stream(pa.table({"n": pa.nulls(100_000_000)})), "n", DecompressionRatioTooLarge),
        (of_stream, lambda: stream(repeated(LONG, 8000)), "city", DecompressedTooLarge),
        (of_parquet, lambda: parquet(zeros(10_000_000), compression="zstd"), "n", DecompressionRatioTooLarge),
        (of_parquet, lambda: parquet(repeated(LONG, 8000), compression="zstd"), "city", DecompressedTooLarge),
        (of_parquet, lambda: parquet(repeated("x" * 200 * MIB, 1), compression="zstd"), "city", DecompressedTooLarge),
        (
            of_parquet,
            lambda: parquet(
                pa.table({"city": ["x" * 1_000_000] * 500}),
                use_dictionary=False,
                column_encoding={"city": "DELTA_BYTE_ARRAY"},
                compression="zstd",
            ),
            "city",
            DecompressionRatioTooLarge,
        ),
    ],
    ids=["batch", "zstd", "lz4", "rows of nothing", "dictionary", "repeated", "word", "page", "prefixes"],
)
def test_what_would_become_huge_is_refused_before_it_is_decoded(
    read: Callable[..., ColumnarRows], data: Callable[[], bytes], kind: str, expected: type[BodyTooLarge]
) -> None:
    body = data()
    assert len(body) < 3 * MIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(expected, match=r"ADALINE_MAX_BATCH_BYTES|ADALINE_MAX_DECOMPRESSION_RATIO|PLAIN"):
        for _ in read(body, {kind: KINDS[kind]}, True).parts():
            pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


@pytest.mark.parametrize("read", [of_stream, of_parquet])
def test_honest_tables_are_read_as_ever(read: Callable[..., ColumnarRows]) -> None:
    draw = np.random.default_rng(3)
    numbers, codes = draw.normal(size=2_000_000), draw.integers(0, 3, 2_000_000)
    cities = pa.DictionaryArray.from_arrays(codes, ["Lyon", "Lille", "Köln"]).dictionary_decode()
    table = pa.table({"n": numbers, "city": cities})
    data = stream(table, "lz4") if read is of_stream else parquet(table, compression="zstd")
    done = 0
    for part in read(data, KINDS).parts():
        values = part.columns["city"]
        assert isinstance(values, Categories)
        words = np.array(values.values)[values.codes]
        assert (words == np.array(["Lyon", "Lille", "Köln"])[codes[done : done + part.n_rows]]).all()
        assert (part.columns["n"] == numbers[done : done + part.n_rows]).all()  # type: ignore[comparison-overlap]
        done += part.n_rows
    assert done == 2_000_000


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_words_are_read_in_every_encoding(encoding: str, version: str) -> None:
    words = [f"{number % 997}-{'y' * (number % 31)}" for number in range(100_000)]
    table = pa.table({"city": pa.array(words, pa.large_string())})
    data = parquet(table, use_dictionary=False, column_encoding={"city": encoding}, data_page_version=version)
    found: list[str] = []
    for part in of_parquet(data, {"city": "categorical"}).parts():
        values = part.columns["city"]
        assert isinstance(values, Categories)
        found += np.array(values.values)[values.codes].tolist()
    assert found == words
