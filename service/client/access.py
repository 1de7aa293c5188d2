"""The calls about who may do what: keys, who one is oneself, with whom a model is shared; owners, and who works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from service.client import waiting
from service.client.connection import Call, Connection
from service.client.records import Json, Owner, Record

KEY_VARIABLE = "ADALINE_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Record):
    """A key. Its text, `key`, is there only just after it was made."""

    id: str
    owner: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Record):
    """That `grantee` may predict with a model, which is called `model` then: owner/name."""

    model: str
    owner: str
    grantee: str
    created_at: datetime | None = None


def authorization(key: str | None) -> dict[str, str]:
    """The header that shows a key. Raises ValueError for what cannot be one."""
    if key is None:
        return {}
    key = key.strip()
    if not (key.isascii() and key.startswith("adl_") and key.replace("_", "").isalnum()):
        raise ValueError("a key looks like adl_<id>_<secret>, and this does not (--key, ADALINE_KEY)")
    return {"Authorization": f"Bearer {key}"}


class Access:
    """A part of Client, which is the rest of it and opens the connection."""

    _connection: Connection

    def who_am_i(self) -> Json:
        """`owner`, `scopes` and `key` (an id) of who asks."""
        found: Json = self._connection.json(Call("GET", "/v1/session"))
        return found

    def create_key(
        self, name: str, scopes: Sequence[str], owner: str | None = None, expires_at: datetime | None = None
    ) -> Key:
        """A new key, for an owner who may be new too (default: oneself); `key` has its text, which is never shown
        again. Needs the scope admin."""
        body = {"name": name, "scopes": list(scopes)}
        body |= {} if owner is None else {"owner": owner}
        body |= {} if expires_at is None else {"expires_at": expires_at.isoformat()}
        return self._connection.record(Key, Call("POST", "/v1/keys", json=body))

    def list_keys(self, owner: str | None = None) -> Iterator[Key]:
        """All keys, or those of an owner, newest first. Needs the scope admin."""
        return waiting.pages(self._connection, Key, "/v1/keys", **({} if owner is None else {"owner": owner}))

    def revoke_key(self, id: str) -> None:
        """It opens nothing from now on. Needs the scope admin."""
        self._connection.send(Call("DELETE", f"/v1/keys/{quote(id, safe='')}"))

    def share(self, name: str, grantee: str) -> Share:
        """Let another owner predict with a model."""
        return self._connection.record(Share, Call("PUT", _shares(name, grantee)))

    def unshare(self, name: str, grantee: str) -> None:
        """Share a model with an owner no longer."""
        self._connection.send(Call("DELETE", _shares(name, grantee)))

    def shares(self, name: str) -> Iterator[Share]:
        """With whom a model is shared."""
        return self._listed(_shares(name))

    def shared_models(self) -> Iterator[Share]:
        """What other owners share."""
        return self._listed("/v1/shared-models")

    def _listed(self, path: str) -> Iterator[Share]:
        for one in self._connection.json(Call("GET", path))["data"]:
            yield self._connection.read(Share, one)

    def workers(self) -> list[Json]:
        """Who works, on what, since when."""
        answer: Json = self._connection.json(Call("GET", "/v1/workers"))
        return list(answer["data"])

    def owners(self) -> Iterator[Owner]:
        """All owners, with their own limits."""
        return waiting.pages(self._connection, Owner, "/v1/owners")

    def owner(self, id: str) -> Owner:
        """An owner: what it may have, and what it has."""
        return waiting.get(self._connection, Owner, f"/v1/owners/{quote(id, safe='')}")

    def limit_owner(self, id: str, limits: Mapping[str, Any]) -> Owner:
        """Give an owner limits of its own, in the place of those that it had."""
        return self._connection.record(Owner, Call("PUT", f"/v1/owners/{quote(id, safe='')}/limits", json=dict(limits)))

    def delete_owner(self, id: str) -> list[str]:
        """Delete everything of an owner. The ids of jobs that still run: call it again once they have stopped."""
        answer = self._connection.send(Call("DELETE", f"/v1/owners/{quote(id, safe='')}"))
        return list(answer.json()["jobs"]) if answer.content else []


def _shares(name: str, grantee: str | None = None) -> str:
    path = f"/v1/models/{quote(name, safe='')}/shares"
    return path if grantee is None else f"{path}/{quote(grantee, safe='')}"
