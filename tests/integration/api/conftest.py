"""Servers that a test starts as it needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from service.wiring import Deps
from tests.integration.api.serving import Server


@pytest.fixture
def serve(deps: Deps) -> Iterator[Callable[..., Server]]:
    """Start servers; they are stopped at the end."""
    servers: list[Server] = []

    def start(**settings: object) -> Server:
        servers.append(Server(deps, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
