"""What is found, and where it is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from service.doctor.machine import Machine
from service.settings import Settings

Severity = Literal["broken", "unsafe"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` never changes; `detail` says what was seen, `mend` what to do."""

    code: str
    severity: Severity
    detail: str
    mend: str


@dataclass(frozen=True, slots=True)
class Patient:
    """The deployment as this machine sees it."""

    settings: Settings
    machine: Machine


Examination = Callable[[Patient], Iterator[Finding]]
