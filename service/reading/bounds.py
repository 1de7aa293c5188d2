"""How much a table may become in memory: compressed and repeated cells are counted before they are decoded.

What a file says of its sizes is its writer's word; so much memory and time it would take. Bounds follow the bytes that
came, with a floor, so that small files may be dense and large ones may be large.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import DecompressedTooLarge, DecompressionRatioTooLarge
from service.settings import MIB, Settings

FREE_BYTES = 64 * MIB  # any table may become so much, whatever came
FREE_AT_ONCE_BYTES = 128 * MIB
DENSE = 4  # beyond that, what is held at once may be so many times what came for it
PIECE_BYTES = 64 * MIB  # of the rows of one piece; cells that are repeated are counted each time


@dataclass(frozen=True, slots=True)
class Bounds:
    """`ratio` of decoded to received bytes; `at_once_bytes` of one record batch or page."""

    ratio: int
    at_once_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        return cls(settings.max_decompression_ratio, settings.max_batch_bytes)

    def check_whole(self, decoded: int, received: int, what: str = "the table") -> None:
        """Raises DecompressionRatioTooLarge."""
        if decoded > max(FREE_BYTES, self.ratio * received):
            raise DecompressionRatioTooLarge(
                f"{what} has {received:,} bytes and would become {decoded:,} once decoded, more than {self.ratio} "
                "times as many, which is refused (ADALINE_MAX_DECOMPRESSION_RATIO); send fewer rows, or a CSV"
            )

    def check_at_once(self, decoded: int, came: int, what: str, mend: str) -> None:
        """Check the size of what is decoded in one go. Raises DecompressedTooLarge."""
        if decoded > min(max(FREE_AT_ONCE_BYTES, DENSE * came), self.at_once_bytes):
            raise DecompressedTooLarge(
                f"{what} has {came:,} bytes and would become {decoded:,} at once; at most {FREE_AT_ONCE_BYTES:,}, or "
                f"{DENSE} times its bytes, and never more than {self.at_once_bytes:,} (ADALINE_MAX_BATCH_BYTES); {mend}"
            )

    def check_piece(self, decoded: int, name: str, rows: int) -> None:
        """Check the size of some rows of a column, as held in memory. Raises DecompressedTooLarge."""
        most = min(PIECE_BYTES, self.at_once_bytes)
        if decoded > most:
            raise DecompressedTooLarge(
                f"{rows:,} rows of column {name!r} would become {decoded:,} bytes: a long cell stands in the file once "
                f"and is repeated; at most {most:,} may be held at once (ADALINE_MAX_BATCH_BYTES); shorten its cells"
            )
