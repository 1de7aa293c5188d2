"""A process that ends with its parent, even with one that was killed by SIGKILL and could tell nobody."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # prctl(2)


def tie_to(parent: int) -> Callable[[], None]:
    """A call for the child of the process `parent`: from then on the kernel kills it when its parent is gone.

    Work that is cut off so is protected by its lease. The tie outlasts exec, not fork: each generation ties its own.
    Made before the fork and called after it, where loading a library would be unsafe. Linux only; elsewhere the
    call does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        if prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it went between the fork and the prctl: no signal will come any more
            os._exit(1)

    return tie
