"""System calls that this process gives up: no program is started, no process, no server, nothing of the kernel's own.

A filter of seccomp(2) in classic BPF. What is refused fails with an error, as for want of rights, so that a library
that only tries does without.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from workers.jail.syscalls import no_new_privileges, syscall

SET_MODE_FILTER, TSYNC = 1, 1  # TSYNC: for the threads that are there already, too
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCH_AT, ARGUMENTS_AT = 0, 4, 16  # in struct seccomp_data
X32 = 0x40000000  # another table of system calls of x86_64's
CLONE_THREAD = 0x10000
FAMILIES = (1, 2, 10, 16)  # of sockets: unix, IPv4, IPv6, netlink (names are resolved with it)

Instruction = tuple[int, int, int, int]
"""What to do, how many to skip when true, when false, and with which number."""


@dataclass(frozen=True, slots=True)
class CallNumbers:
    """The numbers of an architecture."""

    arch: int
    seccomp: int
    clone: int
    socket: int
    prlimit: int
    refused: tuple[int, ...]


CLONE3 = 435
REFUSED_EVERYWHERE = (
    425, 426, 427,  # io_uring: would go around this
    428, 429, 430, 431, 432, 433, 442,  # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
    438,  # pidfd_getfd
)  # fmt: skip
X86_64 = CallNumbers(
    arch=0xC000003E, seccomp=317, clone=56, socket=41, prlimit=302,
    refused=(
        59, 322, 57, 58,  # execve, execveat, fork, vfork
        50, 43, 288,  # listen, accept, accept4
        101, 310, 311, 312,  # ptrace, process_vm_readv, process_vm_writev, kcmp
        165, 166, 155, 161, 272, 308,  # mount, umount2, pivot_root, chroot, unshare, setns
        321, 298, 323, 304, 135,  # bpf, perf_event_open, userfaultfd, open_by_handle_at, personality
        248, 249, 250,  # add_key, request_key, keyctl
        175, 313, 176, 246, 320, 169,  # init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot
        103, 164, 227, 160,  # syslog, settimeofday, clock_settime, setrlimit
    ),
)  # fmt: skip
AARCH64 = CallNumbers(
    arch=0xC00000B7, seccomp=277, clone=220, socket=198, prlimit=261,
    refused=(  # the same; it has no fork and no vfork
        221, 281,
        201, 202, 242,
        117, 270, 271, 272,
        40, 39, 41, 51, 97, 268,
        280, 241, 282, 265, 92,
        217, 218, 219,
        105, 273, 106, 104, 294, 142,
        116, 170, 112, 164,
    ),
)  # fmt: skip
ARCHITECTURES = {"x86_64": X86_64, "aarch64": AARCH64}


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def restrict() -> bool:
    """From now on all threads of this process are refused what the module says; False where this machine's numbers
    are not known, or its kernel has no filters. Raises OSError."""
    machine = ARCHITECTURES.get(platform.machine())
    if machine is None:
        return False
    listed = list(_filter(machine))
    instructions = (_Instruction * len(listed))(*(_Instruction(*one) for one in listed))
    program = _Program(len(listed), instructions)
    no_new_privileges()
    try:
        syscall(machine.seccomp, SET_MODE_FILTER, TSYNC, ctypes.byref(program))
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EINVAL):  # built without it
            return False
        raise
    return True


def _filter(machine: CallNumbers) -> Iterator[Instruction]:
    refuse = (RETURN, 0, 0, ERRNO | errno.EPERM)
    yield LOAD, 0, 0, ARCH_AT
    yield EQUAL, 1, 0, machine.arch
    yield refuse
    yield LOAD, 0, 0, NUMBER_AT
    yield AT_LEAST, 0, 1, X32
    yield refuse
    for number in machine.refused + REFUSED_EVERYWHERE:
        yield EQUAL, 0, 1, number
        yield refuse
    # its flags lie in memory, where no filter sees them: the C library falls back to clone
    yield EQUAL, 0, 1, CLONE3
    yield RETURN, 0, 0, ERRNO | errno.ENOSYS
    yield EQUAL, 0, 4, machine.clone
    yield LOAD, 0, 0, ARGUMENTS_AT
    yield ANY_BIT, 0, 1, CLONE_THREAD
    yield RETURN, 0, 0, ALLOW
    yield refuse
    yield EQUAL, 0, 3 + len(FAMILIES), machine.socket
    yield LOAD, 0, 0, ARGUMENTS_AT
    for place, family in enumerate(FAMILIES):
        yield EQUAL, len(FAMILIES) - place, 0, family
    yield RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT
    yield RETURN, 0, 0, ALLOW
    # limits may be read, not set
    yield EQUAL, 0, 5, machine.prlimit
    yield LOAD, 0, 0, ARGUMENTS_AT + 2 * 8
    yield EQUAL, 0, 2, 0
    yield LOAD, 0, 0, ARGUMENTS_AT + 2 * 8 + 4
    yield EQUAL, 1, 0, 0
    yield refuse
    yield RETURN, 0, 0, ALLOW
