"""Rows asked of memory before they are needed: in a random order each row of a large table is a miss of every cache.

A miss takes as long as half a step of a linear neuron on 32 rows. Asked for while the batch before is worked on, the
rows are there: with 1,000,000 rows of 8 columns a step then takes a third of the time.
"""

from __future__ import annotations

import numpy as np

from service.domain.arrays import Floats32, Integers
from workers.kernels.compiled import kernel
from workers.kernels.layout import LANES
from workers.kernels.vectors import ask_for

MOST_COLUMNS = 8 * LANES  # of a row that are asked for: a processor sees by itself how a long row goes on


@kernel
def fetch(inputs: Floats32, targets: Floats32, order: Integers, start: int, rows: int) -> None:
    """Ask for the rows that are next in the order; an empty order needs no asking."""
    stop = min(start + rows, len(order))
    columns = min(inputs.shape[1], MOST_COLUMNS)
    for column in range(0, columns, LANES):
        for i in range(start, stop):
            ask_for(inputs, order[np.uint64(i)], column)
    for i in range(start, stop):
        ask_for(targets, order[np.uint64(i)], 0)
