"""What a Parquet file would become, counted before any of its pages is decoded."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.errors import DecompressedTooLarge
from service.reading.bounds import PIECE_BYTES, Bounds
from service.reading.parquet.footer import Footer
from service.reading.parquet.pages import DELTA_BYTE_ARRAY, ParquetPage, pages
from service.reading.parquet.thrift import Damaged

PIECE_ROWS = 8192
LEAST_ROWS = 16
CELL_BYTES = 8  # of a cell that is decoded, at least
FEW_PAGES = 100_000
DELTA = (5, 6, DELTA_BYTE_ARRAY)
SMALLEST_PAGE = 64  # bytes of a file for each of its pages, where they are more
TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


@dataclass(frozen=True, slots=True)
class HeldToBounds:
    """How to read a file: so many rows at once, and the columns that come as dictionaries. `longest` are the bytes that
    a cell may have, of the columns that may repeat one."""

    at_once: int
    dictionaries: list[str]
    longest: dict[str, int]


@dataclass(slots=True)
class _Words:
    """How the cells of a column may be repeated. Arrow has no dictionaries of the encodings that write differences."""

    longest: int = 0
    is_delta: bool = False

    def add(self, page: ParquetPage) -> None:
        is_delta = not page.is_dictionary and page.encoding in DELTA
        self.is_delta = self.is_delta or is_delta
        if page.is_dictionary or (is_delta and page.encoding == DELTA_BYTE_ARRAY):
            self.longest = max(self.longest, page.decompressed_bytes)


def text_columns(schema: Any) -> list[str]:
    """The columns that are texts, or dictionaries of them."""
    return [field.name for field in schema if _is_text(field.type)]


def opened(source: BinaryIO | str, texts: Collection[str] = ()) -> Any:
    """A Parquet file whose columns `texts` come as dictionaries: a word that is there once stays so in memory."""
    return pq.ParquetFile(source, read_dictionary=list(texts) or None, pre_buffer=False)


def check_pages(
    file: BinaryIO, parquet: Any, bounds: Bounds, received: int, names: Collection[str] | None = None
) -> HeldToBounds:
    """Hold the pages of the columns `names` (None: all) of a file that came as `received` bytes to the bounds;
    `parquet` is the same file, opened. Raises DecompressedTooLarge, DecompressionRatioTooLarge, Damaged."""
    footer = Footer(file)
    whole = count = 0
    found: dict[str, _Words] = {}
    for chunk in footer.chunks():
        name = chunk.name
        if names is not None and not any(_is_of(name, wanted) for wanted in names):
            continue
        words = found.setdefault(name, _Words())
        decoded = values = 0
        for page in pages(file, chunk.start, min(chunk.start + chunk.compressed_bytes, footer.size), chunk.values):
            count += 1
            if count > max(FEW_PAGES, footer.size // SMALLEST_PAGE):
                raise Damaged("the file has more pages than its bytes can hold")
            bounds.check_at_once(page.decompressed_bytes, received, f"a page of column {name!r}", "write smaller pages")
            words.add(page)
            decoded += page.decompressed_bytes
            values += 0 if page.is_dictionary else page.values
        whole += max(decoded, CELL_BYTES * max(values, chunk.values))
        bounds.check_whole(whole, received, "the file")
    bounds.check_whole(max(whole, footer.rows), received, "the file")
    texts = set(text_columns(parquet.schema_arrow))
    repeated = {name: words for name, words in found.items() if name in texts and words.longest}
    at_once = min((_rows_at_once(name, words) for name, words in repeated.items()), default=PIECE_ROWS)
    dictionaries = [name for name, words in repeated.items() if not words.is_delta]
    return HeldToBounds(at_once, dictionaries, {name: words.longest for name, words in repeated.items()})


def check_cells(
    file: BinaryIO, parquet: Any, bounds: Bounds, received: int, checked: HeldToBounds, check: Callable[[], None]
) -> None:
    """Hold the texts of a whole file to the bounds, as they would stand one after the other: words that stand once and
    are repeated are counted by their lengths, without being repeated. `check` is called from time to time. Raises
    DecompressedTooLarge, DecompressionRatioTooLarge."""
    whole = 0
    for name, longest in checked.longest.items():
        if parquet.metadata.num_rows * longest <= PIECE_BYTES:
            continue
        file.seek(0)
        dictionaries = [name] if name in checked.dictionaries else []
        for batch in opened(file, dictionaries).iter_batches(checked.at_once, columns=[name], use_threads=False):
            expanded = expanded_bytes(batch.column(0))
            bounds.check_piece(expanded, name, len(batch))
            whole += expanded
            bounds.check_whole(whole, received, "the file")
            check()


def expanded_bytes(column: Any) -> int:
    """How many bytes the texts of a column are, each as often as it stands there."""
    of = column.type
    if pa.types.is_dictionary(of):
        lengths = _lengths(column.dictionary)
        codes = pc.drop_null(column.indices).to_numpy(zero_copy_only=False)
        codes = codes[(codes >= 0) & (codes < len(lengths))]
        return int(lengths[codes].sum())
    return int(_lengths(column).sum()) if _is_text(of) else 0


def _lengths(texts: Any) -> Any:
    if pa.types.is_string_view(texts.type):
        views = np.frombuffer(texts.buffers()[1], np.int32).reshape(-1, 4)[texts.offset :][: len(texts), 0]
        return np.where(texts.is_valid().to_numpy(zero_copy_only=False), views, 0).astype(np.int64)
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        return np.full(len(texts), CELL_BYTES, np.int64)
    return pc.fill_null(pc.cast(pc.binary_length(texts), pa.int64()), 0).to_numpy(zero_copy_only=False)


def _is_text(of: Any) -> bool:
    inner = of.value_type if pa.types.is_dictionary(of) else of
    return any(is_one(inner) for is_one in TEXTS)


def _rows_at_once(name: str, words: _Words) -> int:
    """Rows to read at once of a column without a dictionary: any cell may be as long as the longest."""
    if not words.is_delta:
        return PIECE_ROWS
    if words.longest > PIECE_BYTES // LEAST_ROWS:
        raise DecompressedTooLarge(
            f"column {name!r} is written as DELTA_BYTE_ARRAY with a page of {words.longest:,} bytes, which may repeat "
            f"one cell; at most {PIECE_BYTES // LEAST_ROWS:,} are allowed: write smaller pages, or use PLAIN"
        )
    return min(PIECE_ROWS, PIECE_BYTES // words.longest)


def _is_of(path: str, name: str) -> bool:
    return path == name or path.startswith(name + ".")
