"""An alias that is moved again and again under load, and what came of it in every API process."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.client import Client
from tests.chaos.predict_load import Answer, Load

ALIAS = "live"
PATIENCE_SECONDS = 5.0
NEAR = 1e-3


@dataclass(frozen=True, slots=True)
class Move:
    """To which version, when the request to move began, and when it was answered (monotonic seconds)."""

    version: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of the moves. `stale_seconds`, by process and move: how long after the move was answered a request
    could begin there that still had an older version; `wrong`: what must not be so."""

    moves: int
    answers: int
    stale_seconds: dict[int, list[float]]
    wrong: list[str]

    def told(self) -> str:
        by_process = [
            f"median {1000 * statistics.median(late):.1f} ms, at most {1000 * max(late):.0f} ms"
            for late in self.stale_seconds.values()
        ]
        return f"{self.moves:,} moves, {self.answers:,} answers; an older version was seen for: " + "; ".join(
            by_process
        )


def move(
    client: Client, model: str, versions: Sequence[int], count: int, load: Load, processes: Sequence[int]
) -> list[Move]:
    """Move the alias so often, each time to another version, as soon as every process has answered with the last one.

    Goes on after PATIENCE_SECONDS where one has not: `judge` will say so.
    """
    draw = random.Random(0)
    moves: list[Move] = []
    now = 0
    for _ in range(count):
        now = draw.choice([version for version in versions if version != now])
        began = time.monotonic()
        client.set_alias(model, ALIAS, now)
        moves.append(Move(now, began, time.monotonic()))
        while time.monotonic() < moves[-1].ended + PATIENCE_SECONDS and not _all_have(load, processes, moves[-1]):
            time.sleep(0.001)
    return moves


def _all_have(load: Load, processes: Sequence[int], last: Move) -> bool:
    newest = [load.newest.get(process) for process in processes]
    return all(one is not None and one.began >= last.ended and one.version == last.version for one in newest)


def judge(moves: Sequence[Move], answers: Sequence[Answer], values: Mapping[int, float]) -> Seen:
    """`values` are what each version predicts. Answers from before the first move are left out."""
    wrong = [f"a request failed: {one.error}" for one in answers if one.error]
    answers = [one for one in answers if not one.error and one.began >= moves[0].ended]
    ever = {one.version for one in moves}
    for one in answers:
        if one.version not in ever:
            wrong.append(f"version {one.version} was answered, where the alias has never been")
        elif abs(one.value - values[one.version]) > NEAR:
            wrong.append(f"version {one.version} predicts {values[one.version]}, and was said to predict {one.value}")
    stale: dict[int, list[float]] = {
        process: [0.0] * len(moves) for process in sorted({one.process for one in answers})
    }
    seen: dict[int, set[int]] = {process: set() for process in stale}
    place = 0
    for one in sorted(answers, key=lambda one: one.began):
        while place + 1 < len(moves) and moves[place + 1].ended <= one.began:
            place += 1
        # where the alias stood at some moment of the request, and in which move its version was the newest one
        standing = [index for index in range(place, len(moves)) if index == place or moves[index].began <= one.ended]
        if any(moves[index].version == one.version for index in standing):
            if moves[place].version == one.version:
                seen[one.process].add(place)
        else:
            late = one.began - moves[place].ended
            stale[one.process][place] = max(stale[one.process][place], late)
    for process, which in seen.items():
        missed = len(moves) - len(which)
        if missed:
            wrong.append(f"process {process} was never seen to answer with the version of {missed} of the moves")
    return Seen(len(moves), len(answers), stale, wrong)
