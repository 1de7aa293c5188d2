"""The heartbeat of a lease: what it meets, and what becomes of the work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from service.store import jobs
from service.store.tables import JobRow
from service.wiring import Deps
from tests import samples
from tests.integration.processes import eventually
from workers.lease import Cancelled, LeaseLost, claimed

BEAT_SECONDS = 0.02


class Failing:
    """Makes every statement of the heartbeat's threads fail with an error that nobody expects."""

    def __init__(self, engine: Any) -> None:
        self.times = 0
        self._engine = engine
        event.listen(engine, "before_cursor_execute", self._fail)

    def stop(self) -> None:
        event.remove(self._engine, "before_cursor_execute", self._fail)

    def _fail(self, *_: Any) -> None:
        if threading.current_thread().name.startswith("heartbeat"):
            self.times += 1
            raise ZeroDivisionError("nobody knows this one")


def raises(check: Callable[[], None], error: type[Exception]) -> bool:
    try:
        check()
    except error:
        return True
    return False


def test_a_heartbeat_outlives_errors_that_it_does_not_know(make_deps: Callable[..., Deps]) -> None:
    deps = make_deps(heartbeat_seconds=BEAT_SECONDS, lease_seconds=600.0)
    id = samples.job(deps).id
    with claimed(deps, JobRow, id) as lease:
        assert lease is not None
        fault = Failing(deps.database.engine)
        assert eventually(lambda: fault.times >= 3)
        lease.check()
        fault.stop()
        with deps.database.write() as session:
            assert jobs.move(session, id, "cancelling")
        assert eventually(lambda: raises(lease.check, Cancelled))  # it beats, and looks


def test_a_lease_that_errors_keep_from_being_renewed_is_lost_when_its_time_is_up(
    make_deps: Callable[..., Deps],
) -> None:
    deps = make_deps(heartbeat_seconds=BEAT_SECONDS, lease_seconds=1.0)
    with claimed(deps, JobRow, samples.job(deps).id) as lease:
        assert lease is not None
        fault = Failing(deps.database.engine)
        assert eventually(lambda: raises(lease.check, LeaseLost))
        assert fault.times >= 1
        fault.stop()
