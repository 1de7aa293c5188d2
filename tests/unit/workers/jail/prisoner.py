"""A process that shuts itself in by the rules that it is told, and then tries what it is told: `python -m … RULES WAY`.

It says what came of it in one line: "did" with what it got, or the name of the error.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from workers.jail.enter import shut
from workers.jail.rules import SYSTEM, Rules


def bomb() -> int:
    """How many processes could be started, of 50."""
    started = 0
    for _ in range(50):
        if os.fork() == 0:
            os._exit(0)
        started += 1
    return started


def fork_in_c() -> int:
    child = ctypes.CDLL(None, use_errno=True).fork()
    if child == 0:
        os._exit(0)
    if child < 0:
        raise OSError(ctypes.get_errno(), "fork")
    return int(child)


def write_much(place: Path) -> int:
    with (place / "huge").open("wb") as file:
        return file.truncate(64 * 2**20)


def linked(link: Path, to: Path) -> Path:
    link.symlink_to(to)
    return link


def serve() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        return "listening"


def serve_here(place: Path) -> str:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        return "listening"


def connect(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return "connected"


def in_thread(what: Callable[[], object]) -> object:
    told: list[object] = []

    def tell() -> None:
        try:
            told.append(what())
        except OSError as error:
            told.append(error)

    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()
    if isinstance(told[0], OSError):
        raise told[0]
    return told[0]


def ways(mine: Path, others: Path, port: int) -> dict[str, Callable[[], object]]:
    """What is tried, by name. What is written as `mine` is allowed."""
    return {
        "read mine": lambda: (mine / "mine").read_text(),
        "write mine": lambda: (mine / "new").write_text("x"),
        "rename mine": lambda: os.rename(mine / "mine", mine / "renamed"),
        "read others": lambda: (others / "secret").read_text(),
        "read others through a link": lambda: linked(mine / "link", others / "secret").read_text(),
        "list others": lambda: os.listdir(others),
        "write others": lambda: (others / "new").write_text("x"),
        "delete others": lambda: (others / "secret").unlink(),
        "read others in a thread": lambda: in_thread((others / "secret").read_text),
        "execute": lambda: subprocess.run(["/bin/true"], check=True),
        "become a program": lambda: os.execv("/bin/true", ["true"]),
        "execute mine": lambda: os.execv(str(mine / "program"), ["program"]),
        "fork": os.fork,
        "fork in C": fork_in_c,
        "fork bomb": bomb,
        "thread": lambda: in_thread(lambda: "ran"),
        "allocate": lambda: len(bytearray(3 * 2**30)),
        "allocate some": lambda: len(bytearray(64 * 2**20)),
        "huge file": lambda: write_much(mine),
        "raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "listen": serve,
        "listen on a path": lambda: serve_here(mine / "s"),
        "connect": lambda: connect(port),
        "connect to mine": lambda: connect(port),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "raise the limit": lambda: __import__("resource").prlimit(0, __import__("resource").RLIMIT_DATA, (-1, -1)),
        "trace the parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "unshare": lambda: _called("unshare", 0x10000000),
        "mount": lambda: _called("mount", b"none", os.fsencode(mine), b"tmpfs", 0, None),
    }  # fmt: skip


def _called(name: str, *arguments: object) -> int:
    call = getattr(ctypes.CDLL(None, use_errno=True), name)
    if call(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
    return 0


def main() -> None:
    told = json.loads(sys.argv[1])
    mine, others, way = Path(told["mine"]), Path(told["others"]), told["way"]
    readable = [Path(place) for place in (*SYSTEM, *sys.path, sys.base_prefix) if place]
    ports = (told["port"],) if way == "connect to mine" else ()
    shut(Rules(tuple(readable), (mine,), mine, ports, memory_bytes=2**30, file_bytes=32 * 2**20))
    try:
        print("did", ways(mine, others, told["port"])[way]())  # noqa: T201 (what the test reads)
    except (OSError, MemoryError) as error:
        print(type(error).__name__, getattr(error, "errno", ""))  # noqa: T201


if __name__ == "__main__":
    main()
