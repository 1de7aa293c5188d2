"""Owners: whose things are whose."""

from __future__ import annotations

import re

DEFAULT_OWNER = "default"
"""Whose everything is where nobody has a key: on a server that only its own machine reaches."""
OWNER_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
OWNER_RULE = "1 to 64 characters from a-z, 0-9, '.', '_', '-', starting with a letter or digit"


def is_owner_name(text: str) -> bool:
    """Whether an owner may be called so."""
    return re.fullmatch(OWNER_NAME, text) is not None
