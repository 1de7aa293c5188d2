"""Hundreds of clients that send a byte a second, nothing, or take nothing, beside others who want to be answered.

`python -m tests.chaos.slow_clients` starts a stack of its own, holds 200 connections of each kind, and says how long
`/healthz`, reads and predictions took meanwhile. A connection that is answered or ended is replaced by a new one some
seconds later.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from service.client import Client
from tests.chaos.fuzzing import stack
from tests.integration.processes import repeated

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
LONG = b"Content-Length: 100000\r\n\r\n"
CSV = b"Content-Type: text/csv\r\n"
CHUNKED = b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"
MODEL = "slow"
LARGE_BYTES = 30_000_000  # more than the kernel takes of an answer
BACK_SECONDS = 5  # after which a client that was answered comes again
MOST_SECONDS = 1.0  # for one answer in a hundred at most
POINTS = ("/healthz", "a read", "a prediction")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a connection begins with, and whether it goes on with a byte a second."""

    head: bytes
    drips: bool = True


def kinds(job: str, dataset: str) -> dict[str, Kind]:
    """Each kind of slow client; `job` does not end, `dataset` is large."""
    return {
        "upload": Kind(b"POST /v1/datasets HTTP/1.1\r\n" + HOST + CSV + LONG + b"a,b\n"),
        "upload in chunks": Kind(b"POST /v1/datasets HTTP/1.1\r\n" + HOST + CSV + CHUNKED),
        "predict": Kind(b"POST /v1/models/slow/predict HTTP/1.1\r\n" + HOST + JSON + LONG + b"{"),
        "spec": Kind(b"POST /v1/jobs HTTP/1.1\r\n" + HOST + JSON + LONG + b"{"),
        "refused": Kind(b"POST /v1/nothing HTTP/1.1\r\n" + HOST + JSON + LONG + b"{"),
        "headers": Kind(b"GET /healthz HTTP/1.1\r\nX-Slow: "),
        "events": Kind(
            f"GET /v1/jobs/{job}/events HTTP/1.1\r\n".encode() + HOST + b"Accept: text/event-stream\r\n\r\n", False
        ),
        "silent": Kind(b"", False),
        "unread": Kind(f"GET /v1/datasets/{dataset}/content HTTP/1.1\r\n".encode() + HOST + b"\r\n", False),
    }


class Crowd:
    """Connections that are held, by kind. `told` is what those were told that were answered, by kind and status."""

    def __init__(self, address: tuple[str, int], those: Mapping[str, Kind], each: int) -> None:
        self.told: Counter[tuple[str, int]] = Counter()
        self._address = address
        self._kinds = those
        self._held = [(name, self._open(kind)) for name, kind in those.items() for _ in range(each)]
        self._gone: list[tuple[float, str]] = []

    def step(self) -> None:
        """What a second brings: a byte of each, and new ones for those that have ended."""
        now = time.monotonic()
        back = [name for when, name in self._gone if now >= when + BACK_SECONDS]
        self._gone = [(when, name) for when, name in self._gone if now < when + BACK_SECONDS]
        held = []
        for name, connection in self._held:
            if self._goes_on(name, connection):
                held.append((name, connection))
            else:
                connection.close()
                self._gone.append((now, name))
        self._held = held + [(name, self._open(self._kinds[name])) for name in back]

    def close(self) -> None:
        for _, connection in self._held:
            connection.close()

    def _open(self, kind: Kind) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=30)
        connection.sendall(kind.head)
        connection.setblocking(False)
        return connection

    def _goes_on(self, name: str, connection: socket.socket) -> bool:
        kind = self._kinds[name]
        try:
            if kind.drips:
                connection.send(b" ")
            said = b"" if name == "unread" else connection.recv(65536)
            if name == "unread" or (name == "events" and b"200 OK" in said) or (said and said[:4] != b"HTTP"):
                return True
            if said:
                self.told[name, int(said.split(maxsplit=2)[1])] += 1
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False


@dataclass(slots=True)
class Answers:
    """Seconds until each answer, by what was asked for, and what was wrong with any."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {point: [] for point in POINTS})
    wrong: list[str] = field(default_factory=list)

    def p99(self, point: str) -> float:
        return float(np.percentile(self.seconds[point], 99))


def beside(
    url: str, those: Mapping[str, Kind], each: int, rounds: int, row: Any
) -> tuple[Answers, Counter[tuple[str, int]]]:
    """Ask for each of the three so often while the crowd is there."""
    place = httpx.URL(url)
    answers = Answers()
    with ExitStack() as held, httpx.Client(base_url=url, timeout=60) as http:
        crowd = Crowd((place.host, place.port or 80), those, each)
        held.callback(crowd.close)

        def step() -> None:
            with suppress(OSError):
                crowd.step()

        held.enter_context(repeated(1, step))
        asks: dict[str, Callable[[], httpx.Response]] = {
            "/healthz": lambda: http.get("/healthz"),
            "a read": lambda: http.get("/v1/jobs"),
            "a prediction": lambda: http.post(f"/v1/models/{MODEL}/predict", json=row),
        }
        for _ in range(rounds):
            for point, ask in asks.items():
                began = time.monotonic()
                answer = ask()
                answers.seconds[point].append(time.monotonic() - began)
                if not answer.is_success:
                    answers.wrong.append(f"{point}: {answer.status_code} {answer.text[:200]}")
            time.sleep(0.02)
        return answers, crowd.told


def prepare(url: str) -> dict[str, Kind]:
    """A model, a job that does not end soon, and a large dataset; and the kinds of clients that use them."""
    with Client(url) as client:
        table = "x,y\n" + "".join(f"{n},{2 * n + 1}\n" for n in range(200))
        small = client.upload(table.encode(), name="small")
        client.train(small, "y", MODEL, network={"kind": "linear"})
        line = b"0.123456,-1.234567\n"
        large = client.upload(b"a,b\n" + line * (LARGE_BYTES // len(line)), name="large")
    spec = {"dataset": small.id, "model": "endless", "target": "y", "epochs": 1_000_000, "early_stopping": None}
    with httpx.Client(base_url=url, timeout=60) as http:
        job = http.post("/v1/jobs", json={**spec, "network": {"kind": "mlp"}}).raise_for_status().json()["id"]
    return kinds(job, large.id)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=200, help="connections of each kind")
    parser.add_argument("--rounds", type=int, default=500, help="times that each answer is asked for")
    asked = parser.parse_args()
    with stack(1) as (url, _):
        those = prepare(url)
        answers, told = beside(url, those, asked.each, asked.rounds, {"records": [{"x": 2.0}]})
    for point in POINTS:
        all_of = answers.seconds[point]
        print(
            f"{point:>13}: p99 {answers.p99(point):.3f} s, median {np.median(all_of):.3f} s, most {max(all_of):.3f} s"
        )
    print("told: " + ", ".join(f"{kind} {status} {count} times" for (kind, status), count in sorted(told.items())))
    for line in answers.wrong[:20]:
        print(f"WRONG {line}")
    return 1 if answers.wrong or max(map(answers.p99, POINTS)) > MOST_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
