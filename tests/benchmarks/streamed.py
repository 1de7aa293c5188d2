"""A large body to a server over one connection, read from the disk as it goes, its answer on the disk as it comes.

Sending and receiving go on at once, with the moments of the first answer byte and of the last request byte.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.integration.processes import api_of

PIECE_BYTES = 256 * 1024
SAMPLE_SECONDS = 0.01
MB = 1e6


class Refused(Exception):
    """The server's own words, when it does not answer with 200."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Seconds from the beginning: until the answer is on the disk, its first byte, and the last byte of the request."""

    seconds: float
    first_answered: float
    last_sent: float


def exchange(url: str, body: Path, answer: Path, timeout: float = 600) -> Exchange:
    """POST a CSV and keep the CSV that comes back. Raises Refused."""
    place = urlsplit(url)
    head = (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: text/csv\r\nAccept: text/csv\r\n"
        f"Content-Length: {body.stat().st_size}\r\nConnection: close\r\n\r\n"
    )
    sent: list[float] = []
    began = time.perf_counter()
    with socket.create_connection((place.hostname, place.port), timeout=timeout) as connection:

        def send() -> None:
            with body.open("rb") as file, suppress(OSError):  # a server that refuses may close before it has read all
                connection.sendall(head.encode())
                while piece := file.read(PIECE_BYTES):
                    connection.sendall(piece)
                sent.append(time.perf_counter() - began)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            connection.recv(1, socket.MSG_PEEK)
            first_answered = time.perf_counter() - began
            _receive(connection, answer)
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"the server closed the connection ({error or type(error).__name__})") from None
        finally:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            sender.join()
    seconds = time.perf_counter() - began
    if not sent:
        raise Refused("the server answered without having read the body")
    return Exchange(seconds, first_answered, sent[0])


def _receive(connection: socket.socket, path: Path) -> None:
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    if response.status != http.client.OK:
        said = response.read()
        with suppress(ValueError, KeyError):
            said = json.loads(said)["detail"]
        raise Refused(f"{response.status}: {said!s}")
    with path.open("wb") as file:
        while piece := response.read(PIECE_BYTES):
            file.write(piece)


class Memory:
    """What the processes of Adaline's API hold while something goes on, in MB: before it, at most, and after it."""

    def __init__(self, stack: psutil.Process) -> None:
        self._processes = api_of(stack)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.before = self.most = self.after = 0.0

    def __enter__(self) -> Memory:
        self.before = self.most = self.held()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.after = self.held()

    def held(self) -> float:
        """Now."""
        pages = sum(int(Path(f"/proc/{one.pid}/statm").read_text().split()[1]) for one in self._processes)
        return pages * os.sysconf("SC_PAGE_SIZE") / MB

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self.most = max(self.most, self.held())
