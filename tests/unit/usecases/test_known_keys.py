"""Who asks is known without a statement, and a key that is revoked opens nothing any more in any process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update

from service.domain.access.identity import EVERYBODY
from service.errors import CannotStart, DatabaseUnavailable, KeyExpired, KeyInvalid, KeyMissing, KeyRevoked
from service.store.access import keys as stored
from service.store.session import Database
from service.store.tables import KeyRow
from service.usecases.follow import LOOK_SECONDS
from service.usecases.keys import create_key, revoke_key
from service.usecases.known_keys import KnownKeys
from service.wiring import Deps

SOON = 10 * LOOK_SECONDS


def bearer(text: str) -> str:
    return f"Bearer {text}"


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def following(deps: Deps) -> Iterator[KnownKeys]:
    """The keys of a process that follows the database."""
    keys = KnownKeys(deps.database, always=True)
    thread = threading.Thread(target=keys.follow, args=[deps.changes])
    thread.start()
    until(lambda: keys._followed)
    yield keys
    deps.changes.close()
    thread.join()


def is_open(keys: KnownKeys, text: str) -> bool:
    try:
        keys.identify(bearer(text))
    except KeyRevoked:
        return False
    return True


def test_a_key_says_whose_things_are_meant_and_what_it_opens(deps: Deps) -> None:
    made = create_key(deps.database, "alice", "notebook", ["train"])
    who = KnownKeys(deps.database, always=False).identify(bearer(made.text))
    assert (who.owner, who.scopes, who.key) == ("alice", {"read", "predict", "train"}, made.row.id)


def test_the_scheme_is_read_in_any_case(deps: Deps) -> None:
    made = create_key(deps.database, "alice", "notebook", ["read"])
    known = KnownKeys(deps.database, always=False)
    assert {known.identify(f"{scheme} {made.text}").owner for scheme in ("Bearer", "bearer", "BEARER ")} == {"alice"}


def test_a_known_key_costs_no_statement(deps: Deps, following: KnownKeys) -> None:
    made = create_key(deps.database, "alice", "notebook", ["predict"])
    following.identify(bearer(made.text))
    asked: list[str] = []
    own = threading.get_ident()

    def note(*arguments: object) -> None:
        if threading.get_ident() == own:  # the thread that follows looks now and then
            asked.append(str(arguments[2]))

    event.listen(deps.database.engine, "before_cursor_execute", note)
    for _ in range(1000):
        following.identify(bearer(made.text))
    event.remove(deps.database.engine, "before_cursor_execute", note)
    assert asked == []


def test_a_key_made_by_another_process_opens_at_once(deps: Deps, following: KnownKeys) -> None:
    made = create_key(Database(str(deps.database.engine.url)), "alice", "new", ["read"])
    assert following.identify(bearer(made.text)).owner == "alice"


def test_a_key_revoked_by_another_process_opens_nothing_soon(deps: Deps, following: KnownKeys) -> None:
    made = create_key(deps.database, "alice", "old", ["read"])
    assert is_open(following, made.text)
    revoke_key(deps.database, None, made.row.id)  # without a hint: by looking alone
    until(lambda: not is_open(following, made.text))


def test_a_hint_ends_a_key_before_the_next_look(deps: Deps, following: KnownKeys) -> None:
    waits = []
    for _ in range(5):
        made = create_key(deps.database, "alice", "old", ["read"])
        assert is_open(following, made.text)
        revoke_key(deps.database, deps.changes, made.row.id)
        since = time.monotonic()
        until(lambda text=made.text: not is_open(following, text))  # type: ignore[misc]
        waits.append(time.monotonic() - since)
    assert min(waits) < LOOK_SECONDS / 4


def test_a_key_ends_at_its_time_without_a_look(deps: Deps, following: KnownKeys) -> None:
    made = create_key(deps.database, "alice", "short", ["read"], datetime.now(UTC) + timedelta(seconds=0.5))
    following.identify(bearer(made.text))

    def has_ended() -> bool:
        try:
            following.identify(bearer(made.text))
        except KeyExpired:
            return True
        return False

    until(has_ended)


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic YTpi", "adl_x_y", "Bearer adl_0_0", "Bearer adl_é_é", "bearer\u00a0x"]
)
def test_what_is_no_key_opens_nothing(deps: Deps, header: str) -> None:
    create_key(deps.database, "alice", "a", ["read"])
    with pytest.raises(KeyInvalid):
        KnownKeys(deps.database, always=False).identify(header)


def test_the_id_of_a_key_with_another_secret_opens_nothing(deps: Deps) -> None:
    made, other = (create_key(deps.database, "alice", name, ["read"]) for name in "ab")
    mixed = f"adl_{made.row.id}_{other.text.split('_')[2]}"
    with pytest.raises(KeyInvalid):
        KnownKeys(deps.database, always=False).identify(bearer(mixed))


def test_without_keys_everybody_is_the_default_owner_where_only_this_machine_asks(deps: Deps) -> None:
    assert KnownKeys(deps.database, always=False).identify(None) is EVERYBODY
    with pytest.raises(KeyMissing):
        KnownKeys(deps.database, always=True).identify(None)


def test_once_there_was_a_key_one_is_needed_even_after_the_last_is_revoked(deps: Deps) -> None:
    made = create_key(deps.database, "alice", "only", ["admin"])
    revoke_key(deps.database, None, made.row.id)
    with pytest.raises(KeyMissing):
        KnownKeys(deps.database, always=False).identify(None)


def test_nobody_is_let_in_before_the_database_has_answered() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        KnownKeys(away, always=False).identify(None)
    away.close()


def test_a_start_beyond_this_machine_without_a_key_is_refused(deps: Deps) -> None:
    with pytest.raises(CannotStart, match="adaline keys create --scopes admin"):
        KnownKeys(deps.database, always=True).check_there_are()
    KnownKeys(deps.database, always=False).check_there_are()
    create_key(deps.database, "alice", "a", ["admin"])
    KnownKeys(deps.database, always=True).check_there_are()


def test_the_last_use_is_noted_once_a_minute_at_most(deps: Deps) -> None:
    made = create_key(deps.database, "alice", "a", ["read"])
    known = KnownKeys(deps.database, always=False)

    def noted() -> datetime | None:
        with deps.database.read() as session:
            return stored.get(session, made.row.id).last_used_at

    known.note_uses()
    assert noted() is None
    known.identify(bearer(made.text))
    assert noted() is None  # not by the request itself
    known.note_uses()
    first = noted()
    assert first is not None
    assert abs(datetime.now(UTC) - first) < timedelta(minutes=1)
    known.identify(bearer(made.text))
    known.note_uses()
    assert noted() == first
    an_hour_ago = first - timedelta(hours=1)
    with deps.database.write() as session:
        session.execute(update(KeyRow).values(last_used_at=an_hour_ago))
    known.identify(bearer(made.text))
    known.note_uses()
    assert noted() is not None
    assert noted() != an_hour_ago
