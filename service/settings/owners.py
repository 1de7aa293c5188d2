"""Settings for what owners may have and do, and for whom webhooks may tell."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from service.errors import SettingInvalid
from service.settings.knobs import entries, knob

OWN = "; 0: no limit; an owner or a key may have another"


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """A part of Settings."""

    owner_stored_bytes: int = knob(0, f"most bytes that an owner may store{OWN}", 0)
    owner_datasets: int = knob(0, f"most datasets of an owner{OWN}", 0)
    owner_queued_jobs: int = knob(0, f"most jobs of an owner that wait or are paused{OWN}", 0)
    owner_running_jobs: int = knob(0, f"most jobs of an owner that run at a time; others wait{OWN}", 0)
    owner_requests_per_second: int = knob(0, f"most requests of an owner in a second{OWN}", 0)

    webhooks: str = knob("off", "on: owners may register webhooks, which are told of ended jobs and new versions")
    webhook_allowed_peers: str = knob(
        "", "networks that webhooks may reach beside public addresses, comma-separated, such as 10.1.0.0/16, ::1/128"
    )
    webhook_seconds: float = knob(10.0, "longest time of an attempt to tell a webhook", 0.1)

    def check_owners(self) -> None:
        """Raises SettingInvalid."""
        if self.webhooks not in ("on", "off"):
            raise SettingInvalid(f"ADALINE_WEBHOOKS is {self.webhooks!r}: use on or off")
        for network in entries(self.webhook_allowed_peers):
            try:
                ip_network(network)
            except ValueError as error:
                raise SettingInvalid(f"ADALINE_WEBHOOK_ALLOWED_PEERS has {network!r}: {error}") from None
