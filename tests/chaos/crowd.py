"""Many clients of several owners who submit jobs at once to a real server: who is answered, what runs, in which order.

`python -m tests.chaos.crowd --clients 50 --jobs 1000`. The order is judged by replaying it: from when each job was
submitted, claimed and ended, a model of the rules says which job's turn each claim was.
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from service.client import Client
from service.store.migrate import migrate
from service.store.session import Database
from service.usecases.keys import create_key
from tests.integration.processes import started

OWNERS = ("ann", "ben", "cat", "dan", "eve")
PRIORITIES = (0, 0, 5, -5)
TABLE = b"x,y\n" + b"".join(b"%d,%d\n" % (number, 3 * number + 1) for number in range(60))
Ran = tuple[str, str, str, int, str, str, str, str, int]
"""Of a job: id, owner, lane, priority, when it was created, claimed and finished, its state, how often it began."""


@dataclass(frozen=True)
class Crowd:
    """What came of it: seconds of each answer, and of each job what the database tells."""

    answer_seconds: Sequence[float]
    ran: Sequence[Ran]

    def at(self, share: float) -> float:
        """The answers' quantile."""
        return sorted(self.answer_seconds)[min(int(share * len(self.answer_seconds)), len(self.answer_seconds) - 1)]


def gather(directory: Path, clients: int, jobs: int, processes: int = 2) -> Crowd:
    """Start a server, let so many clients submit so many jobs in all, and wait until all have ended."""
    database = Database(f"sqlite:///{directory / 'adaline.db'}")
    migrate(database)
    keys = {owner: create_key(database, owner, "crowd", ("train", "read")).text for owner in OWNERS}
    database.close()
    command = [sys.executable, "-m", "service", "serve", "--port", "0"]
    settings = {"ADALINE_DATA": str(directory), "ADALINE_WORKER_PROCESSES": str(processes)}
    with started(command, settings, gives_way=True) as stack:
        url = stack.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]
        tables = {}
        for owner, key in keys.items():
            with Client(url, key=key) as client:
                tables[owner] = client.ready(client.upload(TABLE, "line.csv").id).id

        def submit(number: int) -> list[float]:
            owner, took = OWNERS[number % len(OWNERS)], []
            with Client(url, key=keys[owner]) as client:
                for turn in range(jobs // clients):
                    spec = {
                        "dataset": tables[owner], "model": "line", "target": "y", "seed": number * 1000 + turn,
                        "priority": PRIORITIES[(number + turn) % len(PRIORITIES)], "promote": "never", "epochs": 2,
                    }  # fmt: skip
                    began = time.perf_counter()
                    client.submit(spec)
                    took.append(time.perf_counter() - began)
            return took

        with ThreadPoolExecutor(clients) as threads:
            took = [seconds for each in threads.map(submit, range(clients)) for seconds in each]
        while left := _left(directory):
            time.sleep(min(0.01 * left, 1.0))
        stack.process.send_signal(signal.SIGTERM)
        stack.wait()
    return Crowd(took, _ran(directory))


def _left(directory: Path) -> int:
    with sqlite3.connect(directory / "adaline.db") as database:
        query = "SELECT count(*) FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"
        return int(database.execute(query).fetchone()[0])


def _ran(directory: Path) -> list[Ran]:
    starts = "(SELECT count(*) FROM events WHERE job_id = jobs.id AND json_extract(data, '$.state') = 'running')"
    with sqlite3.connect(directory / "adaline.db") as database:
        return database.execute(
            f"SELECT id, owner, lane, priority, created_at, claimed_at, finished_at, state, {starts} FROM jobs"
        ).fetchall()


def out_of_turn(ran: Sequence[Ran]) -> list[str]:
    """The claims that priority and fairness do not explain, each with the job whose turn it was."""
    served: dict[str, str] = {}
    wrong = []
    for id, owner, lane, _, _, claimed, *_ in sorted(ran, key=lambda job: job[5]):
        waiting = [job for job in ran if job[2] == lane and job[4] < claimed <= job[5]]
        running = {one: sum(job[1] == one and job[5] < claimed < job[6] for job in ran) for one in OWNERS}
        heads = {}
        for job in sorted(waiting, key=lambda job: (-job[3], job[0])):
            heads.setdefault(job[1], job[0])
        turn = min(heads, key=lambda one: (running[one], served.get(one, ""), heads[one]))
        if id != heads[turn]:
            wrong.append(f"{id} of {owner} at {claimed}, when it was the turn of {heads[turn]} of {turn}")
        served[owner] = claimed
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="adaline-crowd-") as directory:
        began = time.perf_counter()
        crowd = gather(Path(directory), asked.clients, asked.jobs, asked.processes)
        seconds = time.perf_counter() - began
    wrong, once = out_of_turn(crowd.ran), sum(job[7] == "succeeded" and job[8] == 1 for job in crowd.ran)
    print(f"{len(crowd.ran)} jobs of {len(OWNERS)} owners, submitted by {asked.clients} clients at once: all in "
          f"{seconds:.0f} s, {once} ran once and succeeded, {len(wrong)} were claimed out of turn")  # fmt: skip
    print(f"answers: median {crowd.at(0.5):.3f} s, p99 {crowd.at(0.99):.3f} s, longest {crowd.at(1):.3f} s")
    print("\n".join(wrong[:10]))
    sys.exit(0 if once == len(crowd.ran) and not wrong else 1)


if __name__ == "__main__":
    main()
