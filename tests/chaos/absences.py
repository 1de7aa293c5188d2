"""The broker goes away at random moments, and comes back: `python -m tests.chaos.absences`; with `--tcp` one of its own
on a port, and PostgreSQL.

It is killed, held still for 1 to 10 s, or emptied; while nobody has work or while every process is busy; with work of
each kind queued. Everything that was queued must end well, and new work of each queue must be taken within 10 s of
its return.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

from service.client import Client, Dataset
from tests.benchmarks.stack import stack
from tests.chaos.broker import Broker, free_port
from tests.chaos.predict_under_force import postgres
from tests.integration.processes import Running, eventually

TIMES = 50
TAKEN_SECONDS = 10.0
END_SECONDS = 300.0  # for the last of it: what was lost is sent again by its age
KINDS = ("killed", "held still", "emptied")
TRAINING = {"target": "y", "network": {"kind": "linear"}, "epochs": 1}
LONG = {
    "target": "y", "network": {"kind": "mlp", "hidden": [8]}, "batch_size": 1, "epochs": 60, "early_stopping": None,
    "engine": "autograd",
}  # fmt: skip


@dataclass
class Given:
    """What was handed in, and how long new work waited after the broker's return."""

    jobs: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


class Sent:
    """The broker of a stack: the embedded one, or `own`."""

    def __init__(self, running: Running, data: Path, own: Broker | None) -> None:
        self._running, self._own = running, own
        self._url = own.url if own else f"unix://{next(data.rglob('*.sock'))}"

    def away(self, kind: str, seconds: float) -> None:
        """It is back when this returns."""
        if kind == "emptied":
            with redis.Redis.from_url(self._url) as client:
                client.flushall()
        elif kind == "held still":
            process = self._process()
            process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            process.send_signal(signal.SIGCONT)
        elif self._own:
            self._own.kill()
            time.sleep(seconds)
            self._own.start()
        else:
            self._process().kill()  # the stack starts another one
            assert eventually(self._answers)

    def _process(self) -> psutil.Process:
        if self._own:
            return psutil.Process(self._own.process.pid)
        return next(one for one in self._running.descendants if "valkey" in one.name())

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self._url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def table(draw: random.Random, rows: int, flawed: bool = False) -> bytes:
    """y = 3a - b and noise; a flawed one has a line with a cell too many, and is read the careful way, slowly."""
    lines = [f"{(a := draw.gauss(0, 1)):.4f},{(b := draw.gauss(0, 1)):.4f},{3 * a - b:.4f}" for _ in range(rows)]
    return "\n".join(["a,b,y", *(["1,2,3,4"] if flawed else []), *lines, ""]).encode()


def hand_in(client: Client, small: Dataset, draw: random.Random, given: Given, busy: bool) -> None:
    """Work of each kind; where `busy`, such as lasts some seconds is under way when this returns."""
    if busy:
        long = client.submit({"dataset": small.id, "model": "long", **LONG}).id
        slow = client.upload(table(draw, 100_000, flawed=True), name="slow", wait=False).id
        assert eventually(lambda: client.job(long).state != "queued", END_SECONDS)
        given.jobs.append(long)
        given.datasets.append(slow)
    spec = {"dataset": small.id, "target": "y"}
    given.jobs += [
        client.submit({**spec, "model": "waiting", **TRAINING}).id,
        client.submit({**spec, "kind": "descent-comparison", "epochs": 2}).id,
        client.batch_predict("answers", small).id,
    ]
    given.datasets.append(client.upload(table(draw, 40), name="waiting", wait=False).id)


def absences(client: Client, broker: Sent, times: int, seed: int) -> Given:
    """So many, one after the other, each at a random moment."""
    draw, given = random.Random(seed), Given()
    small = client.upload(table(draw, 50), name="small")
    client.train(small, "y", "answers", network={"kind": "linear"})
    client.wait(client.submit({"dataset": small.id, "model": "long", **LONG}).id)  # it loads what it needs at first use
    for number in range(times):
        kind, busy = KINDS[number % len(KINDS)], bool(number // len(KINDS) % 2)
        hand_in(client, small, draw, given, busy)
        time.sleep(draw.uniform(0, 1))
        broker.away(kind, draw.uniform(1, 10))
        back = time.monotonic()
        job = client.submit({"dataset": small.id, "model": "new", **TRAINING}).id
        new = client.upload(table(draw, 30), name="new", wait=False).id
        waited = []
        for taken in (
            lambda: client.job(job).state != "queued",  # noqa: B023  # asked at once
            lambda: client.dataset(new).state != "ingesting",  # noqa: B023
        ):
            eventually(taken, END_SECONDS)
            waited.append(time.monotonic() - back)
        given.jobs.append(job)
        given.datasets.append(new)
        given.waited.append(max(waited))
        print(
            f"{number + 1:>3} {kind}, {'busy' if busy else 'idle':5} a new training began after {waited[0]:.1f} s, "
            f"a file was read after {waited[1]:.1f} s",
            flush=True,
        )
    return given


def judged(client: Client, given: Given) -> list[str]:
    """What is wrong in the end."""
    wrong = []
    for id in given.jobs:
        if not eventually(lambda: client.job(id).is_terminal, END_SECONDS) or client.job(id).state != "succeeded":  # noqa: B023
            wrong.append(f"{id} is {client.job(id).state}: {client.job(id).error}")
    for id in given.datasets:
        if not eventually(lambda: client.dataset(id).state in ("ready", "failed"), END_SECONDS):  # noqa: B023
            wrong.append(f"{id} is still {client.dataset(id).state}")
        elif client.dataset(id).state != "ready":
            wrong.append(f"{id} failed")
    late = [seconds for seconds in given.waited if seconds > TAKEN_SECONDS]
    return wrong + [f"new work waited for {seconds:.1f} s" for seconds in late]


@contextmanager
def served(tcp: bool) -> Iterator[tuple[Client, Sent]]:
    """A client of a stack with the embedded broker and SQLite, or with one on a port and PostgreSQL; and the broker."""
    with tempfile.TemporaryDirectory(prefix="adaline-") as name:  # a socket's path must be short
        data = Path(name) / "data"
        if not tcp:
            with stack(data) as (running, url), Client(url, timeout=120) as client:
                yield client, Sent(running, data, None)
            return
        broker = Broker(Path(name), free_port())
        try:
            with postgres() as server:
                settings = {"ADALINE_BROKER_URL": broker.url, "ADALINE_DATABASE_URL": server.get_uri()}
                with stack(data, **settings) as (running, url), Client(url, timeout=120) as client:
                    yield client, Sent(running, data, broker)
        finally:
            broker.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tcp", action="store_true", help="a broker on a port, and PostgreSQL")
    options = parser.parse_args()
    with served(options.tcp) as (client, broker):
        given = absences(client, broker, options.times, options.seed)
        wrong = judged(client, given)
    for line in wrong[:50]:
        print(f"WRONG {line}")
    print(
        f"{options.times} absences, {len(given.jobs)} jobs and {len(given.datasets)} files; new work waited for at "
        f"most {max(given.waited):.1f} s; {len(wrong)} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
