"""Ctrl-C on a worker that no supervisor has started: a terminal sends it to every process of the group.

The processes of the pool are told by their parent what to do. While they still import, SIGINT would be an error in
them. So they are started with SIGINT blocked, which they inherit from the thread that starts them; the signal comes to
another thread, and Python runs the handler in the main one, a moment later.
"""

from __future__ import annotations

import signal
import threading


def keep_from_children() -> None:
    """For the main thread, before it starts any process or thread."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_take, name="interrupts", daemon=True).start()


def _take() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Event().wait()
