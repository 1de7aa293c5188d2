from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import Settings
from workers.jail import landlock
from workers.jail.enter import enter
from workers.jail.rules import rules_for

PERMITTED = {
    "read mine": "did my own",
    "write mine": "did 1",
    "rename mine": "did None",
    "thread": "did ran",
    "allocate some": f"did {64 * 2**20}",
    "connect to mine": "did connected",
}
OF_LANDLOCK = {
    "read others": errno.EACCES,
    "read others through a link": errno.EACCES,
    "list others": errno.EACCES,
    "write others": errno.EACCES,
    "delete others": errno.EACCES,
    "read others in a thread": errno.EACCES,
    "connect": errno.EACCES,
    "listen": errno.EACCES,
    "signal the parent": errno.EPERM,
    "trace the parent": errno.EACCES,
}
OF_SECCOMP = {
    "execute": errno.EPERM,
    "become a program": errno.EPERM,
    "execute mine": errno.EPERM,
    "fork": errno.EPERM,
    "fork in C": errno.EPERM,
    "fork bomb": errno.EPERM,
    "raw socket": errno.EAFNOSUPPORT,
    "listen on a path": errno.EPERM,
    "raise the limit": errno.EPERM,
    "unshare": errno.EPERM,
    "mount": errno.EPERM,
}
NEEDED = {"connect": 4, "listen": 4, "signal the parent": 6}  # versions of Landlock


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    mine, others = tmp_path / "mine", tmp_path / "others"
    mine.mkdir()
    others.mkdir()
    (mine / "mine").write_text("my own")
    (mine / "program").write_text("#!/bin/sh\n")
    (mine / "program").chmod(0o755)
    (others / "secret").write_text("a stranger's")
    return mine, others


def tried(way: str, places: tuple[Path, Path]) -> str:
    """What came of it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        told = {"mine": str(places[0]), "others": str(places[1]), "way": way, "port": server.getsockname()[1]}
        command = [sys.executable, "-m", "tests.unit.workers.jail.prisoner", json.dumps(told)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("way", PERMITTED)
def test_what_work_needs_is_permitted(way: str, places: tuple[Path, Path]) -> None:
    assert tried(way, places) == PERMITTED[way]


@pytest.mark.parametrize("way", OF_LANDLOCK)
def test_files_and_servers_of_others_are_out_of_reach(way: str, places: tuple[Path, Path]) -> None:
    if landlock.version() < NEEDED.get(way, 1):
        pytest.skip("this kernel's Landlock has not that much")
    assert tried(way, places) == f"PermissionError {OF_LANDLOCK[way]}"
    assert (places[1] / "secret").read_text() == "a stranger's"


@pytest.mark.parametrize("way", OF_SECCOMP)
def test_no_program_no_process_and_no_server_is_started(way: str, places: tuple[Path, Path]) -> None:
    assert tried(way, places).split()[1] == str(OF_SECCOMP[way])


def test_more_memory_than_allowed_is_an_error_in_the_work(places: tuple[Path, Path]) -> None:
    assert tried("allocate", places) == "MemoryError"


def test_huge_file_is_an_error_in_the_work(places: tuple[Path, Path]) -> None:
    assert tried("huge file", places) == f"OSError {errno.EFBIG}"


def test_jail_can_be_left_open(tmp_path: Path) -> None:
    assert enter(Settings(data=tmp_path, jail="off"), ["train"]) is None
    (tmp_path / "after").write_text("x")


def test_rules_name_the_servers_that_are_used(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        database_url="postgresql://u:p@db:6543/adaline",
        broker_url="redis://:p@queue/0",
        blobs_url="s3://bucket",
        s3_endpoint_url="http://s3:8333",
    )
    rules = rules_for(settings, ["train"], {"AWS_SHARED_CREDENTIALS_FILE": "/run/secrets/aws"})
    assert rules.ports == (53, 6379, 6543, 8333)
    assert Path("/run/secrets/aws") in rules.readable
    assert tmp_path not in rules.writable


def test_rules_of_the_embedded_parts_need_no_network(tmp_path: Path) -> None:
    rules = rules_for(Settings(data=tmp_path, broker_url="unix:///run/valkey.sock"), ["ingest"], {})
    assert rules.ports == ()
    assert {tmp_path, tmp_path / "blobs", tmp_path / "blobs" / "spool"} <= set(rules.writable)


@pytest.mark.parametrize(("role", "mib"), [("ingest", 4 * 400), ("train", 2 * 4096), ("short", 2 * 4096)])
def test_memory_follows_the_settings(role: str, mib: int, tmp_path: Path) -> None:
    rules = rules_for(Settings(data=tmp_path, broker_url="unix:///x"), [role], {})
    assert rules.memory_bytes == (mib + 1024) * 2**20
