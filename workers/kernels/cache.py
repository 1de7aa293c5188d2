"""Where compiled kernels are kept on disk: in a directory that is named by a hash of all of their source.

numba knows when the file of an entry point changes, not when one of the kernels that it calls does. The cache holds
machine code that is loaded into the process: it belongs in a directory that only this user can write.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from numba.core import config


def choose_directory(sources: Iterable[Path]) -> bool:
    """Point numba at the directory of these files' kernels, for what is compiled next; False when not writable.

    It lies in NUMBA_CACHE_DIR or in the user's cache.
    """
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(sources))).hexdigest()[:16]
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        directory = Path(root).expanduser() / f"adaline-kernels-{digest}"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return False
    config.CACHE_DIR = str(directory)  # type: ignore[attr-defined]  # numba makes its attributes at run time
    return True
