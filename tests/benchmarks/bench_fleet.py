"""Jobs a second against workers: `make bench-fleet`. Processes that train nothing take jobs from the real queue, claim
them in one PostgreSQL and end them there, so that what is measured is all that a job costs besides its training.

Beside each figure is where the time of the processors went: to the workers, to PostgreSQL, to the broker. Jobs are
counted at the end: each has ended, and was claimed once.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from service.domain.access.owners import DEFAULT_OWNER
from service.queue import TRAIN
from service.settings import Settings
from service.store import jobs
from service.store.migrate import migrate
from service.store.session import Database
from service.store.tables import EventRow, JobRow
from service.supervisor import valkey
from service.wiring import Deps, wire
from tests.benchmarks.fleet_parts import Cpu, postgres, started_broker

WANTED = 100.0  # jobs a second, of 64 worker processes
FLEET = (1, 2, 4, 8, 16, 32, 64)
AT_ONCE = 8  # processes of one worker: as on a machine of eight cores
SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Figure:
    """What a fleet of so many processes did with so many jobs."""

    processes: int
    jobs: int
    seconds: float
    cpu: Cpu
    lost: int
    twice: int

    @property
    def rate(self) -> float:
        return self.jobs / self.seconds

    def told(self) -> str:
        shares = "  ".join(f"{name} {seconds / self.jobs * 1000:6.2f}" for name, seconds in self.cpu.items())
        return f"{self.processes:9d}  {self.rate:9.1f}  {shares}  {self.lost:4d}  {self.twice:5d}"


def main(arguments: Sequence[str]) -> int:
    """0 when the largest fleet is as fast as wanted, and no job was lost or run twice."""
    parser = argparse.ArgumentParser(prog="make bench-fleet", description=__doc__)
    parser.add_argument("--fleet", default=",".join(map(str, FLEET)), help="numbers of processes, comma-separated")
    parser.add_argument("--jobs", type=int, default=2000)
    asked = parser.parse_args(arguments)
    sys.stdout.write("processes   jobs/s  milliseconds of a processor per job                     lost  twice\n")
    figures = [measured(int(processes), asked.jobs) for processes in asked.fleet.split(",")]
    last = figures[-1]
    is_right = not any(figure.lost or figure.twice for figure in figures)
    sys.stdout.write(f"\n{last.processes} processes: {last.rate:.0f} jobs/s, wanted {WANTED:.0f}; ")
    sys.stdout.write("none lost, none run twice\n" if is_right else "JOBS WERE LOST OR RUN TWICE\n")
    return 0 if is_right and (last.rate >= WANTED or last.processes < FLEET[-1]) else 1


def measured(processes: int, count: int) -> Figure:
    """The figure of one fleet, on an empty database and an empty queue."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as place, contextlib.ExitStack() as parts:
        directory = Path(place)
        url = parts.enter_context(postgres(directory / "postgres"))
        broker = parts.enter_context(started_broker(valkey.find_server(), directory))
        settings = Settings(data=directory, database_url=url, broker_url=broker)
        migrate(database := Database(settings.resolved_database_url))
        database.close()
        deps = wire(settings)
        parts.callback(deps.close)
        workers = parts.enter_context(fleet(settings, processes))
        run(deps, 4 * processes)  # every process is there, and connected
        before = Cpu.now(workers, directory)
        seconds = run(deps, count)
        figure = Figure(processes, count, seconds, Cpu.now(workers, directory) - before, *wrong(deps))
    sys.stdout.write(figure.told() + "\n")
    sys.stdout.flush()
    return figure


@contextlib.contextmanager
def fleet(settings: Settings, processes: int) -> Iterator[list[psutil.Process]]:
    """Workers with so many processes in all."""
    environment = settings.to_environment({"PATH": "/usr/bin:/bin"})
    with contextlib.ExitStack() as parts, (settings.data / "workers.log").open("w") as log:
        workers = []
        while processes > 0:
            command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.fleet_worker"]
            some = min(processes, AT_ONCE)
            worker = subprocess.Popen([*command, "--processes", str(some)], env=environment, stdout=log, stderr=log)
            parts.callback(worker.wait)
            parts.callback(worker.terminate)
            workers.append(psutil.Process(worker.pid))
            processes -= some
        yield workers


def run(deps: Deps, count: int) -> float:
    """The seconds from the first message until so many jobs have ended."""
    with deps.database.write() as session:
        spec = {"model": "none", "target": "y", "dataset": "ds_none"}
        rows = [
            jobs.add(session, DEFAULT_OWNER, kind="train", spec=spec, dataset_id="ds_none", model_name="none")
            for _ in range(count)
        ]
    began = time.perf_counter()
    for row in rows:
        deps.queue.send(TRAIN, row.id)
    last = rows[-1].id
    while left(deps, rows[0].id, last):
        if time.perf_counter() - began > SECONDS:
            raise SystemExit(f"{left(deps, rows[0].id, last)} of {count} jobs have not ended in {SECONDS:g} s")
        time.sleep(0.02)
    return time.perf_counter() - began


def left(deps: Deps, first: str, last: str) -> int:
    """How many of the jobs from the first id to the last have not ended."""
    with deps.database.read() as session:
        query = select(func.count()).where(JobRow.state != "succeeded", JobRow.id >= first, JobRow.id <= last)
        return session.scalar(query) or 0


def wrong(deps: Deps) -> tuple[int, int]:
    """How many jobs have not ended, and how many were claimed more than once."""
    claims = select(EventRow.job_id).where(EventRow.type == "state", EventRow.data["state"].as_string() == "running")
    with deps.database.read() as session:
        lost = session.scalar(select(func.count()).where(JobRow.state != "succeeded")) or 0
        claimed = select(func.count()).select_from(claims.subquery())
        once = select(func.count(func.distinct(claims.subquery().c.job_id)))
        return lost, (session.scalar(claimed) or 0) - (session.scalar(once) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
