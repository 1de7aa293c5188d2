"""`python -m workers --queues train --processes 2`: one Celery worker with its pool of processes."""

from __future__ import annotations

import argparse
import sys

from service.logs import configure_logging
from service.metrics import forget_shared
from service.queue import QUEUES, ROLES
from service.settings import Settings
from workers.pool.start import give_way


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument(
        "--queues", default=",".join(QUEUES), help=f"kinds of work, comma-separated: {', '.join(ROLES)}"
    )
    parser.add_argument("--processes", type=int, default=None, help="processes; default: ADALINE_WORKER_PROCESSES")
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    configure_logging(settings)
    roles = arguments.queues.split(",")
    try:
        give_way(settings, roles)
        from workers.app import run_worker  # its imports take a second of a core, and give way already

        sys.exit(run_worker(settings, roles, arguments.processes or settings.worker_processes))
    except KeyboardInterrupt:  # before there was anything to end
        return
    finally:
        forget_shared()


if __name__ == "__main__":
    main()
