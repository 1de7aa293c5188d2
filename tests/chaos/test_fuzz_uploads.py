"""A few hundred of the cases that `make fuzz-uploads` sends by the thousand."""

from __future__ import annotations

from tests.chaos.fuzz_uploads import fuzz
from tests.chaos.fuzzing import API, API_MB, INGEST, Watch, ingest_mb, stack

CASES = 300


def test_whatever_is_uploaded_ends_ready_or_failed_with_a_reason() -> None:
    with stack() as (url, running):
        with Watch(running) as watch:
            findings = fuzz(url, range(CASES), seed=2)
        assert findings.wrong == []
        assert findings.statuses.total() == CASES
        assert watch.changes() == []
        assert watch.grown(API) < API_MB
        assert watch.grown(INGEST) < ingest_mb()
        # the cases are worth something: many tables are read, many are not, for many reasons
        assert findings.outcomes["ready"] > CASES / 10
        assert len(findings.outcomes) > 10
