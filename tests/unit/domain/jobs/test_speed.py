from __future__ import annotations

from typing import Any

import pytest

from service.domain.jobs.speed import Speed, expect


def ran(**values: Any) -> Speed:
    return Speed(
        **{
            "engine": "autograd", "device": "cpu", "rows": 1000, "batch": 100, "weights": 50, "cells": 10_000,
            "epoch_seconds": 0.02, "other_seconds": 0.5, **values,
        }
    )  # fmt: skip


def shape(**values: Any) -> dict[str, Any]:
    return {
        "engine": "autograd", "device": "cpu", "rows": 1000, "batch": 100, "weights": 50, "cells": 10_000, **values
    }  # fmt: skip


def test_nothing_is_expected_of_what_has_never_run() -> None:
    assert expect([], **shape()) is None
    assert expect([ran(device="gpu"), ran(engine="fused")], **shape()) is None


def test_the_same_run_takes_the_same_time_and_twice_the_rows_twice_the_time() -> None:
    same = expect([ran()], **shape())
    assert same is not None
    assert (same.epoch_seconds, same.other_seconds, same.runs) == (pytest.approx(0.02), 0.5, 1)
    twice = expect([ran(cells=10**9)], **shape(rows=2000, cells=2 * 10**9))
    assert twice is not None
    assert (twice.epoch_seconds, twice.other_seconds) == (pytest.approx(0.04), pytest.approx(1.0, rel=1e-3))


def test_runs_of_another_shape_do_not_outvote_those_alike() -> None:
    alike = [ran(epoch_seconds=seconds) for seconds in (0.02, 0.021, 0.022, 0.023, 0.2)]
    others = [ran(weights=500_000, batch=1000, epoch_seconds=30.0) for _ in range(20)]
    found = expect([*others, *alike], **shape())
    assert found is not None
    assert found.runs == 5
    assert found.epoch_seconds == pytest.approx(0.022)  # the median: one run on a busy machine does not count
    assert (found.low, found.high) == (pytest.approx(0.02), pytest.approx(0.2))


def test_a_small_table_takes_no_less_than_the_fixed_part() -> None:
    found = expect([ran()], **shape(rows=10, batch=10, cells=100))
    assert found is not None
    assert found.other_seconds == pytest.approx(0.5, rel=0.02)
