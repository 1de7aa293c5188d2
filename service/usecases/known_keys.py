"""Who asks: the keys that this process holds in memory, following the database.

A request costs a SHA-256 and a look into a dictionary: no statement, no lock. What keys there are is looked at again
when their revision has changed, in the background; and once for a key that is not known, which may be new.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.changes import KEYS_CHANGED, Changes
from service.domain.access.identity import EVERYBODY, Identity
from service.domain.access.keys import GivenKey, is_secret, read_key
from service.domain.access.quotas import tighter
from service.domain.access.scopes import opened_by
from service.errors import CannotStart, KeyExpired, KeyInvalid, KeyMissing, KeyRevoked
from service.store.access import keys
from service.store.revisions import KEYS, revision
from service.store.session import Database
from service.store.tables import KeyRow
from service.usecases.follow import follow

_hash = hashlib.sha256
BEARER = "Bearer "
NEEDED = "send a key: Authorization: Bearer adl_…; who runs this server makes one with `adaline keys create`"


@dataclass(eq=False, slots=True)
class KnownKey:
    """A key as it is asked for all the time. `ends` and `used` are seconds of the clock (time.time)."""

    identity: Identity
    digest: str
    ends: float
    is_revoked: bool
    used: float = 0.0

    @classmethod
    def of(cls, row: KeyRow, own: Mapping[str, int] | None = None) -> KnownKey:
        """A key of an owner with limits of its own."""
        ends = math.inf if row.expires_at is None else row.expires_at.timestamp()
        limits = tighter(own, row.limits) or None
        identity = Identity(row.owner, opened_by(row.scopes), row.id, limits, bool(row.limits))
        return cls(identity, row.digest, ends, row.revoked_at is not None)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the database has found: keys by id, and those that were shown since, by the SHA-256 of the header
    that showed them. Both are thrown away together: what is found is never older than the look."""

    keys: Mapping[str, KnownKey]
    shown: dict[bytes, KnownKey] = field(default_factory=dict)


class KnownKeys:
    """The keys of one process. `always` is whether a key is needed even while there is none: where others than this
    machine's own users can ask. Elsewhere they are needed as soon as there was ever one."""

    def __init__(self, database: Database, always: bool) -> None:
        self._database = database
        self._always = always
        self._known: Look | None = None
        self._revision = 0
        self._followed = False
        self._looked = -math.inf  # when the last look at the database began (time.monotonic)
        self._noted = 0.0  # what was used up to then is noted (time.time)
        self._refreshing = threading.Lock()

    def identify(self, authorization: str | None) -> Identity:
        """Who sends this header. Raises Unauthenticated, saying why; DatabaseUnavailable before the first look."""
        known = self._current()
        if authorization is not None:
            shown = known.shown.get(_hash(authorization.encode("latin-1", "replace")).digest())
            if shown is not None:
                return self._used(shown)
        if not known.keys and not self._always:
            return EVERYBODY
        if authorization is None:
            raise KeyMissing(f"this server answers those who have a key; {NEEDED}")
        if authorization[: len(BEARER)].lower() != BEARER.lower():  # RFC 9110, 11.1: a scheme in any case
            raise KeyInvalid(f"the header Authorization has to begin with {BEARER!r}; {NEEDED}")
        given = read_key(authorization[len(BEARER) :].strip())
        if given is None:
            raise KeyInvalid(f"what follows {BEARER!r} has not the form of a key, adl_<id>_<secret>; {NEEDED}")
        return self.opened(given)

    def opened(self, given: GivenKey) -> Identity:
        """Who has this key. Raises Unauthenticated."""
        known = self._current()
        if given.id not in known.keys:
            known = self._look(time.monotonic())  # it may be new
        key = known.keys.get(given.id)
        if key is None or not is_secret(given.secret, key.digest):
            raise KeyInvalid("no key of this server is so; check it for what was left out, or ask for another")
        known.shown[_hash(f"{BEARER}{given.text}".encode()).digest()] = key  # of each key one, however it was written
        return self._used(key)

    def holder(self, id: str) -> Identity:
        """Who has the key of this id, which somebody has shown before. Raises Unauthenticated."""
        key = self._current().keys.get(id)
        if key is None:
            raise KeyInvalid(f"there is no key {id} any more")
        return self._used(key)

    def check_there_are(self) -> None:
        """Raises CannotStart where keys are needed and there is none: nobody could be answered."""
        if self._always and not self._current().keys:
            raise CannotStart(
                "other machines reach this address, and there is no key yet that would let anybody in: make one with "
                "`adaline keys create --scopes admin`, or start with `adaline serve` or `adaline api`, which make "
                "the first one; or listen on 127.0.0.1, where none is needed"
            )

    def refresh(self) -> None:
        """Look whether keys have changed. Raises DatabaseUnavailable; what is known stays known then."""
        self._look(time.monotonic())

    def follow(self, changes: Changes) -> None:
        """Refresh whenever keys change, and note now and then which were used, until the process ends. Only while this
        runs is the database not asked for each request."""

        def see_to_them() -> None:
            self.refresh()
            if time.time() - self._noted >= keys.USED_SECONDS:
                self.note_uses()

        self._followed = True
        try:
            follow(changes, KEYS_CHANGED, see_to_them, "keys")
        finally:
            self._followed = False

    def note_uses(self) -> None:
        """Keep when keys were last used. Raises DatabaseUnavailable; it is tried again then."""
        moment, known = time.time(), self._known.keys if self._known else {}
        used = {id: datetime.fromtimestamp(key.used, UTC) for id, key in known.items() if key.used > self._noted}
        if used:
            with self._database.write() as session:
                keys.note_uses(session, used)
        self._noted = moment

    def _current(self) -> Look:
        known = self._known
        return self._look(time.monotonic()) if known is None or not self._followed else known

    def _look(self, asked: float) -> Look:
        """What a look at the database after a moment has found; who ask at the same time look together."""
        with self._refreshing:
            if self._known is not None and self._looked >= asked:
                return self._known
            began = time.monotonic()
            with self._database.read() as session:
                seen = revision(session, KEYS)
                if self._known is None or seen != self._revision:
                    before = self._known.keys if self._known else {}
                    own = keys.limits_of_owners(session)
                    found = {row.id: KnownKey.of(row, own.get(row.owner)) for row in keys.every(session)}
                    for id, key in found.items():
                        key.used = before[id].used if id in before else 0.0
                    self._known, self._revision = Look(found), seen
            self._looked = began
            return self._known

    def _used(self, key: KnownKey) -> Identity:
        moment = time.time()
        if key.is_revoked:
            raise KeyRevoked(f"the key {key.identity.key} has been revoked; ask who runs this server for another")
        if moment >= key.ends:
            raise KeyExpired(f"the key {key.identity.key} has expired; ask who runs this server for another")
        key.used = moment
        return key.identity
