"""The whole of Adaline, started once for the tests that only use it."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.client import Client
from tests.integration.processes import started

CITIES = {"Lyon": 60.0, "Lille": 20.0, "Nice": 95.0}


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a running Adaline listens; it is used by many tests, so none may take it down."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    settings = {"ADALINE_DATA": str(tmp_path_factory.mktemp("server")), "ADALINE_WORKER_PROCESSES": "2"}
    with started(command, settings) as stack:
        yield stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
        stack.process.send_signal(signal.SIGTERM)
        assert stack.wait() == 0, "\n".join(stack.lines[-50:])


@pytest.fixture
def server(server_url: str) -> Iterator[Client]:
    """A client of the running Adaline."""
    with Client(server_url) as client:
        yield client


def price(rooms: int, garden: bool, city: str) -> float:
    """What a house costs: a sum, so that a linear neuron can learn it exactly."""
    return 50.0 * rooms + 25.0 * garden + CITIES[city]


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 houses with their prices."""
    draw = random.Random(1)
    lines = ["rooms,garden,city,price"]
    for _ in range(400):
        rooms, garden, city = draw.randint(1, 7), draw.random() < 0.4, draw.choice(list(CITIES))
        lines.append(f"{rooms},{str(garden).lower()},{city},{price(rooms, garden, city)}")
    path = tmp_path_factory.mktemp("tables") / "Houses 2024.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
