"""Settings for who watches an installation, and for how long it keeps what nobody needs any more."""

from __future__ import annotations

from dataclasses import dataclass

from service.settings.knobs import knob
from service.settings.owners import OwnerSettings

FOR_EVER = "; 0: kept for ever"


@dataclass(frozen=True, slots=True)
class KeepingSettings(OwnerSettings):
    """A part of Settings."""

    metrics_port: int = knob(
        0,
        "port on which each part tells its metrics without a key, for a private network; 0: none",
        0,
    )
    metrics_host: str = knob("127.0.0.1", "address that ADALINE_METRICS_PORT is listened to on")

    keep_unused_datasets_seconds: float = knob(
        0.0, f"age at which a dataset that no job was run on since and no version was made from is deleted{FOR_EVER}", 0
    )
    keep_failed_jobs_seconds: float = knob(
        0.0, f"time after its end at which a failed or cancelled job is deleted{FOR_EVER}", 0
    )
    keep_events_seconds: float = knob(
        0.0, f"time after a job's end at which its events are deleted, all but its states{FOR_EVER}", 0
    )
    keep_unaliased_versions_seconds: float = knob(
        0.0, f"age at which a version is deleted that has no alias and is not the newest of its model{FOR_EVER}", 0
    )
