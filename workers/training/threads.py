"""How many threads a job computes with: one. Jobs side by side each have a core."""

from __future__ import annotations

import scipy.linalg.cython_blas  # noqa: F401  numba's products are scipy's BLAS: it has to be there to be limited
import torch
from threadpoolctl import threadpool_limits


def use_one_thread() -> None:
    """Bind torch, and the BLAS of numpy and of scipy, to one thread in this process."""
    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")
