"""The first key of a server that other machines reach: without one, nobody could make the others.

It is shown on the terminal of who starts the server, where there is one; what else a process writes is kept by somebody
as its log, and so the key is then put into a file of its owner alone.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from service.domain.access.loopback import is_loopback
from service.errors import CannotStart
from service.settings import Settings
from service.store.private import PRIVATE_FILE, make_private
from service.store.session import Database
from service.usecases.keys import make_first_key

FILE = "first-key"
HOW = "send it as `Authorization: Bearer <key>`, or give it to the commands by ADALINE_KEY"


def ensure_first_key(settings: Settings, ip: str) -> None:
    """Make the first key of a server that listens here, if others reach it and there was never one. Raises CannotStart
    where it cannot be handed over."""
    if is_loopback(ip):
        return
    database = Database(settings.resolved_database_url)
    try:
        make_first_key(database, _show if sys.stderr.isatty() else partial(_keep, settings.data / FILE))
    except OSError as error:
        raise CannotStart(
            f"other machines reach {ip}, so that a key is needed, and the first one cannot be written to "
            f"{settings.data / FILE}: {error.strerror}. Make one with `adaline keys create --scopes admin`, or listen "
            "on 127.0.0.1"
        ) from error
    finally:
        database.close()


def _show(key: str) -> None:
    sys.stderr.write(
        f"the first key, which opens everything and is shown only now:\n\n    {key}\n\n{HOW}\n"
        "(another: adaline keys create --scopes admin)\n"
    )


def _keep(file: Path, key: str) -> None:
    make_private(file.parent)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE_FILE), "w") as kept:
        os.fchmod(kept.fileno(), PRIVATE_FILE)
        kept.write(f"{key}\n")
    sys.stderr.write(f"the first key, which opens everything, is in {file}; {HOW}; then delete the file\n")
