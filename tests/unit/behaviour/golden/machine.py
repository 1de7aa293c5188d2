"""The kind of machine and the libraries under which a run gives the same bits."""

from __future__ import annotations

import functools
import hashlib
import platform
from importlib.metadata import version

import scipy.linalg.cython_blas  # noqa: F401  numba's products are scipy's BLAS: it has to be there to be told of
import torch
from llvmlite import binding
from threadpoolctl import threadpool_info

LIBRARIES = ("numpy", "scipy", "torch", "numba", "scikit-learn", "duckdb", "pyarrow", "onnx", "safetensors")


@functools.cache
def fingerprint() -> dict[str, str]:
    """By name: what decides the last bit of a sum. OpenBLAS and torch choose their kernels by the processor, and numba
    compiles for it."""
    cores = {one["filepath"].split("/")[-2]: one["architecture"] for one in threadpool_info() if "architecture" in one}
    features = ",".join(sorted(name for name, there in binding.get_host_cpu_features().items() if there))
    return {
        "machine": platform.machine(),
        "processor": f"{binding.get_host_cpu_name()} {hashlib.sha256(features.encode()).hexdigest()[:8]}",
        "torch kernels": torch.backends.cpu.get_cpu_capability(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{f"blas of {library.removesuffix('.libs')}": core for library, core in sorted(cores.items())},
        **{library: version(library) for library in LIBRARIES},
    }
