"""How the kernels are compiled: once for every shape, by numba, and kept on disk.

numba knows when the file of an entry point changes, not when one of the kernels that it calls does. So the directory
is named by a hash of all of this package's source. The cache holds machine code that is loaded into the process: it
belongs in a directory that only this user can write.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import config

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
    cached = _choose_directory()
    compiled: Any = numba.njit(fastmath=FASTMATH, error_model="numpy", nogil=True, cache=cached)(function)
    return cast(Function, compiled)


def _choose_directory() -> bool:
    """Point numba at this version's directory, in NUMBA_CACHE_DIR or the user's cache; False when not writable."""
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    directory = Path(root).expanduser() / f"adaline-kernels-{_digest()}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return False
    config.CACHE_DIR = str(directory)  # type: ignore[attr-defined]  # numba makes its attributes at run time
    return True


def _digest() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
