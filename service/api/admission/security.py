"""The rules in OpenAPI: what may be shown in their place."""

from __future__ import annotations

from typing import Any

from service.api.admission.rules import AccessRule
from service.api.http.sessions import COOKIE

KEY, SESSION = "key", "session"
SCHEMES: dict[str, dict[str, Any]] = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "adl_<id>_<secret>",
        "description": "a key of this server. One that has none, and that only its own machine reaches, needs none",
    },
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "of a page that has signed in. What changes something needs its X-CSRF-Token too",
    },
}


def security_of(rule: AccessRule) -> list[dict[str, list[str]]]:
    """What an operation needs: one of these, and on a server without keys nothing."""
    if rule.is_public:
        return []
    scopes = sorted(rule.scopes) if len(rule.scopes) == 1 else []
    return [{KEY: scopes}, {SESSION: scopes}, {}]
