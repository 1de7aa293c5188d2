"""How much of a table work takes at once; the preflight counts its memory by the same figures."""

from __future__ import annotations

CHUNK_ROWS = 65_536  # that are read, encoded and judged at a time
CHUNK_CELLS = 2**23  # in float64: 64 MiB, some eight times over while a chunk is encoded
SAMPLE_CELLS = 2**22  # of the rows that the slopes beside the effects of categories are estimated from, in float64
GATHERED_BYTES = 256 * 2**20  # rows are put in order by pieces of at most this size


def rows_at_once(width: int) -> int:
    """How many rows of a table that is encoded into `width` columns are read at a time."""
    return max(1, min(CHUNK_ROWS, CHUNK_CELLS // max(width, 1)))
