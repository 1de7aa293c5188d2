"""What the statements of one session see of the others' work."""

from __future__ import annotations

from service.domain.access.owners import DEFAULT_OWNER
from service.store import models
from service.store.revisions import MODELS, revision
from service.store.session import Database
from tests.contract.test_promotion import publish


def test_all_that_is_read_in_one_session_is_of_one_moment(database: Database) -> None:
    publish(database, "newest", 0.5, {})
    with database.read() as session:
        before = models.newest_versions(session, DEFAULT_OWNER, ["m"]), revision(session, MODELS)
        publish(database, "newest", 0.4, {})
        assert (models.newest_versions(session, DEFAULT_OWNER, ["m"]), revision(session, MODELS)) == before
    with database.read() as session:
        assert models.newest_versions(session, DEFAULT_OWNER, ["m"]) == {"m": 2}
        assert revision(session, MODELS) > before[1]
