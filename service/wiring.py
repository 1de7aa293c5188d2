"""Settings -> Deps: the only place where the parts are joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.changes import Changes
from service.domain.access.quotas import limited
from service.domain.resolving.limits import Limits
from service.errors import SettingInvalid
from service.queue import Queue
from service.settings import Settings
from service.store.blobs.store import Blobs, open_blobs
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """What a process of Adaline works with."""

    settings: Settings
    database: Database
    blobs: Blobs
    queue: Queue
    changes: Changes

    def close(self) -> None:
        self.changes.close()
        self.database.close()

    @property
    def limits(self) -> Limits:
        return self.limits_within(None)

    def limits_within(self, own: Mapping[str, int] | None) -> Limits:
        """What an owner with limits of its own may train."""
        allowed = limited(self.settings, own)
        return Limits(
            allowed.max_parameters,
            allowed.max_classes,
            allowed.max_categories,
            allowed.training_memory_bytes,
            allowed.short_job_seconds,
            allowed.max_job_seconds,
        )


def wire(settings: Settings) -> Deps:
    """Open what the settings name. Raises SettingInvalid without a broker: `adaline serve` brings its own."""
    if not settings.broker_url:
        raise SettingInvalid("ADALINE_BROKER_URL is not set: give a Redis URL, or start all parts with `adaline serve`")
    return Deps(
        settings=settings,
        database=Database(settings.resolved_database_url),
        blobs=open_blobs(settings.resolved_blobs_url, settings.s3_endpoint_url),
        queue=Queue(settings.broker_url),
        changes=Changes(settings.broker_url),
    )
