"""What a key costs: `make bench-keys`. First predictions and small trainings on whole stacks (`keys_served`), then a
prediction in one process.

In the one process the same requests go with a key and without one, in turns. They go through everything but the HTTP
server: the gate, the front, the key, the model. Without keys the server is the same on loopback; what is compared is
the least time of a round, in processor time of this thread.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from service.api import context
from service.api.app import create_app
from service.api.http.callers import Callers
from service.api.http.gate import Gate
from service.api.predictions.front import Front
from service.domain.access.owners import DEFAULT_OWNER
from service.logs import configure_logging
from service.settings import Settings
from service.store.migrate import migrate
from service.supervisor import valkey
from service.supervisor.probe import valkey_answers
from service.usecases.keys import create_key
from service.wiring import Deps, wire
from tests import samples
from tests.benchmarks import keys_served

REQUESTS = 1000  # in a round
BODY = b'{"records":[{"size":1,"colour":"red","sold":false}]}'


def environ(authorization: str | None) -> dict[str, Any]:
    """A prediction as the server hands it over."""
    asked: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/models/houses/predict",
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(BODY),
    }
    return asked if authorization is None else {**asked, "HTTP_AUTHORIZATION": authorization}


def app_on(deps: Deps) -> Gate:
    """The API as a server process has it."""
    api = create_app(deps)
    here = context.of(api)
    for follow in (here.models.follow, here.keys.follow):
        threading.Thread(target=follow, args=[deps.changes], daemon=True).start()
    return Gate(Front(api, here.models, here.keys, here.rates), Callers.of(deps.settings))


def round_of(app: Gate, authorization: str | None) -> float:
    """Microseconds of processor time that one of REQUESTS takes."""
    said: list[str] = []

    def start(status: str, _: object) -> None:
        said.append(status)

    asked = [environ(authorization) for _ in range(REQUESTS)]
    began = time.thread_time()
    for one in asked:
        b"".join(app(one, start))
    seconds = time.thread_time() - began
    if set(said) != {"200 OK"}:
        raise SystemExit(f"not answered: {set(said)}")
    return seconds / REQUESTS * 1e6


def statements(deps: Deps, call: Callable[[], object]) -> int:
    """How many statements this thread sends meanwhile."""
    own, count = threading.get_ident(), 0

    def note(*_: object) -> None:
        nonlocal count
        count += threading.get_ident() == own

    event.listen(deps.database.engine, "before_cursor_execute", note)
    call()
    event.remove(deps.database.engine, "before_cursor_execute", note)
    return count


@contextmanager
def running_valkey(directory: Path) -> Iterator[str]:
    """The URL of a server that wakes who follows."""
    socket = directory / "valkey.sock"
    server = subprocess.Popen(valkey.command(valkey.find_server(), socket), stdout=subprocess.DEVNULL)
    try:
        asyncio.run(valkey_answers(socket))
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=40, help="in one process")
    options.add_argument("--pairs", type=int, default=6, help="of whole stacks; 0: none")
    options.add_argument("--jobs", type=int, default=40, help="small trainings in a round")
    asked = options.parse_args()
    if asked.pairs:
        with tempfile.TemporaryDirectory(prefix="bench-keys-") as name:
            keys_served.measure(Path(name), asked.pairs, asked.jobs)
    with open(os.devnull, "w") as nowhere:  # the access log is written, as a server writes it
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    configure_logging(Settings(log_format="json"))
    with tempfile.TemporaryDirectory(prefix="adaline-") as directory, running_valkey(Path(directory)) as broker_url:
        measure(Path(directory), broker_url, asked.rounds)


def measure(directory: Path, broker_url: str, rounds: int) -> None:
    apps: dict[str, tuple[Gate, str | None]] = {}
    made: list[Deps] = []
    for name in ("without", "with"):
        deps = wire(Settings(data=directory / name, broker_url=broker_url))
        made.append(deps)
        migrate(deps.database)
        samples.publish(deps, samples.price_predictor(), "houses")
        key = create_key(deps.database, DEFAULT_OWNER, "bench", ["predict"]).text if name == "with" else None
        apps[name] = app_on(deps), None if key is None else f"Bearer {key}"
    least = dict.fromkeys(apps, float("inf"))
    for app, authorization in apps.values():
        round_of(app, authorization)  # the first request of a model goes the ordinary way, and loads it
    for _ in range(rounds):
        for name, (app, authorization) in apps.items():
            least[name] = min(least[name], round_of(app, authorization))
    app, authorization = apps["with"]
    asked = statements(made[1], lambda: round_of(app, authorization))
    cost = least["with"] - least["without"]
    print(f"a prediction without a key: {least['without']:.1f} us; with one: {least['with']:.1f} us")
    print(f"a key costs {cost:.1f} us ({least['with'] / least['without']:.3f} times), and {asked} statements")
    for deps in made:
        deps.close()


if __name__ == "__main__":
    main()
