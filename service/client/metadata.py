"""Filters of lists by metadata, as the server reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NO_FILTER: Mapping[str, Any] = MappingProxyType({})


def filters(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters that ask for all of this: strings as they are, numbers and booleans as JSON has them.

    >>> filters({"stage": "prod", "run": 3, "final": True})
    {'metadata.stage': 'prod', 'metadata.run': '3', 'metadata.final': 'true'}
    """
    return {
        f"metadata.{key}": value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()
    }
