"""Kernels are compiled once for all processes of a machine, and for every shape and choice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WARM = """
from workers.kernels.epoch import advance
from workers.kernels.permute import permute
from workers.training.engines.warm import compile_kernels

compile_kernels()
for which in ("cache_hits", "cache_misses"):
    print(*(sum(getattr(kernel.stats, which).values()) for kernel in (advance, permute)), end=" ")
"""
OTHERS = """
import numpy as np
from service.domain.model.network import Network
from workers.training.engines.fused import FusedEngine
from workers.kernels.epoch import advance
from workers.training.engines.warm import compile_kernels
from workers.training.problem import Data, Problem, State

compile_kernels()
X = np.ones((40, 3), dtype=np.float32)
X.flags.writeable = False
for sizes, loss, optimizer, targets, weights in (
    ((3, 70, 2), "mae", "adam", np.ones((40, 2), dtype=np.float32), np.ones(40, dtype=np.float32)),
    ((3, 5, 5, 4), "cross_entropy", "rmsprop", np.zeros(40, dtype=np.int64), None),
):
    problem = Problem(Network(sizes, "gelu", bias=loss == "mae"), loss, optimizer, clip_norm=1.0, l2=0.1)
    engine = FusedEngine(problem, {"train": Data(X, targets, weights)})
    state = State.start(problem)
    engine.epoch(state, 1, np.arange(40), 7, 0.1, lambda: None)
    engine.epoch(state, 1, np.arange(40), 40, 0.1, lambda: None)
    engine.loss(state, "train")
print(len(advance.signatures))
"""


def printed(code: str, directory: Path) -> str:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(directory)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_second_process_loads_what_the_first_has_compiled_and_needs_nothing_else(tmp_path: Path) -> None:
    assert printed(WARM, tmp_path) == "0 0 1 1"
    assert printed(WARM, tmp_path) == "1 1 0 0"
    assert printed(OTHERS, tmp_path) == "1"
    kept = next(tmp_path.iterdir())
    assert kept.stat().st_mode & 0o077 == 0  # machine code that will be run: nobody else may write here


def test_where_nothing_can_be_kept_kernels_are_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, not a directory")
    assert printed(WARM, tmp_path / "file") == "0 0 1 1"
