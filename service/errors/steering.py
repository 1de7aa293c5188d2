"""What owners may not have or do: limits, and what an operator has not turned on."""

from __future__ import annotations

from service.errors.resources import Conflict, NotFound
from service.errors.root import AdalineError


class TooMuch(AdalineError):
    """More than an owner is allowed. `retry_after` is when the same may work, in seconds; None: once something is
    deleted."""

    code = "too_much"
    title = "Limit exceeded"

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.headers: tuple[tuple[str, str], ...] = ()
        """Beside Retry-After."""


class QuotaExceeded(TooMuch):
    code = "quota_exceeded"
    title = "Quota exceeded"


class RateLimited(TooMuch):
    code = "rate_limited"
    title = "Too many requests"


class OwnerNotFound(NotFound):
    code = "owner_not_found"
    title = "No such owner"


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    title = "No such webhook"


class WebhooksDisabled(Conflict):
    code = "webhooks_disabled"
    title = "Webhooks are off"
