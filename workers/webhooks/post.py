"""One attempt to tell a webhook: a signed POST, without redirects, bounded in time and in what is read of an answer."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import httpcore
import orjson
from standardwebhooks import Webhook

from service.store.steering.tables import DeliveryRow, WebhookRow
from workers.webhooks.peers import GuardedBackend, PeerNetwork, PeerRefused

MOST_ANSWER_BYTES = 64 * 1024
GONE = 410  # "the sender should disable the endpoint" (Standard Webhooks)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the answer's status, if there was one, and what is wrong, if anything."""

    status: int | None
    error: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether another attempt makes no sense, though this one failed."""
        return self.status == GONE


def post(
    delivery: DeliveryRow, webhook: WebhookRow, moment: datetime, allowed: Sequence[PeerNetwork], seconds: float
) -> Outcome:
    """Try once, for so many seconds at most."""
    body = orjson.dumps(delivery.body)
    headers: dict[bytes | str, bytes | str] = {
        "Content-Type": "application/json",
        "User-Agent": f"adaline/{version('adaline')}",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(webhook.secret).sign(delivery.id, moment, body.decode()),
    }
    backend = GuardedBackend(allowed, time.monotonic() + seconds)
    pool = httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend)
    try:
        with pool, pool.stream("POST", webhook.url, headers=headers, content=body) as answer:
            status, size = answer.status, 0
            for piece in answer.iter_stream():
                size += len(piece)
                if size > MOST_ANSWER_BYTES:  # nobody reads it: what counts is the status
                    break
    except PeerRefused as error:
        return Outcome(None, f"not sent: {error}")
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
        why = str(error) or type(error).__name__
        late = isinstance(error, httpcore.TimeoutException)
        return Outcome(None, f"no answer within {seconds:g} s" if late else f"no answer: {why}")
    if 200 <= status < 300:
        return Outcome(status)
    if 300 <= status < 400:
        return Outcome(status, f"answered {status}: redirects are not followed; register the address that it leads to")
    return Outcome(status, f"answered {status}")
