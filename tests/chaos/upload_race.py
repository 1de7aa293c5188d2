"""Clients that go away while others upload the same bytes: what somebody was given an id for stays.

`python -m tests.chaos.upload_race` starts a stack of its own, and says how many rounds lost what was answered.
"""

from __future__ import annotations

import argparse
import gzip
import random
import socket
import struct
import sys
import threading
import time

import httpx

from tests.chaos.fuzzing import stack

HEAD = (
    b"POST /v1/datasets HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def lost(url: str, rounds: int, seed: int = 0) -> list[str]:
    """The ids that were given to a client that stayed, and are not there afterwards."""
    chance = random.Random(seed)
    address = httpx.URL(url)
    told: list[str] = []
    with httpx.Client(base_url=url, timeout=30) as client:
        for number in range(rounds):
            data = b"a,b\n%d,%d\n" % (number, chance.randrange(10**9))
            leaving = threading.Thread(
                target=_leave, args=(address.host, address.port or 80, data, chance.uniform(0, 0.04))
            )
            leaving.start()
            time.sleep(chance.uniform(0, 0.03))
            packed = gzip.compress(data)
            body = packed if number % 2 else iter([packed])  # of a known length, or in chunks itself
            headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
            answer = client.post("/v1/datasets", content=body, headers=headers)
            answer.raise_for_status()
            told.append(answer.json()["id"])
            leaving.join()
        return [id for id in told if client.get(f"/v1/datasets/{id}").status_code != 200]


def _leave(host: str, port: int, data: bytes, after_seconds: float) -> None:
    """Send a whole upload in chunks, and reset the connection without taking the answer."""
    data = gzip.compress(data)
    with socket.create_connection((host, port)) as connection:
        connection.sendall(HEAD % port + b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data))
        time.sleep(after_seconds)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with stack(1) as (url, _):
        gone = lost(url, asked.rounds, asked.seed)
    sys.stdout.write(f"{asked.rounds} rounds: {len(gone)} datasets lost that a client had been told of\n")
    return 1 if gone else 0


if __name__ == "__main__":
    sys.exit(main())
