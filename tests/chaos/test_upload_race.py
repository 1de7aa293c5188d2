"""A client that stays is never told of a dataset that another, who goes away, takes with it."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.upload_race import lost
from tests.integration.api.serving import Server

ROUNDS = 40  # `make upload-race` makes 1,000 of them


def test_what_a_client_was_told_of_stays_when_another_leaves(serve: Callable[..., Server]) -> None:
    server = serve()
    assert lost(str(server.http.base_url), ROUNDS) == []
