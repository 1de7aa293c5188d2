"""Load on `/predict` whose every answer is kept: threads with a connection each, that ask one after the other.

Which API process is at the other end of a connection is known by its port: each process can be asked on purpose.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil

TRIES = 500  # connections, until each process has its share of them
HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: when it began and ended (monotonic seconds), which process had it, and what came back.

    `error` is what went wrong, retries included; else there is a version and a prediction. `tries` are those it took.
    """

    began: float
    ended: float
    process: int
    version: int = 0
    value: float = 0.0
    error: str = ""
    tries: int = 1


class Load:
    """So many connections that are busy for as long as it is open, spread evenly over the processes (none: anywhere).

    `retries`: how often a request whose connection broke is sent again, over a new one.
    """

    def __init__(
        self,
        url: str,
        ref: str,
        body: dict[str, Any],
        connections: int,
        processes: list[psutil.Process] | None = None,
        retries: int = 0,
    ) -> None:
        self._place = urlsplit(url).netloc
        self._path = f"/v1/models/{ref}/predict"
        self._body = json.dumps(body)
        self._retries = retries
        self._done = threading.Event()
        self._answers: list[list[Answer]] = [[] for _ in range(connections)]
        self.newest: dict[int, Answer] = {}  # by process
        if processes:
            opened = self._spread(connections, processes)
        else:
            opened = [(self._connect(), 0) for _ in range(connections)]
        self._opened = [connection for connection, _ in opened]
        self._threads = [
            threading.Thread(target=self._ask, args=(connection, process, kept), daemon=True)
            for (connection, process), kept in zip(opened, self._answers, strict=True)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for connection in self._opened:
            connection.close()

    @property
    def answers(self) -> list[Answer]:
        """Those of all connections, by their ends."""
        return sorted((one for kept in self._answers for one in kept), key=lambda one: one.ended)

    @property
    def count(self) -> int:
        return sum(map(len, self._answers))

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._place, timeout=30)
        connection.connect()
        return connection

    def _spread(
        self, connections: int, processes: list[psutil.Process]
    ) -> list[tuple[http.client.HTTPConnection, int]]:
        """Raises AssertionError where a process takes no connection."""
        found: list[tuple[http.client.HTTPConnection, int]] = []
        had: Counter[int] = Counter()
        for _ in range(TRIES):
            connection = self._connect()
            self._send(connection)  # only what is asked has been taken by a process
            process = _other_end(connection, processes)
            if process and had[process] < -(-connections // len(processes)):
                had[process] += 1
                found.append((connection, process))
            else:
                connection.close()
            if len(found) == connections:
                return found
        raise AssertionError(f"of {TRIES} connections the processes took {dict(had)}")

    def _ask(self, connection: http.client.HTTPConnection, process: int, kept: list[Answer]) -> None:
        while not self._done.is_set():
            began, tries, error = time.monotonic(), 0, ""
            while tries <= self._retries:
                tries += 1
                try:
                    version, value = self._send(connection)
                    kept.append(Answer(began, time.monotonic(), process, version, value, "", tries))
                    self.newest[process] = kept[-1]
                    break
                except (OSError, http.client.HTTPException, ValueError) as broken:
                    error = f"{type(broken).__name__}: {broken}"
                    connection.close()  # it opens again when it is used
                    process = 0
            else:
                kept.append(Answer(began, time.monotonic(), process, error=error, tries=tries))

    def _send(self, connection: http.client.HTTPConnection) -> tuple[int, float]:
        """Raises ValueError for an answer that is none."""
        connection.request("POST", self._path, body=self._body, headers=HEADERS)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise ValueError(f"{answer.status} {said[:300]!r}")
        told = json.loads(said)
        return told["model"]["version"], told["predictions"][0]


def _other_end(connection: http.client.HTTPConnection, processes: list[psutil.Process]) -> int:
    port = connection.sock.getsockname()[1]
    for process in processes:
        if any(one.raddr and one.raddr.port == port for one in process.net_connections("tcp")):
            return process.pid
    return 0
