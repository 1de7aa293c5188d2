"""The processes of one machine: `serve` runs them all; `api`, `worker` and `sweep` become one of them."""

from service.supervisor.lock import Running, running
from service.supervisor.start import api, serve, sweep, worker

__all__ = ["Running", "api", "running", "serve", "sweep", "worker"]
