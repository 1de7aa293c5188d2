"""The ways to start: `serve` all parts under one supervisor, or become one of them (`api`, `worker`, `sweep`)."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from sqlalchemy.exc import OperationalError

from service.domain.jobs.lanes import SHORT
from service.errors import AdalineError, DatabaseUnavailable, SettingInvalid
from service.metrics import shared_by, shared_in_part
from service.queue import INGEST, QUEUES, TRAIN, check_roles
from service.settings import Settings
from service.store.blobs.intact import check_intact
from service.store.migrate import migrate
from service.store.private import make_private
from service.store.session import Database
from service.supervisor import parts, valkey
from service.supervisor.address import Address, reserve
from service.supervisor.child import Child, Program
from service.supervisor.first_key import ensure_first_key
from service.supervisor.lock import Running, hold
from service.supervisor.probe import api_answers, valkey_answers
from service.supervisor.relay import LogForm, Relay
from service.supervisor.stack import Stack

REFUSED = 2  # exit code: nothing was started
DYING_SECONDS = 5.0  # how long the processes of a killed supervisor may hold its port


def serve(settings: Settings) -> int:
    """Run all parts until a signal. The exit code: 0 after an end in order, 1 when a part cannot run, 2 if refused."""
    settings = dataclasses.replace(settings, data=settings.data.absolute())
    try:
        with contextlib.ExitStack() as held:
            lock = held.enter_context(hold(settings.data))
            patience_seconds = DYING_SECONDS if lock.left_behind else 0.0
            address = held.enter_context(reserve(settings.host, settings.port, patience_seconds))
            lock.write(Running(os.getpid(), address.url))
            prepare_database(settings)
            ensure_first_key(settings, address.ip)
            server, socket = None, None
            if not settings.broker_url:
                server, socket = valkey.find_server(), held.enter_context(valkey.socket_in(settings.data))
            return asyncio.run(_supervise(settings, address, server, socket))
    except AdalineError as error:
        sys.stderr.write(f"error: {error.detail}\n")
        return REFUSED
    except KeyboardInterrupt:  # before there was anything to end
        return 0


def api(settings: Settings) -> NoReturn:
    """Become the API. Raises AdalineError when it cannot."""

    def program(settings: Settings) -> Program:
        with reserve(settings.host, settings.port) as address:  # a clear message now, not granian's later
            ensure_first_key(settings, address.ip)
            sys.stdout.write(f"Adaline's API listens on {address.url}\n")
            return parts.api(address.told(settings))

    _become(program, settings)


def worker(settings: Settings, queues: Sequence[str] = QUEUES) -> NoReturn:
    """Become a worker for these queues. Raises AdalineError when it cannot."""
    check_roles(queues)
    _become(lambda settings: parts.worker("worker", queues, settings.worker_processes, settings), settings)


def sweep(settings: Settings) -> NoReturn:
    """Become the sweeper. Raises AdalineError when it cannot."""
    _become(parts.sweeper, settings)


def _become(program: Callable[[Settings], Program], settings: Settings) -> NoReturn:
    settings = dataclasses.replace(settings, data=settings.data.absolute())
    if not settings.broker_url:
        raise SettingInvalid(
            "ADALINE_BROKER_URL is not set: a part that runs alone needs the URL of a Redis or Valkey server"
        )
    prepare_database(settings)
    chosen = parts.counting(program(settings), shared_in_part())
    sys.stdout.flush()
    os.execve(chosen.command[0], list(chosen.command), dict(chosen.environment))


async def _supervise(settings: Settings, address: Address, server: str | None, socket: Path | None) -> int:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    relay = Relay(sys.stdout.fileno(), (form := _form(settings.log_format)), colour=colour)
    told = dataclasses.replace(address.told(settings), log_format=form)
    shared = shared_by(settings.data / "metrics")

    def child(program: Program) -> Child:
        return Child(parts.counting(program, shared), relay)

    broker = None
    if server is not None and socket is not None:
        told = dataclasses.replace(told, broker_url=f"unix://{socket}")
        broker = Child(Program("valkey", valkey.command(server, socket), dict(os.environ), valkey.HIDDEN), relay)
    for_api, told = told, dataclasses.replace(told, metrics_port=0)  # the API tells of all
    has_short_lane = range(1 if settings.short_processes else 0)
    stack = Stack(
        broker=broker,
        api=child(parts.api(for_api)),
        workers=[
            child(parts.worker("train", [TRAIN.queue], settings.worker_processes, told)),
            # apart from the others, so that an upload never waits behind long trainings
            child(parts.worker("ingest", [INGEST.queue], settings.ingest_processes, told)),
            child(parts.sweeper(told)),
            *(child(parts.worker("short", [SHORT], settings.short_processes, told)) for _ in has_short_lane),
        ],
        relay=relay,
        stop_seconds=settings.stop_seconds,
    )
    greeting = f"Adaline listens on {address.url} (docs: {address.url}/docs, data: {settings.data})"
    return await stack.run(partial(valkey_answers, socket or Path()), partial(api_answers, address), greeting)


def _form(log_format: str) -> LogForm:
    if log_format == "auto":
        return "console" if sys.stdout.isatty() else "json"
    return "console" if log_format == "console" else "json"


def prepare_database(settings: Settings) -> None:
    """Bring the database to this version's tables. Raises DatabaseUnavailable, StorageDamaged."""
    if settings.data.is_dir():
        make_private(settings.data)
    database = Database(settings.resolved_database_url)
    try:
        check_intact(database)
        migrate(database)
    except OperationalError as error:
        raise DatabaseUnavailable(f"the database does not answer: {error.orig}") from error
    finally:
        database.close()
