"""What this machine says: files, disk, memory, kernel."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import make_url

from service.doctor.findings import Finding, Patient
from service.settings import IN_FILE, PREFIX
from service.store.private import OTHERS

MIB = 2**20
NETWORKED = ("nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre", "fuse.sshfs", "afs")
LEAST_FREE_BYTES, LEAST_FREE_SHARE = 1024 * MIB, 0.05
LEAST_FILES = 4096


def data_directory(patient: Patient) -> Iterator[Finding]:
    """The data directory's rights"""
    for directory in _directories(patient):
        if not directory.exists():
            continue
        found = directory.stat()
        if found.st_mode & OTHERS:
            yield Finding(
                "data_readable",
                "unsafe",
                f"{directory} is open to other users of this machine (mode {stat.S_IMODE(found.st_mode):o})",
                f"chmod 700 {directory}",
            )
        if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
            yield Finding(
                "data_unwritable",
                "broken",
                f"{directory} cannot be written by user {os.geteuid()}",
                f"chown {os.geteuid()} {directory}, or set ADALINE_DATA and ADALINE_BLOBS_URL to another place",
            )


def secret_files(patient: Patient) -> Iterator[Finding]:
    """Files with passwords"""
    for name, value in patient.machine.environment.items():
        is_secret = (name.startswith(PREFIX) and name.endswith(IN_FILE)) or name == "AWS_SHARED_CREDENTIALS_FILE"
        path = Path(value)
        if is_secret and value and path.exists() and path.stat().st_mode & OTHERS:
            yield Finding(
                "secret_readable",
                "unsafe",
                f"{path} ({name}) can be read by other users of this machine (mode "
                f"{stat.S_IMODE(path.stat().st_mode):o})",
                f"chmod 400 {path}",
            )


def disk(patient: Patient) -> Iterator[Finding]:
    """Room on the disk"""
    for directory in _directories(patient):
        if directory.exists():
            free, share = patient.machine.free(directory)
            if free < LEAST_FREE_BYTES or share < LEAST_FREE_SHARE:
                yield Finding(
                    "disk_nearly_full",
                    "broken",
                    f"{free / MIB:,.0f} MiB ({share:.1%}) are free at {directory}",
                    "delete datasets and versions that nobody needs, or give it a larger disk",
                )


def sqlite_place(patient: Patient) -> Iterator[Finding]:
    """SQLite where it cannot be trusted"""
    url = make_url(patient.settings.resolved_database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    kind = patient.machine.file_system(Path(url.database).absolute())
    if kind in NETWORKED:
        yield Finding(
            "sqlite_on_network",
            "broken",
            f"{url.database} lies on a network file system ({kind}), whose locks and memory SQLite's WAL cannot use: "
            "it will be damaged",
            "set ADALINE_DATA to a local disk, or ADALINE_DATABASE_URL to a PostgreSQL server",
        )
    broker = urlsplit(patient.settings.broker_url)
    if broker.hostname not in (None, "localhost", "127.0.0.1", "::1"):
        yield Finding(
            "sqlite_shared",
            "broken",
            f"the database is SQLite, for one machine, and the broker is on another ({broker.hostname}): workers there "
            "would have a database of their own",
            "set ADALINE_DATABASE_URL to a PostgreSQL server that all machines reach",
        )


def memory(patient: Patient) -> Iterator[Finding]:
    """Memory that is not there"""
    has = patient.machine.memory_bytes
    for name, asked in (
        ("ADALINE_TRAINING_MEMORY_BYTES", patient.settings.training_memory_bytes),
        ("ADALINE_INGEST_MEMORY_BYTES", patient.settings.ingest_memory_bytes),
    ):
        if has and asked > has:
            yield Finding(
                "memory_too_large",
                "broken",
                f"{name} is {asked / MIB:,.0f} MiB, and this machine or container has {has / MIB:,.0f} MiB: the kernel "
                "will kill what uses it",
                f"set it to at most {has * 3 // 4}, or give more memory",
            )


def files(patient: Patient) -> Iterator[Finding]:
    """Open files"""
    if patient.machine.files < LEAST_FILES:
        yield Finding(
            "few_open_files",
            "broken",
            f"a process may open {patient.machine.files} files, and each connection is one",
            f"raise the limit to {LEAST_FILES} or more (ulimit -n, LimitNOFILE=, or ulimits: in a compose file)",
        )


CHECKS = (data_directory, secret_files, disk, sqlite_place, memory, files)


def _directories(patient: Patient) -> list[Path]:
    """Where this deployment keeps something on this machine."""
    settings = patient.settings
    found = []
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        found.append(Path(url.database).absolute().parent)
    blobs = urlsplit(settings.resolved_blobs_url)
    if blobs.scheme == "file":
        found.append(Path(unquote(blobs.path)))
    return list(dict.fromkeys(found))
