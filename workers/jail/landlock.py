"""The Linux kernel's Landlock: a process gives up, for itself and all that it starts, what it has no need of.

https://docs.kernel.org/userspace-api/landlock.html. Called through the C library, which has no functions for it; a
kernel that lacks a right does not restrict it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from workers.jail.syscalls import no_new_privileges, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION = 1  # a flag of create_ruleset
PATH_BENEATH, NET_PORT = 1, 2

READ_FILE, READ_DIR = 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = 1 << 1 | READ_FILE | TRUNCATE | IOCTL_DEV  # also: write_file
READ = READ_FILE | READ_DIR
FS_SINCE = {1: (1 << 13) - 1, 2: 1 << 13, 3: TRUNCATE, 5: IOCTL_DEV}
"""The rights that each version has added. The first of them, to execute, is given nowhere."""
EXECUTE = 1 << 0
NET = 0b11  # bind, connect
CONNECT = 0b10
NET_SINCE, SCOPED_SINCE = 4, 6
SCOPED = 0b11  # abstract unix sockets, signals: only among who is restricted by the same rules


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """Which version of Landlock this kernel has; 0: none, or it is off."""
    try:
        return syscall(CREATE_RULESET, None, 0, VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path], ports: Iterable[int]) -> int:
    """From now on this thread, and all that it starts, may read below `readable`, do anything but execute below
    `writable`, and connect to these TCP ports; nothing else. Paths that are not there are left out. The version of
    Landlock that sees to it; 0: none. Raises OSError.
    """
    known = version()
    if not known:
        return 0
    rights = sum(some for since, some in FS_SINCE.items() if since <= known)
    attributes = _Ruleset(rights, NET if known >= NET_SINCE else 0, SCOPED if known >= SCOPED_SINCE else 0)
    size = 24 if known >= SCOPED_SINCE else 16 if known >= NET_SINCE else 8
    rules = syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for paths, allowed in ((readable, READ & rights), (writable, rights & ~EXECUTE)):
            for path in paths:
                _allow(rules, path, allowed)
        if attributes.net:
            for port in ports:
                syscall(ADD_RULE, rules, NET_PORT, ctypes.byref(_NetPort(CONNECT, port)), 0)
        no_new_privileges()
        syscall(RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return known


def _allow(rules: int, path: Path, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    try:
        of_this = allowed if path.is_dir() else allowed & OF_FILES
        syscall(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(_PathBeneath(of_this, place)), 0)
    finally:
        os.close(place)
