"""Who asks, as far as it matters here: whose things are meant, and what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.access.owners import DEFAULT_OWNER
from service.domain.access.scopes import SCOPES


@dataclass(frozen=True, slots=True)
class Identity:
    """`owner` is whose things are seen, `scopes` all that may be done, `key` the id of the key that says so; None where
    no key is needed."""

    owner: str
    scopes: frozenset[str]
    key: str | None = None
    limits: Mapping[str, int] | None = None
    """What the owner may have and do, where that is not what the settings say; with what the key allows."""
    is_limited_by_key: bool = False
    """Whether the key has limits of its own."""


EVERYBODY = Identity(DEFAULT_OWNER, frozenset(SCOPES))
"""Who asks a server that has no keys, and that only its own machine reaches."""
