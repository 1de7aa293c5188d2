"""How many threads a job computes with: one, for jobs side by side each have a core.

Where a worker has fewer processes than its machine has cores, the products of wide layers share out the cores that are
left. The number follows from the settings and the network alone, not from what else runs: it may change the last bit
of a product, and a run that is resumed has to end in the same bits.
"""

from __future__ import annotations

import functools
import os
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise

import scipy.linalg.cython_blas  # noqa: F401  numba's products are scipy's BLAS: it has to be there to be limited
import torch
from threadpoolctl import threadpool_limits

from service.domain.model.network import Network

# Below this a step is no faster on two cores than on one; with 4 million multiplications in its largest product
# (256 rows by 128 × 128 weights) it is 1.4 times as fast, with more up to 1.7 times
SHARED_PRODUCT, FEWEST_ROWS = 4_000_000, 128


@functools.cache
def use_one_thread() -> None:
    """Bind torch, and the BLAS of numpy and of scipy, to one thread in this process: once, for finding the libraries
    takes 3 ms."""
    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")


def count_threads(network: Network, step_rows: int, processes: int) -> int:
    """How many threads suit the products of a step, on a machine whose cores are shared by so many processes."""
    largest = step_rows * max(inputs * outputs for inputs, outputs in pairwise(network.sizes))
    if step_rows < FEWEST_ROWS or largest < SHARED_PRODUCT:
        return 1
    return max(len(os.sched_getaffinity(0)) // processes, 1)


def computing_with(threads: int) -> AbstractContextManager[object]:
    """For a while, so many threads for the products of numpy and numba. Finding the libraries takes 3 ms here too."""
    return nullcontext() if threads == 1 else threadpool_limits(threads, user_api="blas")
