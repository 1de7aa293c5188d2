"""The API in a process of its own, on the parts of a test: the server as it is started, and real sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

from service.wiring import Deps
from tests.integration.processes import PATIENCE_SECONDS

START_SECONDS = 120  # on a loaded machine; a free one takes two
MEGABYTE = 1e6


class Server:
    """A running API on the parts of a test."""

    def __init__(self, deps: Deps, **settings: object) -> None:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = reserved.getsockname()[1]
        chosen = {
            "data": deps.settings.data,
            "broker_url": deps.settings.broker_url,
            "log_format": "json",
            "port": self.port,
            "api_processes": 1,  # whose memory, threads and files are looked at
            **settings,
        }
        environment = {f"ADALINE_{name.upper()}": str(value) for name, value in chosen.items()}
        began = time.monotonic()
        self.log_file = deps.settings.data.parent / f"server-{self.port}.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.supervisor.http_server"],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **environment},
                stdout=log,
                stderr=log,
            )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        while True:
            try:
                self.http.get("/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                if time.monotonic() - began > START_SECONDS:
                    self.stop()
                    raise
                time.sleep(0.01)
        self.start_seconds = time.monotonic() - began

    @property
    def worker(self) -> psutil.Process:
        (worker,) = psutil.Process(self.process.pid).children()
        return worker

    @property
    def resident_megabytes(self) -> float:
        return float(self.worker.memory_info().rss) / MEGABYTE

    @contextmanager
    def growth(self) -> Iterator[list[float]]:
        """How many megabytes the process's memory has grown at most within the context; told at its end."""
        before = highest = self.resident_megabytes
        told: list[float] = []
        done = threading.Event()

        def watch() -> None:
            nonlocal highest
            while not done.wait(0.01):
                highest = max(highest, self.resident_megabytes)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield told
        finally:
            done.set()
            watcher.join()
            told.append(highest - before)

    def requests(self) -> list[dict[str, object]]:
        """What the log says of the requests that have been answered: method, path, status."""
        lines = self.log_file.read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return [entry for entry in entries if entry.get("event") == "request"]

    def send(self, *pieces: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        for piece in pieces:
            connection.sendall(piece)
        return connection

    def stop(self) -> float:
        self.http.close()
        began = time.monotonic()
        workers = psutil.Process(self.process.pid).children() if self.process.poll() is None else []
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            for worker in workers:
                worker.kill()
            self.process.kill()
            self.process.wait()
        return time.monotonic() - began
