"""How the kernels are compiled: once for every shape, by numba, and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

from workers.kernels.cache import choose_directory

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be taken in another order (vector lanes), products fused with sums, and the sign of zero is free. The order
# is fixed by the code, so results stay the same from run to run. NaN and infinities keep their meaning: they are how
# divergence shows.
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}

ZERO, ONE, HALF = np.float32(0), np.float32(1), np.float32(0.5)
"""float32 constants: with Python's own numbers numba would compute in float64."""


def kernel(function: Function) -> Function:
    """A kernel that other kernels call; it is compiled into them. It allocates nothing: numba then need not count who
    holds an array, which took a quarter of a linear neuron's step."""
    return _inner(function, counted=False)


def blas_kernel(function: Function) -> Function:
    """A kernel that makes views of arrays, for BLAS: those are counted."""
    return _inner(function, counted=True)


def _inner(function: Function, counted: bool) -> Function:
    # without the entries for Python and C, which nobody uses, compiling is quicker by a third
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": counted}
    compiled: Any = numba.njit(fastmath=FASTMATH, error_model="numpy", **options)(function)
    return cast(Function, compiled)


def entry(function: Function) -> Function:
    """A kernel that Python calls: without the interpreter's lock, so that the heartbeat goes on; cached on disk."""
    cached = choose_directory(Path(__file__).parent.glob("*.py"))
    compiled: Any = numba.njit(fastmath=FASTMATH, error_model="numpy", nogil=True, cache=cached)(function)
    return cast(Function, compiled)
