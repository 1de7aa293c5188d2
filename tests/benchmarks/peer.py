"""The peer of the benchmarks: H2O-3, started anew. It comes from its wheel and needs a Java runtime."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec

H2O_PORT = 54399


def has_h2o(alone: bool) -> bool:
    """Whether there is an H2O to compare with; says why not. `alone`: none is wanted."""
    if alone:
        missing = "as asked"
    elif find_spec("h2o") is None:
        missing = "h2o is not installed (pip install -e '.[bench]')"
    elif not shutil.which("java"):
        missing = "there is no Java runtime, which h2o needs"
    else:
        return True
    print(f"H2O is left out: {missing}")
    return False


@contextmanager
def h2o_server() -> Iterator[None]:
    """A new H2O with every core; its Python client is connected to it."""
    import h2o

    with redirect_stdout(io.StringIO()):  # how old its version is
        h2o.init(port=H2O_PORT, max_mem_size="4G", nthreads=-1, verbose=False, strict_version_check=False)
    h2o.no_progress()
    try:
        yield
    finally:
        h2o.cluster().shutdown()
        time.sleep(2)  # it ends after it has answered
