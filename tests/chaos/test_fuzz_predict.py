"""Some of the cases that `make fuzz-predict` sends by the thousand."""

from __future__ import annotations

import httpx

from tests.chaos.fuzz_predict import fuzz, known_answers, train
from tests.chaos.fuzzing import Watch, stack

CASES = 1000
MEGABYTES = 60


def test_whatever_is_sent_to_predict_is_answered_or_refused_with_a_reason() -> None:
    with stack(ingest_processes=1) as (url, running), httpx.Client(base_url=url, timeout=60) as http:
        train(url)
        before = known_answers(http)
        with Watch(running) as watch:
            findings, grown_mb = fuzz(url, running, range(CASES), seed=2)
        assert findings.wrong == []
        assert findings.statuses.total() == CASES
        assert watch.changes() == []
        assert grown_mb < MEGABYTES
        assert known_answers(http) == before
        # the cases are worth something: many are answered, many are not, for several reasons
        assert findings.outcomes["answered"] > CASES / 25
        assert len(findings.outcomes) > 5
