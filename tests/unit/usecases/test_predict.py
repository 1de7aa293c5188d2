"""Models in memory: what a reference means follows the database, and outlives it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.changes import REGISTRY
from service.domain.access.owners import DEFAULT_OWNER
from service.errors import AliasNotFound, DatabaseUnavailable, VersionNotFound
from service.store.session import Database
from service.usecases import promote
from service.usecases.follow import LOOK_SECONDS
from service.usecases.predict import LoadedModels
from service.wiring import Deps
from tests import samples

SOON = 10 * LOOK_SECONDS  # for a thread that has to come to its turn


def publish(deps: Deps, bias: float = 0.0) -> int:
    """A version of "houses" whose files are like no other's."""
    predictor = samples.price_predictor()
    parameters = predictor.parameters.copy()
    parameters[-1] += bias
    return samples.publish(deps, replace(predictor, parameters=parameters), "houses").version


@pytest.fixture
def loaded(deps: Deps) -> LoadedModels:
    return LoadedModels(deps.database, deps.blobs, 4)


@pytest.fixture
def following(deps: Deps, loaded: LoadedModels) -> Iterator[LoadedModels]:
    """The models of a process that follows the registry."""
    thread = threading.Thread(target=loaded.follow, args=[deps.changes])
    thread.start()
    until(lambda: loaded._followed)
    yield loaded
    deps.changes.close()
    thread.join()


def until(true: Callable[[], bool], seconds: float = SOON) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Absent:
    """A database that is away while `gone` is set, and counts who came."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.gone = False
        self.asked = 0

    @contextlib.contextmanager
    def read(self) -> Iterator[Any]:
        self.asked += 1
        if self.gone:
            raise DatabaseUnavailable("the database does not answer; try again shortly")
        with self._database.read() as session:
            yield session


def test_a_known_reference_costs_no_statement(deps: Deps) -> None:
    publish(deps)
    database = Absent(deps.database)
    loaded = LoadedModels(database, deps.blobs, 4)  # type: ignore[arg-type]
    loaded._followed = True
    assert loaded.known(DEFAULT_OWNER, "houses") is None
    first = loaded.find(DEFAULT_OWNER, "houses")
    asked = database.asked
    assert [loaded.find(DEFAULT_OWNER, "houses") for _ in range(100)] == [first] * 100
    assert loaded.known(DEFAULT_OWNER, "houses") is first
    assert database.asked == asked


def test_without_anybody_who_follows_each_reference_is_looked_up(deps: Deps, loaded: LoadedModels) -> None:
    publish(deps)
    assert loaded.find(DEFAULT_OWNER, "houses").version == 1
    publish(deps, 1.0)
    assert loaded.find(DEFAULT_OWNER, "houses").version == 2
    assert loaded.known(DEFAULT_OWNER, "houses") is None


def test_a_new_version_is_seen_without_a_hint(deps: Deps, following: LoadedModels) -> None:
    publish(deps)
    assert following.find(DEFAULT_OWNER, "houses").version == 1
    publish(deps, 1.0)  # straight into the database: nobody publishes that it has changed
    until(lambda: following.find(DEFAULT_OWNER, "houses").version == 2, 1.0)


def test_a_hint_brings_it_sooner(deps: Deps, following: LoadedModels) -> None:
    publish(deps)
    publish(deps, 1.0)
    promote.promote(deps.database, DEFAULT_OWNER, "houses", "live", 1, None)
    assert following.find(DEFAULT_OWNER, "houses@live").version == 1
    waits = []
    for number in (2, 1) * 5:
        promote.promote(deps.database, DEFAULT_OWNER, "houses", "live", number, None)
        began = time.monotonic()
        deps.changes.publish(REGISTRY)
        until(lambda number=number: following.find(DEFAULT_OWNER, "houses@live").version == number)  # type: ignore[misc]
        waits.append(time.monotonic() - began)
    assert min(waits) < LOOK_SECONDS / 4


def test_what_means_nothing_any_more_is_asked_of_the_database(deps: Deps, following: LoadedModels) -> None:
    publish(deps)
    publish(deps, 1.0)
    promote.promote(deps.database, DEFAULT_OWNER, "houses", "live", 1, None)
    assert (
        following.find(DEFAULT_OWNER, "houses@live").version == following.find(DEFAULT_OWNER, "houses:1").version == 1
    )
    promote.remove_alias(deps.database, DEFAULT_OWNER, "houses", "live", None)
    promote.delete_version(deps.database, DEFAULT_OWNER, "houses", 1)
    until(
        lambda: (
            following.known(DEFAULT_OWNER, "houses@live") is None and following.known(DEFAULT_OWNER, "houses:1") is None
        )
    )
    with pytest.raises(AliasNotFound):
        following.find(DEFAULT_OWNER, "houses@live")
    with pytest.raises(VersionNotFound):
        following.find(DEFAULT_OWNER, "houses:1")
    assert following.find(DEFAULT_OWNER, "houses").version == 2


def test_known_models_answer_while_the_database_is_away(deps: Deps) -> None:
    publish(deps)
    database = Absent(deps.database)
    loaded = LoadedModels(database, deps.blobs, 4)  # type: ignore[arg-type]
    thread = threading.Thread(target=loaded.follow, args=[deps.changes])
    thread.start()
    until(lambda: loaded._followed)
    try:
        loaded.find(DEFAULT_OWNER, "houses")
        database.gone = True
        asked = database.asked
        until(lambda: database.asked > asked + 1)  # the follower has met it
        assert loaded.find(DEFAULT_OWNER, "houses").version == 1
        with pytest.raises(DatabaseUnavailable):
            loaded.find(DEFAULT_OWNER, "houses:1")
        database.gone = False
        publish(deps, 1.0)
        until(lambda: loaded.find(DEFAULT_OWNER, "houses").version == 2)
    finally:
        deps.changes.close()
        thread.join()


def test_the_model_that_was_unused_for_longest_leaves(deps: Deps) -> None:
    for bias in range(3):
        publish(deps, float(bias))
    loaded = LoadedModels(deps.database, deps.blobs, 2)
    loaded._followed = True
    for ref in ("houses:1", "houses:2"):
        loaded.find(DEFAULT_OWNER, ref)
    loaded.find(DEFAULT_OWNER, "houses:1")
    loaded.find(DEFAULT_OWNER, "houses:3")
    assert [ref for ref in ("houses:1", "houses:2", "houses:3") if loaded.known(DEFAULT_OWNER, ref)] == [
        "houses:1",
        "houses:3",
    ]


def test_many_references_to_few_models_do_not_pile_up(deps: Deps) -> None:
    publish(deps)
    loaded = LoadedModels(deps.database, deps.blobs, 1)
    loaded._followed = True
    for number in range(30):
        promote.promote(deps.database, DEFAULT_OWNER, "houses", f"alias-{number}", 1, None)
        loaded.find(DEFAULT_OWNER, f"houses@alias-{number}")
    assert len(loaded._known) <= 10


def test_a_retrained_name_never_answers_with_old_weights(deps: Deps, following: LoadedModels) -> None:
    publish(deps)
    before = following.find(DEFAULT_OWNER, "houses").predictor
    publish(deps, 1.0)
    until(lambda: following.find(DEFAULT_OWNER, "houses").version == 2)
    assert not np.array_equal(following.find(DEFAULT_OWNER, "houses").predictor.parameters, before.parameters)
