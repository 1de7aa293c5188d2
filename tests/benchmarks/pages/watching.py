"""Who watches a running job, as 20 open pages do, without a browser's own work: `python -m … URL JOB HOW_MANY`.

Each has a stream of its events, as with browsers on as many machines, and asks for the job as often as a page. Runs
until it is stopped; ends with status 1 when a stream does.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psutil

from tests.benchmarks.stack import HERE
from tests.integration.processes import give_way

ASK_SECONDS = 15  # RUNNING_SECONDS of the page


@contextlib.contextmanager
def watchers(url: str, job: str, many: int) -> Iterator[None]:
    """So many who watch, in a process that gives way to others."""
    command = [sys.executable, "-m", __name__, url, job, str(many)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline(), "they do not watch"
            give_way([psutil.Process(process.pid)])
            yield
            assert process.poll() is None, "a stream has ended"
        finally:
            process.terminate()


def watch(url: str, job: str, many: int) -> None:
    """Read the streams and throw away what they tell."""
    place = urlsplit(url)
    head = f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: {place.netloc}\r\nAccept: text/event-stream\r\n\r\n"
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as readable, httpx.Client(base_url=url) as client:
        for _ in range(many):
            stream = stack.enter_context(socket.create_connection((place.hostname, place.port)))
            stream.sendall(head.encode())
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                sys.exit("no stream")
            readable.register(stream, selectors.EVENT_READ)
        print("watching", flush=True)
        due = time.monotonic()  # when one of them asks for the job
        while True:
            for key, _ in readable.select(max(0.0, due - time.monotonic())):
                if not key.fileobj.recv(1 << 16):  # type: ignore[union-attr]  # sockets are all that was registered
                    sys.exit("a stream has ended")
            if time.monotonic() >= due:
                due += ASK_SECONDS / many
                client.get(f"/v1/jobs/{job}").raise_for_status()


if __name__ == "__main__":
    watch(sys.argv[1], sys.argv[2], int(sys.argv[3]))
