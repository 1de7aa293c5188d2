"""What an owner may have and do: the server's settings, an owner's own values in their place, a key's if tighter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.settings import Settings

MOST = 2**53


@dataclass(frozen=True, slots=True)
class Quotas:
    """0: no limit; for the last four: none but the server's own."""

    stored_bytes: int = 0
    datasets: int = 0
    queued_jobs: int = 0
    running_jobs: int = 0
    requests_per_second: int = 0
    rows: int = 0
    columns: int = 0
    parameters: int = 0
    job_seconds: int = 0

    @classmethod
    def of(cls, settings: Settings, own: Mapping[str, int] | None) -> Quotas:
        """Those of an owner with these values of its own."""
        usual = cls(
            settings.owner_stored_bytes,
            settings.owner_datasets,
            settings.owner_queued_jobs,
            settings.owner_running_jobs,
            settings.owner_requests_per_second,
        )
        return replace(usual, **own) if own else usual


UNLIMITED = Quotas()
MEANINGS: Mapping[str, str] = {
    "stored_bytes": "bytes of uploads, versions and results of batch predictions; 0: no limit",
    "datasets": "datasets; 0: no limit",
    "queued_jobs": "jobs that wait or are paused; 0: no limit",
    "running_jobs": "jobs that run at a time, others wait; 0: no limit",
    "requests_per_second": "requests in a second; 0: no limit",
    "rows": "rows of a dataset; 0: as many as the server allows",
    "columns": "columns of a dataset; 0: as many as the server allows",
    "parameters": "weights and biases of a network; 0: as many as the server allows",
    "job_seconds": "working time of a job; 0: as long as the server allows",
}


def tighter(own: Mapping[str, int] | None, of_key: Mapping[str, int] | None) -> dict[str, int]:
    """An owner's values where a key of its has some too: a key lets through less than its owner may, never more.

    >>> tighter({"datasets": 5, "rows": 0}, {"datasets": 9, "rows": 100})
    {'datasets': 5, 'rows': 100}
    """
    both = dict(own or {})
    for name, value in (of_key or {}).items():
        if value:
            both[name] = min(value, both[name]) if both.get(name) else value
    return both


def limited(settings: Settings, own: Mapping[str, int] | None) -> Settings:
    """The settings of the server as they are for an owner: what its own values make smaller is."""
    if not own:
        return settings
    smaller: dict[str, Any] = {
        setting: min(value, usual) if (usual := getattr(settings, setting)) else value
        for name, setting in (
            ("rows", "max_rows"), ("columns", "max_columns"), ("parameters", "max_parameters"),
            ("job_seconds", "max_job_seconds"),
        )
        if (value := own.get(name))
    }  # fmt: skip
    return replace(settings, **smaller) if smaller else settings
