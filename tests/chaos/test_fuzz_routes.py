"""Some of the cases that `make fuzz-routes` sends by the thousand."""

from __future__ import annotations

from tests.chaos.fuzz_predict import train
from tests.chaos.fuzz_routes import fuzz
from tests.chaos.fuzzing import API, API_MB, INGEST, Watch, ingest_mb, stack

CASES = 400


def test_no_body_to_any_route_is_an_error_of_the_server_or_fills_its_memory() -> None:
    with stack(ingest_processes=1) as (url, running):
        train(url)
        with Watch(running) as watch:
            findings = fuzz(url, range(CASES), seed=5)
        assert findings.wrong == []
        assert findings.statuses.total() == CASES
        assert watch.changes() == []
        assert watch.grown(API) < API_MB
        assert watch.grown(INGEST) < ingest_mb()
        # the cases are worth something: many are answered, many are not, for many reasons
        assert findings.outcomes["answered"] > CASES / 10
        assert len(findings.outcomes) > 10
