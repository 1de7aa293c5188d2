"""All checks, one after the other: one that cannot look says so, and hides nothing of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.doctor import blobs, broker, configured, database, here
from service.doctor.findings import Examination, Finding, Patient
from service.doctor.machine import Machine
from service.errors import SettingInvalid
from service.settings import Settings

CHECKS: Sequence[Examination] = (*configured.CHECKS, *here.CHECKS, *database.CHECKS, *broker.CHECKS, *blobs.CHECKS)


def examine(environment: Mapping[str, str]) -> list[Finding]:
    """What is unsafe or broken where these settings are used, on this machine."""
    try:
        settings = Settings.from_environment(environment)
    except SettingInvalid as error:
        return [Finding("setting_invalid", "broken", error.detail, "set it right, or take it out of the environment")]
    return examine_patient(Patient(settings, Machine.here(environment)))


def examine_patient(patient: Patient) -> list[Finding]:
    """What is unsafe or broken there."""
    return [finding for check in CHECKS for finding in _found(check, patient)]


def _found(check: Examination, patient: Patient) -> Iterator[Finding]:
    try:
        yield from check(patient)
    except Exception as error:  # noqa: BLE001 (what keeps one check from looking is itself a finding)
        what = (check.__doc__ or check.__name__).rstrip(".")
        detail = f"{what}: this could not be looked at ({type(error).__name__}: {error})"
        yield Finding("not_examined", "broken", detail, "mend what the error says, and run the doctor again")
