"""Rows to go through again and again, a piece at a time: what the solvers read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.domain.arrays import Floats, Integers
from service.domain.cells.kinds import Kind
from workers.training.data.fill import FilledPart
from workers.training.data.prepare import Prepared, exact_pieces

PIECE_BYTES = 2**21  # of a piece: a pass goes over it twice, the second time near the processor
KEPT_BYTES = 128 * 2**20  # a float64 copy of the network's inputs up to this size is made once, not at each pass

# the design (n, w) float64 with a last column of ones for a bias; the target (n,), scaled numbers or class numbers, or
# (n, k) numbers; what each row counts (n,), or None where all count the same
Piece = tuple[Floats, npt.NDArray[Any], Floats | None]


@dataclass(frozen=True, slots=True)
class DesignRows:
    """`count` rows of `width` columns; `pieces` starts anew at each call, with the same borders."""

    pieces: Callable[[], Iterable[Piece]]
    count: int
    width: int


def slices(rows: int, width: int) -> Iterator[slice]:
    """So many rows of a width, piece by piece."""
    step = max(1, PIECE_BYTES // (8 * max(width, 1)))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def exact_rows(
    path: Path | None, kinds: dict[str, Kind], prepared: Prepared, bias: bool, keep_bytes: int,
    check: Callable[[], None],
) -> DesignRows:  # fmt: skip
    """The training rows in float64, as they are in the table at `path`, or in `prepared.table`. They stay in memory
    when that takes at most `keep_bytes`; else each pass reads the table again. `check` is asked before each piece."""
    weights = prepared.train.data.weights
    width, count = prepared.transform.n_outputs + int(bias), len(prepared.train)

    def read() -> Iterator[Piece]:
        start = 0
        for design, target in exact_pieces(path, kinds, prepared, bias):
            check()
            for some in slices(len(design), width):
                counts = None if weights is None else weights[start + some.start : start + some.stop].astype(np.float64)
                yield design[some], target[some], counts
            start += len(design)

    if count * width * 8 > keep_bytes:
        return DesignRows(read, count, width)
    kept = list(read())
    return DesignRows(lambda: kept, count, width)


def network_rows(
    part: FilledPart, bias: bool, check: Callable[[], None], columns: Integers | None = None
) -> DesignRows:  # fmt: skip
    """A part's rows with the float32 inputs that the network reads, or those of some `columns`, as float64; the target
    is (n, k) for numbers. They are made when they are first asked for, and kept when they are small."""
    data = part.data
    inputs = data.inputs.shape[1] if columns is None else len(columns)
    count, width = len(data), inputs + int(bias)
    keeps, kept = count * width * 8 <= KEPT_BYTES, list[Piece]()

    def read() -> Iterator[Piece]:
        for rows in slices(count, width):
            check()
            design = np.ones((rows.stop - rows.start, width))
            design[:, :inputs] = data.inputs[rows] if columns is None else data.inputs[rows][:, columns]
            targets = data.targets[rows]
            yield (
                design,
                targets if targets.ndim == 1 else targets.astype(np.float64),
                None if data.weights is None else data.weights[rows].astype(np.float64),
            )

    def pieces() -> Iterable[Piece]:
        if not keeps:
            return read()
        if not kept:
            kept.extend(read())
        return kept

    return DesignRows(pieces, count, width)


def of_target(rows: DesignRows, column: int) -> DesignRows:
    """The rows with one of several targets."""
    return replace(
        rows, pieces=lambda: ((design, targets[:, column], counts) for design, targets, counts in rows.pieces())
    )


def thinned(rows: DesignRows, every: int) -> DesignRows:
    """Every n-th row of each piece, in memory."""
    kept: list[Piece] = [
        (np.ascontiguousarray(design[::every]), target[::every], None if counts is None else counts[::every])
        for design, target, counts in rows.pieces()
    ]
    return DesignRows(lambda: kept, sum(len(target) for _, target, _ in kept), rows.width)
