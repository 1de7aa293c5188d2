"""`python -m workers --queues train --processes 2`: one Celery worker with its pool of processes."""

from __future__ import annotations

import argparse
import sys

from service.logs import configure_logging
from service.metrics import forget_shared
from service.queue import QUEUES, ROLES
from service.settings import Settings
from workers.app import run_worker


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument(
        "--queues", default=",".join(QUEUES), help=f"kinds of work, comma-separated: {', '.join(ROLES)}"
    )
    parser.add_argument("--processes", type=int, default=None, help="processes; default: ADALINE_WORKER_PROCESSES")
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    configure_logging(settings)
    try:
        sys.exit(run_worker(settings, arguments.queues.split(","), arguments.processes or settings.worker_processes))
    except KeyboardInterrupt:  # before there was anything to end
        return
    finally:
        forget_shared()


if __name__ == "__main__":
    main()
