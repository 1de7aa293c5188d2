"""Register where an owner wants to be told of ended jobs and new versions."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from service.domain.jobs.notices import TYPES
from service.errors import FieldError, InputInvalid, QuotaExceeded, WebhooksDisabled
from service.settings import Settings
from service.store.session import Database
from service.store.steering import webhooks
from service.store.steering.tables import WebhookRow

MOST = 20  # of an owner
SECRET_BYTES = 32
MOST_URL = 2000


def register(database: Database, settings: Settings, owner: str, url: str, events: Sequence[str]) -> WebhookRow:
    """The new webhook, with the secret that signs what it is told. Raises WebhooksDisabled, InputInvalid,
    QuotaExceeded."""
    if settings.webhooks != "on":
        raise WebhooksDisabled("this server tells no webhooks; ADALINE_WEBHOOKS=on turns them on")
    if errors := [*_wrong_url(url), *_wrong_events(events)]:
        raise InputInvalid(f"{errors[0].pointer}: {errors[0].detail}", errors)
    wanted = [type for type in TYPES if type in events] if events else list(TYPES)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    with database.write() as session:
        if (registered := webhooks.count(session, owner)) >= MOST:
            raise QuotaExceeded(f"there are {registered} webhooks, the most that an owner may have; delete one first")
        return webhooks.add(session, owner, url, wanted, secret)


def _wrong_url(url: str) -> list[FieldError]:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return [FieldError("/url", "is no address to post to; give one such as https://example.com/adaline")]
    if parts.username is not None or parts.password is not None:
        return [FieldError("/url", "holds a user or a password; leave them out: what is sent is signed")]
    if parts.fragment:
        return [FieldError("/url", "holds a fragment (#…), which is never sent; leave it out")]
    return []


def _wrong_events(events: Sequence[str]) -> list[FieldError]:
    known = ", ".join(TYPES)
    return [
        FieldError(f"/events/{number}", f"{type!r} is nothing that is told; use one of: {known}")
        for number, type in enumerate(events)
        if type not in TYPES
    ]
