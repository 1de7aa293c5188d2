"""The calls of those who run a server: workers, owners and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from service.client import waiting
from service.client.connection import Call, Connection
from service.client.records import Json, Owner


class Operators:
    """A part of Client, which is the rest of it and opens the connection."""

    _connection: Connection

    def workers(self) -> list[Json]:
        """Who works, on what, since when."""
        answer: Json = self._connection.json(Call("GET", "/v1/workers"))
        return list(answer["data"])

    def owners(self) -> Iterator[Owner]:
        """All owners, with their own limits."""
        return waiting.pages(self._connection, Owner, "/v1/owners")

    def owner(self, id: str) -> Owner:
        """An owner: what it may have, and what it has."""
        return waiting.get(self._connection, Owner, f"/v1/owners/{_quote(id)}")

    def limit_owner(self, id: str, limits: Mapping[str, Any]) -> Owner:
        """Give an owner limits of its own, in the place of those that it had."""
        return self._connection.record(Owner, Call("PUT", f"/v1/owners/{_quote(id)}/limits", json=dict(limits)))

    def delete_owner(self, id: str) -> list[str]:
        """Delete everything of an owner. The ids of jobs that still run: call it again once they have stopped."""
        answer = self._connection.send(Call("DELETE", f"/v1/owners/{_quote(id)}"))
        return list(answer.json()["jobs"]) if answer.content else []


def _quote(part: str) -> str:
    return quote(part, safe="")
