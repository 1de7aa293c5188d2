"""What a process that reads strangers' bytes has need of: its files, its servers, its memory."""

from __future__ import annotations

import site
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy.engine import make_url

from service.queue import INGEST, TRAIN
from service.settings import Settings
from service.store.private import make_private

GIB = 2**30
SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/opt", "/nix",  # libraries
    # not all of /proc: the environment of other processes has passwords
    "/sys", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime",
    "/proc/version", "/proc/filesystems", "/proc/sys", "/proc/driver",
    "/dev/urandom", "/dev/random", "/dev/zero", "/dev/null",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
    "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
    "/etc/passwd",  # whose home is whose
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/dri/*", "/dev/kfd")
CONFIGURED = (
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PGPASSFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY",
)  # fmt: skip
AT_HOME = (".aws", ".pgpass", ".postgresql")
ELSEWHERE = (
    "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)  # fmt: skip
PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379, "valkey": 6379, "postgresql": 5432}
DNS = 53
# A file of rows that a training keeps may be so much larger than what was uploaded: a cell of two bytes becomes a
# hundred numbers of four where it is a category.
SPREAD = 64


@dataclass(frozen=True, slots=True)
class Rules:
    """Places to read and to write, TCP ports to connect to, memory beyond what the process has at its start, and the
    largest file, in bytes."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    scratch: Path
    ports: tuple[int, ...]
    memory_bytes: int
    file_bytes: int


def rules_for(settings: Settings, roles: Sequence[str], environment: Mapping[str, str]) -> Rules:
    """The rules for a process with these roles."""
    scratch, *stores = _stores(settings)
    return Rules(
        readable=tuple(_readable(environment)),
        writable=(scratch, *stores, *_kernels(environment), *_counters(environment), *_devices()),
        scratch=scratch,
        ports=tuple(_ports(settings, environment)),
        memory_bytes=_memory_bytes(settings, roles),
        file_bytes=_file_bytes(settings, roles),
    )


def _readable(environment: Mapping[str, str]) -> Iterator[Path]:
    yield from map(Path, SYSTEM)
    yield from (Path(place) for place in {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()})
    yield from (Path(place or ".").absolute() for place in sys.path)
    yield from (Path(environment[name]) for name in CONFIGURED if environment.get(name))
    if home := environment.get("HOME"):
        yield from (Path(home) / name for name in AT_HOME)
    for url in (environment.get(name, "") for name in ("ADALINE_DATABASE_URL", "ADALINE_BROKER_URL")):
        # certificates, say: ?sslrootcert=/etc/…
        yield from (Path(value) for _, value in parse_qsl(urlsplit(url).query) if value.startswith("/"))


def _stores(settings: Settings) -> Iterator[Path]:
    """Where files on the way lie, and where else is written."""
    blobs = urlsplit(settings.resolved_blobs_url)
    if blobs.scheme == "file":
        directory = Path(unquote(blobs.path))
        for place in (directory, directory / "spool"):
            make_private(place)
        yield directory / "spool"
        yield directory
    else:
        yield Path(tempfile.gettempdir())
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        yield Path(url.database).parent  # SQLite's other files lie beside it


def _kernels(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where compiled kernels are kept; see `workers.kernels.cache`."""
    root = environment.get("NUMBA_CACHE_DIR") or environment.get("XDG_CACHE_HOME") or "~/.cache"
    yield from Path(root).expanduser().glob("adaline-kernels-*")


def _counters(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where processes that are asked together write what they count (prometheus-client)."""
    if place := environment.get("PROMETHEUS_MULTIPROC_DIR"):
        yield Path(place)


def _devices() -> Iterator[Path]:
    for pattern in DEVICES:
        yield from Path("/").glob(pattern.removeprefix("/"))


def _ports(settings: Settings, environment: Mapping[str, str]) -> Iterator[int]:
    urls = [settings.resolved_database_url, settings.broker_url]
    if urlsplit(settings.resolved_blobs_url).scheme == "s3":
        # without an endpoint it is AWS, with its credentials from where its machines have them
        urls += [settings.s3_endpoint_url] if settings.s3_endpoint_url else ["https://aws", "http://metadata"]
    urls += [environment[name] for name in ELSEWHERE if environment.get(name)]
    ports = {port for url in urls if (port := _port(url)) is not None}
    yield from sorted(ports | ({DNS} if ports else set()))


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or PORTS.get(parts.scheme.split("+")[0])


def _memory_bytes(settings: Settings, roles: Sequence[str]) -> int:
    """What the settings allow, with room for what they do not count: an estimate is no measure."""
    ingest = 0 if roles == [TRAIN.queue] else 4 * settings.ingest_memory_bytes
    training = 0 if roles == [INGEST.queue] else 2 * settings.training_memory_bytes
    return max(ingest, training) + GIB


def _file_bytes(settings: Settings, roles: Sequence[str]) -> int:
    table = 2 * max(settings.max_upload_bytes, settings.max_decompressed_bytes)
    return max(table if roles == [INGEST.queue] else SPREAD * table, GIB)
