"""System calls that the C library has no function for."""

from __future__ import annotations

import ctypes
import os
from typing import Any

PR_SET_NO_NEW_PRIVS = 38


def syscall(number: int, *arguments: Any) -> int:
    """What the kernel answers. Raises OSError."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    # each as wide as a register: ctypes would pass the lower half of a number, and leave the upper as it was
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    answer = int(call(ctypes.c_long(number), *wide))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def no_new_privileges() -> None:
    """From now on no program that this process starts has rights that it lacks: what both kinds of jails ask for.
    Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
