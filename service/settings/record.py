"""Every knob of Adaline: one frozen record, read once from the environment (`ADALINE_` + the field's name), or from the
file that `ADALINE_<NAME>_FILE` names.

>>> Settings.from_environment({"ADALINE_PORT": "9000"}).port
9000
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import SettingInvalid
from service.settings.files import origin_of, written_out
from service.settings.keeping import KeepingSettings
from service.settings.knobs import (
    ADALINE_ELSEWHERE,
    CLIENTS_KEY,
    HOST,
    MIB,
    ORIGIN,
    PREFIX,
    entries,
    knob,
    parse,
    without_password,
)


@dataclass(frozen=True, slots=True)
class Settings(KeepingSettings):
    """What an operator may choose. Times are in seconds, sizes in bytes."""

    data: Path = knob(Path(".adaline"), "directory of the embedded database, blobs and sockets")
    host: str = knob("127.0.0.1", "address that the API listens on")
    port: int = knob(8000, "port that the API listens on; 0: any free port", 0)
    allowed_hosts: str = knob(
        "",
        "host names that requests may use (Host), comma-separated, in addition to IP addresses, localhost and the "
        "name it listens on; *.example.com: all subdomains; *: any name",
    )
    allowed_origins: str = knob(
        "",
        "origins whose pages may call this server from a browser (CORS), comma-separated, such as "
        "https://app.example.com; empty: only its own",
    )
    public_url: str = knob(
        "", "address at which users reach the API, where that is a proxy's: https://adaline.example.com"
    )
    database_url: str = knob("", "SQLAlchemy URL; empty: SQLite (WAL) in the data directory")
    broker_url: str = knob("", "Redis or Valkey URL; empty: an embedded Valkey on a private unix socket")
    blobs_url: str = knob("", "file:///path or s3://bucket/prefix; empty: a directory in the data directory")
    s3_endpoint_url: str = knob("", "endpoint of an S3-compatible server; empty: AWS")
    log_level: str = knob("info", "debug, info, warning or error")
    log_format: str = knob("auto", "console, json, or auto: console on a terminal, else json")

    api_processes: int = knob(min(2, os.cpu_count() or 1), "API processes; default: two, where there are cores", 1)
    api_threads: int = knob(32, "request threads of each API process", 4)
    worker_processes: int = knob(os.cpu_count() or 1, "training processes; default: one per core", 1)
    training_niceness: int = knob(
        10, "niceness of training processes (nice(2)); 0: same priority as the other parts", 0
    )
    ingest_processes: int = knob(1, "ingest processes; each may use all cores for a large file", 1)
    short_processes: int = knob(
        1, "processes reserved for short jobs and small files, so that these never wait behind long ones; 0: none", 0
    )
    short_job_seconds: float = knob(
        2.0, "a job expected to take at most this long is short; it moves to the long lane after three times as long", 0
    )
    short_file_bytes: int = knob(4 * MIB, "an upload of at most this size is small", 0)
    max_job_seconds: float = knob(0.0, "longest working time of a job before it fails (too_long); 0: no limit", 0)
    waiting_requests: int = knob(20, "waiting requests (streams, ?wait=, Prefer: wait) of one API process at a time", 1)
    reading_requests: int = knob(1024, "request bodies that one API process receives at a time; each holds a thread", 1)
    sending_requests: int = knob(128, "long responses that one API process sends at a time; each holds a thread", 1)
    slow_body_seconds: float = knob(10.0, "grace period before a body must arrive at ADALINE_SLOW_BODY_RATE", 0.1)
    slow_body_rate: int = knob(1024, "lowest rate of a body, in bytes per second", 1)
    wait_seconds: float = knob(30.0, "longest wait that a request may ask for", 0)

    lease_seconds: float = knob(30.0, "a worker that has not renewed its lease for this long loses its job", 1)
    heartbeat_seconds: float = knob(
        1.0, "how often a worker checks for cancellation; the lease is renewed after a third of its length", 0.05
    )
    max_attempts: int = knob(3, "consecutive attempts without progress before a job fails with its last cause", 1)
    sweep_seconds: float = knob(5.0, "how often the sweeper looks for unsent, expired and orphaned records", 0.05)
    resend_seconds: float = knob(
        30.0, "queued work whose message is older than this, and no longer in the queue, is sent again", 0.1
    )
    orphan_seconds: float = knob(3600.0, "an unreferenced blob older than this is deleted", 0)
    idempotency_seconds: float = knob(86400.0, "how long an Idempotency-Key is remembered", 1)
    checkpoint_seconds: float = knob(5.0, "how often a training or batch prediction saves a checkpoint", 0)
    checkpoint_bytes_per_second: int = knob(
        20 * MIB, "checkpoint bytes per second that a training may write; large checkpoints are saved less often", 1
    )
    stop_seconds: float = knob(20.0, "time that a process may take to stop before it is killed", 1)

    max_upload_bytes: int = knob(20 * 1024 * MIB, "largest upload, as sent", 1)
    max_decompressed_bytes: int = knob(
        0, "largest upload once decompressed; 0: the same as ADALINE_MAX_UPLOAD_BYTES", 0
    )
    max_decompression_ratio: int = knob(200, "largest ratio of decompressed to received bytes", 1)
    max_body_bytes: int = knob(64 * MIB, "largest body of any other request", 1)
    max_json_bytes: int = knob(
        16 * MIB, "largest JSON document to predict from and largest body of /invocations, once decompressed", 1
    )
    max_json_containers: int = knob(500_000, "most objects and lists in a JSON document to predict from", 1)
    max_spec_bytes: int = knob(MIB, "largest spec of a job, once decompressed", 1)
    max_document_bytes: int = knob(64 * 1024, "largest other JSON document, once decompressed", 1)
    max_prediction_bytes: int = knob(
        20 * 1024 * MIB, "largest table to predict from (CSV, JSON lines, Arrow, Parquet), also once decompressed", 1
    )
    max_prediction_rows: int = knob(0, "most rows in one prediction request; 0: no limit", 0)
    max_batch_bytes: int = knob(
        1024 * MIB, "most bytes of one record batch of Arrow or page of Parquet, once decompressed", MIB
    )
    max_rows: int = knob(1_000_000_000, "most rows in a dataset", 1)
    max_columns: int = knob(10_000, "most columns in a dataset", 1)
    max_cell_bytes: int = knob(16 * MIB, "longest cell of a dataset", 1)
    max_rejected_rows: int = knob(1000, "most rejected rows before a dataset fails", 0)
    ingest_memory_bytes: int = knob(400 * MIB, "memory that DuckDB may use for one ingest", 64 * MIB)
    max_parameters: int = knob(50_000_000, "most weights and biases in a network", 1)
    max_classes: int = knob(1000, "most classes of a target", 2)
    max_categories: int = knob(
        0,
        "most one-hot columns of one feature; rarer categories share the column 'other', beside their effect on the "
        "target; 0: 100, or up to 1,000 within 128 MiB",
        0,
    )
    training_memory_bytes: int = knob(
        4096 * MIB, "resident memory limit of a training process; larger tables are kept on disk", MIB
    )
    jail: str = knob(
        "auto",
        "auto: worker processes may not start programs, nor reach files and servers of others, as far as the kernel "
        "can refuse it; off: they may",
    )
    alive_file: str = knob(
        "", "file that a worker or the sweeper touches while it does its work, for health checks; empty: none"
    )
    cached_models: int = knob(32, "models kept in memory by each API process", 1)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `ADALINE_*`. Raises SettingInvalid for a value or a name that means nothing."""
        environment = os.environ if environment is None else environment
        known = {PREFIX + one.name.upper(): one for one in fields(cls)}
        values = {}
        for name, text in written_out(environment, known).items():
            if name not in known:
                raise SettingInvalid(f"{name} is not a setting; `adaline settings` lists all settings")
            values[known[name].name] = parse(name, text, known[name])
        return cls(**values)

    def __post_init__(self) -> None:
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingInvalid(f"ADALINE_LOG_LEVEL is {self.log_level!r}: use debug, info, warning or error")
        if self.log_format not in ("auto", "console", "json"):
            raise SettingInvalid(f"ADALINE_LOG_FORMAT is {self.log_format!r}: use auto, console or json")
        if self.jail not in ("auto", "off"):
            raise SettingInvalid(f"ADALINE_JAIL is {self.jail!r}: use auto or off")
        self.check_owners()
        if self.port > 65535:
            raise SettingInvalid(f"ADALINE_PORT is {self.port}: the highest port is 65535")
        if self.blobs_url and urlsplit(self.blobs_url).scheme not in ("file", "s3"):
            raise SettingInvalid(f"ADALINE_BLOBS_URL is {self.blobs_url!r}: use file:///path or s3://bucket/prefix")
        for name in entries(self.allowed_hosts):
            if not HOST.fullmatch(name):
                raise SettingInvalid(
                    f"ADALINE_ALLOWED_HOSTS has {name!r}: give names without scheme and port (in ASCII: xn--…), "
                    "*.example.com for all subdomains, or * for any"
                )
        for origin in entries(self.allowed_origins):
            if not ORIGIN.fullmatch(origin):
                raise SettingInvalid(
                    f"ADALINE_ALLOWED_ORIGINS has {origin!r}: give scheme, name and port only, such as "
                    "https://app.example.com or http://localhost:3000; * is not supported"
                )
        if self.waiting_requests >= self.api_threads:
            raise SettingInvalid(
                f"ADALINE_WAITING_REQUESTS ({self.waiting_requests}) must be less than ADALINE_API_THREADS "
                f"({self.api_threads}), so that threads are left for other requests"
            )

    def describe(self, environment: Mapping[str, str]) -> list[dict[str, str]]:
        """Every setting with its meaning, its value (secrets left out) and where that came from."""
        return [
            {
                "name": (name := PREFIX + one.name.upper()),
                "value": without_password(str(getattr(self, one.name))),
                "from": origin_of(environment, name),
                "meaning": one.metadata["meaning"],
            }
            for one in fields(self)
        ]

    def to_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """`environment` for another process that is to read exactly these settings in it."""
        rest = {name: text for name, text in environment.items() if not name.startswith(PREFIX)}
        kept = {name: environment[name] for name in ADALINE_ELSEWHERE - {CLIENTS_KEY} if name in environment}
        chosen = {
            PREFIX + one.name.upper(): str(value)
            for one in fields(self)
            if (value := getattr(self, one.name)) != one.default
        }
        return rest | kept | chosen

    @property
    def resolved_database_url(self) -> str:
        """The database that is used: the configured one, else SQLite in the data directory."""
        url = self.database_url or f"sqlite:///{self.data.absolute() / 'adaline.db'}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )

    @property
    def resolved_blobs_url(self) -> str:
        """Where bytes are kept: the configured place, else a directory in the data directory."""
        return self.blobs_url or (self.data.absolute() / "blobs").as_uri()
