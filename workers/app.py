"""The Celery application of the workers. Tasks are shells: an id in, one call out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import billiard
from celery import Celery
from celery.loaders.app import AppLoader
from celery.signals import celeryd_after_setup, setup_logging, worker_ready, worker_shutting_down

from service.domain.jobs.lanes import SHORT
from service.logs import configure_logging
from service.metrics import serve_metrics
from service.queue import INGEST, TRAIN, Queue, celery_settings, check_roles, queues_of
from service.settings import Settings
from workers.alive import touch
from workers.jail.enter import enter
from workers.pool.interrupts import keep_from_children
from workers.pool.stops import end_processes
from workers.pool.watch import Watch

WARMED = {INGEST.queue: "workers.ingest.warm", TRAIN.queue: "workers.jobs.warm", SHORT: "workers.pool.short"}

START_SECONDS = 300.0  # for a process to import all that, and to warm up, on a machine that has other work too


class Loader(AppLoader):  # type: ignore[misc]  # celery ships no types
    """Starts a process of the pool, unless its parent has gone before the kernel was asked to end them together."""

    def import_default_modules(self) -> Any:
        parent = billiard.current_process()._parent_pid
        if parent is not None and parent != os.getppid():
            os._exit(1)
        imported = super().import_default_modules()
        if (
            parent is not None
        ):  # the pool's own process needs none of it: it would keep 250 MiB, and begin seconds later
            for module in self.app.conf.adaline_warmed:
                self.import_module(module)
            enter(Settings.from_environment(), self.app.conf.adaline_roles)
        return imported


def make_app(settings: Settings, roles: Sequence[str]) -> Celery:
    """An application that takes messages one at a time and acknowledges them when the work is done.

    Its processes import at their start what these roles' tasks need, so that no user's job waits for it, and this
    module, whose logging they need too.
    """
    check_roles(roles)
    app = Celery(
        "adaline",
        loader="workers.app:Loader",
        include=["workers.app", "workers.tasks"],
    )
    app.conf.update(
        celery_settings(settings.broker_url),
        adaline_warmed=[WARMED[role] for role in roles],
        adaline_roles=list(roles),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # a message is taken when a process is free. The transport's own count of messages on their way (a multiplier
        # above 0) loses one for ever with each that cannot be acknowledged, and at 0 nothing is taken any more
        worker_prefetch_multiplier=0,
        worker_disable_prefetch=True,
        worker_consumer="workers.pool.consumer:Consumer",
        # torch used by several threads in a parent hangs for ever in a forked child
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=START_SECONDS,
        worker_soft_shutdown_timeout=settings.stop_seconds,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )
    return app


def run_worker(settings: Settings, roles: Sequence[str], processes: int) -> int:
    """Work on what these roles take until told to stop. The exit code: not 0 for a worker that has to begin anew."""
    keep_from_children()
    app = make_app(settings, roles)
    queue = Queue(settings.broker_url)

    workers: list[Any] = []  # Celery's own, once it is set up
    watches: list[Watch] = []  # one, once it is ready

    def end_children(**_: Any) -> None:
        for worker in workers:
            end_processes(worker.pool)

    def watch(sender: Any, **_: Any) -> None:
        watches.append(Watch(sender, queue, roles, end_children, settings.stop_seconds, partial(touch, settings)))
        watches[0].start()
        if settings.metrics_port:
            serve_metrics(settings.metrics_host, settings.metrics_port)

    celeryd_after_setup.connect(lambda instance, **_: workers.append(instance), weak=False)
    worker_shutting_down.connect(end_children, weak=False)
    worker_ready.connect(watch, weak=False)
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={','.join(queues_of(roles))}",
            f"--concurrency={processes}",
            f"--hostname={roles[0]}@%h",
            f"--loglevel={settings.log_level}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )
    return next((watch.exit_code for watch in watches), 0)


@setup_logging.connect  # type: ignore[untyped-decorator]  # celery ships no types
def _own_logging(**_: Any) -> None:
    """In every process: log like the rest of Adaline."""
    configure_logging(Settings.from_environment())
    billiard.util.get_logger().propagate = True  # what it says of the pool's processes would go past all that
