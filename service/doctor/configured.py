"""What the settings alone say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from service.doctor.findings import Finding, Patient
from service.domain.access.loopback import is_loopback
from service.queue import VISIBILITY_SECONDS
from service.settings import entries

GUESSED = frozenset(
    {"adaline", "admin", "changeme", "default", "guest", "password", "postgres", "redis", "root", "secret", "test"}
)
PRIVATE_ENDINGS = (".local", ".internal", ".localhost", ".lan", ".home.arpa", ".svc")
TLS_MODES = ("require", "verify-ca", "verify-full")


def guessed_passwords(patient: Patient) -> Iterator[Finding]:
    """Passwords that anybody would try first"""
    for name, url in _urls(patient):
        parts = urlsplit(url)
        password = unquote(parts.password or "")
        if not parts.hostname or (parts.password is None and name == "ADALINE_BROKER_URL"):
            continue  # a socket, or one that the broker's own check looks at
        if not password:
            yield Finding(
                "password_missing",
                "unsafe",
                f"{name} has no password for {parts.hostname}",
                "give the user a long random password (openssl rand -hex 24), and put it into the URL",
            )
        elif password.lower() in GUESSED or password == parts.username:
            yield Finding(
                "password_guessed",
                "unsafe",
                f"the password in {name} is one that anybody would try first",
                "change it to a long random one (openssl rand -hex 24), on the server and in the URL",
            )


def unencrypted(patient: Patient) -> Iterator[Finding]:
    """Connections that cross networks in the clear"""
    for name, url in _urls(patient):
        parts = urlsplit(url)
        if _is_near(parts.hostname or ""):
            continue
        scheme = parts.scheme.split("+")[0]
        if scheme in ("redis", "valkey"):
            yield _clear(name, parts.hostname, "use rediss:// and a server with TLS")
        if scheme == "postgresql" and not any(f"sslmode={mode}" in parts.query for mode in TLS_MODES):
            yield _clear(name, parts.hostname, "add ?sslmode=verify-full to the URL")
    endpoint = urlsplit(patient.settings.s3_endpoint_url)
    if endpoint.scheme == "http" and not _is_near(endpoint.hostname or ""):
        yield _clear("ADALINE_S3_ENDPOINT_URL", endpoint.hostname, "use https://")


def served_in_the_clear(patient: Patient) -> Iterator[Finding]:
    """An API that others reach without TLS"""
    settings = patient.settings
    if is_loopback(settings.host):
        return
    public = urlsplit(settings.public_url)
    if not public.hostname:
        yield Finding(
            "tls_unknown",
            "unsafe",
            f"the API listens on {settings.host}, and nothing says that keys reach it encrypted",
            "put a proxy with TLS before it and set ADALINE_PUBLIC_URL=https://its.name, or listen on 127.0.0.1",
        )
    elif public.scheme != "https" and not is_loopback(public.hostname):
        yield Finding(
            "tls_off",
            "unsafe",
            f"users reach the API at {settings.public_url}, where their keys can be read on the way",
            "put a proxy with TLS before it, and set ADALINE_PUBLIC_URL=https://its.name",
        )


def any_name(patient: Patient) -> Iterator[Finding]:
    """Requests by any name"""
    if "*" in entries(patient.settings.allowed_hosts):
        yield Finding(
            "any_host_allowed",
            "unsafe",
            "ADALINE_ALLOWED_HOSTS is *: a page whose name is pointed at this server may use it (DNS rebinding)",
            "list the names that users reach it by",
        )


def debug_logs(patient: Patient) -> Iterator[Finding]:
    """Logs that say too much"""
    if patient.settings.log_level == "debug":
        yield Finding(
            "debug_logs",
            "unsafe",
            "ADALINE_LOG_LEVEL is debug: logs may hold what users sent, and they fill the disk",
            "set it to info",
        )


def jail_off(patient: Patient) -> Iterator[Finding]:
    """Workers that are not shut in"""
    if patient.settings.jail == "off":
        yield Finding(
            "jail_off",
            "unsafe",
            "ADALINE_JAIL is off: a worker that a file breaks may read, write and reach whatever its user may",
            "set it to auto",
        )


def leases(patient: Patient) -> Iterator[Finding]:
    """Times that contradict each other"""
    settings = patient.settings
    if settings.heartbeat_seconds > settings.lease_seconds / 3:
        yield Finding(
            "heartbeat_too_slow",
            "broken",
            f"ADALINE_HEARTBEAT_SECONDS ({settings.heartbeat_seconds:g}) is more than a third of ADALINE_LEASE_SECONDS "
            f"({settings.lease_seconds:g}): one late heartbeat loses the job",
            f"set the heartbeat to at most {settings.lease_seconds / 3:g}, or the lease to at least "
            f"{settings.heartbeat_seconds * 3:g}",
        )
    longest = max(settings.lease_seconds, settings.resend_seconds, settings.max_job_seconds)
    if longest >= VISIBILITY_SECONDS:
        yield Finding(
            "redelivered_too_soon",
            "broken",
            f"a lease, a resend or a job may take {longest:g} s, and the queue delivers a message again after "
            f"{VISIBILITY_SECONDS} s",
            f"set ADALINE_LEASE_SECONDS, ADALINE_RESEND_SECONDS and ADALINE_MAX_JOB_SECONDS below {VISIBILITY_SECONDS}",
        )
    if settings.sweep_seconds > settings.lease_seconds:
        yield Finding(
            "sweeps_too_rare",
            "broken",
            f"ADALINE_SWEEP_SECONDS ({settings.sweep_seconds:g}) is more than ADALINE_LEASE_SECONDS "
            f"({settings.lease_seconds:g}): a lost job waits longer for the sweeper than for its lease",
            "set it to a few seconds",
        )


def webhooks(patient: Patient) -> Iterator[Finding]:
    """Webhooks to machines that only this one reaches"""
    inside = [one for one in entries(patient.settings.webhook_allowed_peers) if not ipaddress.ip_network(one).is_global]
    if patient.settings.webhooks == "on" and inside:
        yield Finding(
            "webhooks_reach_inside",
            "unsafe",
            f"ADALINE_WEBHOOK_ALLOWED_PEERS has {', '.join(inside)}: whoever may register a webhook sends requests to "
            "machines there",
            "name the single addresses that webhooks are for, and only where all owners may reach them",
        )


CHECKS = (guessed_passwords, unencrypted, served_in_the_clear, any_name, debug_logs, jail_off, leases, webhooks)


def _is_near(host: str) -> bool:
    """Whether a host is on this machine or in a network of its own: nobody else is on the way."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_ENDINGS)


def _urls(patient: Patient) -> Iterator[tuple[str, str]]:
    if patient.settings.database_url and not patient.settings.database_url.startswith("sqlite"):
        yield "ADALINE_DATABASE_URL", patient.settings.database_url
    if patient.settings.broker_url:
        yield "ADALINE_BROKER_URL", patient.settings.broker_url


def _clear(name: str, host: str | None, mend: str) -> Finding:
    return Finding(
        "unencrypted", "unsafe", f"{name} names {host}, and what is said to it, passwords too, is not encrypted", mend
    )
