"""Fifty clients of five owners submit jobs at once."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.crowd import gather, out_of_turn

CLIENTS, JOBS = 50, 50


def test_each_job_of_a_crowd_runs_once_in_an_order_that_priority_and_fairness_explain(tmp_path: Path) -> None:
    crowd = gather(tmp_path, CLIENTS, JOBS)
    assert len(crowd.answer_seconds) == len(crowd.ran) == JOBS
    assert {(job[7], job[8]) for job in crowd.ran} == {("succeeded", 1)}
    assert out_of_turn(crowd.ran) == []


def test_a_claim_out_of_turn_is_found() -> None:
    def job(id: str, owner: str, priority: int, claimed: str, finished: str) -> tuple[object, ...]:
        return (id, owner, "long", priority, "00", claimed, finished, "succeeded", 1)

    fair = [job("1", "ann", 0, "01", "02"), job("2", "ann", 0, "05", "06"), job("3", "ben", 0, "03", "04")]
    assert out_of_turn(fair) == []  # type: ignore[arg-type]
    unfair = [job("1", "ann", 0, "01", "02"), job("2", "ann", 0, "03", "04"), job("3", "ben", 0, "05", "06")]
    assert len(out_of_turn(unfair)) == 1  # type: ignore[arg-type]
    upside_down = [job("1", "ann", 0, "01", "02"), job("2", "ann", 9, "03", "04")]
    assert len(out_of_turn(upside_down)) == 1  # type: ignore[arg-type]
