"""A server that other machines reach: its first key, whose things a key opens, and how it ends; with real processes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service.client import Client, Denied, NotFound
from tests.integration.processes import Running, eventually, started

PYTHON = [sys.executable, "-m", "service"]
WHERE = "Adaline listens on "


def adaline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    rest = {name: text for name, text in os.environ.items() if not name.startswith("ADALINE_")}
    return subprocess.run(
        [*PYTHON, *arguments], env={**rest, **environment}, capture_output=True, text=True, timeout=150, check=False
    )


@dataclass(frozen=True, slots=True)
class Opened:
    url: str
    data: Path
    key: str
    running: Running


@contextmanager
def open_server(data: Path, **settings: str) -> Iterator[tuple[str, Running]]:
    """Adaline on all addresses of this machine; its URL."""
    environment = {"ADALINE_DATA": str(data), "ADALINE_WORKER_PROCESSES": "1", "ADALINE_SHORT_PROCESSES": "0"}
    command = [*PYTHON, "serve", "--host", "0.0.0.0", "--port", "0"]
    with started(command, environment | settings) as running:
        yield running.until(WHERE).split(WHERE)[1].split()[0], running


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A server with two API processes that other machines reach, and its first key."""
    data = tmp_path_factory.mktemp("open") / "data"
    with open_server(data, ADALINE_API_PROCESSES="2") as (url, running):
        assert str(data / "first-key") in running.until("the first key, which opens everything")
        yield Opened(url, data, (data / "first-key").read_text().strip(), running)


@pytest.mark.timeout(120)
def test_the_first_key_is_in_a_private_file_and_nowhere_else(opened: Opened) -> None:
    file = opened.data / "first-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    nobody = httpx.get(f"{opened.url}/v1/models")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "key_missing")
    assert httpx.get(f"{opened.url}/readyz").status_code == 200
    assert _status(f"{opened.url}/v1/keys", opened.key) == 200
    assert not [line for line in opened.running.lines if opened.key.split("_")[2] in line]


@pytest.mark.timeout(180)
def test_each_owner_has_things_of_their_own_and_shares_a_model(opened: Opened, houses: Path) -> None:
    with Client(opened.url, key=opened.key) as operator:
        alice = operator.create_key("notebook", ["train"], owner="alice").key
        bob = operator.create_key("web", ["predict"], owner="bob").key
        operators = operator.upload(houses, wait=False).id
    environment = {"ADALINE_URL": opened.url, "ADALINE_KEY": alice}
    with Client(opened.url, key=alice) as client, Client(opened.url, key=bob) as other:
        client.train(client.upload(houses), target="price", model="house-price", epochs=2)
        assert operators not in [one.id for one in client.datasets()]
        with pytest.raises(NotFound):
            client.dataset(operators)
        with pytest.raises(NotFound):
            other.predict("alice/house-price", houses)
        with pytest.raises(Denied):
            other.upload(houses)
        shared = adaline("share", "house-price", "bob", "--json", **environment)
        assert json.loads(shared.stdout)[0]["model"] == "alice/house-price"
        assert len(other.predict("alice/house-price", houses)) == 400
        answer = httpx.post(
            f"{opened.url}/v1/models/alice%2Fhouse-price/predict",
            json={"records": [{"rooms": 3, "garden": True, "city": "Nice"}]},
            headers={"Authorization": f"Bearer {bob}"},
        )
        assert answer.json()["model"] == {"name": "alice/house-price", "version": 1}
        assert adaline("share", "house-price", "bob", "--delete", **environment).returncode == 0

        def is_gone() -> bool:
            try:
                other.predict("alice/house-price", houses)
            except NotFound:
                return True
            return False

        assert eventually(is_gone, 5)


@pytest.mark.timeout(120)
def test_a_key_that_is_revoked_on_the_machine_is_refused_by_each_process(opened: Opened) -> None:
    """Without the server: each of its processes looks by itself."""
    with Client(opened.url, key=opened.key) as operator:
        made = operator.create_key("old", ["read"], owner="carol")
    assert made.key not in repr(made)
    headers = {"Authorization": f"Bearer {made.key}", "Connection": "close"}

    def answers() -> set[int]:
        return {httpx.get(f"{opened.url}/v1/jobs", headers=headers).status_code for _ in range(20)}

    assert answers() == {200}
    assert adaline("keys", "revoke", made.id, ADALINE_DATA=str(opened.data)).returncode == 0
    assert eventually(lambda: answers() == {401}, 5)
    listed = json.loads(adaline("keys", "list", "--json", ADALINE_DATA=str(opened.data)).stdout)
    assert next(one for one in listed if one["id"] == made.id)["revoked_at"] is not None


def test_a_part_beyond_loopback_hands_over_the_key_as_the_whole_does(tmp_path: Path, valkey_url: str) -> None:
    environment = {"ADALINE_DATA": str(tmp_path / "data"), "ADALINE_BROKER_URL": valkey_url, "ADALINE_PORT": "0"}
    with started([*PYTHON, "api", "--host", "0.0.0.0"], environment) as running:
        running.until("the first key, which opens everything")
        url = running.until("Adaline's API listens on ").split(" on ")[1].strip()
        key = (tmp_path / "data" / "first-key").read_text().strip()
        assert eventually(lambda: _status(f"{url}/v1/session", key) == 200)


def _status(url: str, key: str) -> int:
    try:
        return httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code
    except httpx.TransportError:
        return 0


def test_a_server_that_nobody_could_use_does_not_start(tmp_path: Path, valkey_url: str) -> None:
    """The API as some other program may start it, which makes no first key."""
    environment = {
        "ADALINE_DATA": str(tmp_path / "data"), "ADALINE_BROKER_URL": valkey_url, "ADALINE_HOST": "0.0.0.0",
    }  # fmt: skip
    assert adaline("keys", "list", **environment).returncode == 0  # which makes the tables
    rest = {name: text for name, text in os.environ.items() if not name.startswith("ADALINE_")}
    code = "import service.wsgi; service.wsgi.app()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=rest | environment, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode != 0
    assert "there is no key yet that would let anybody in" in done.stderr


def test_where_the_first_key_cannot_be_handed_over_nothing_starts_and_none_is_made(
    tmp_path: Path, valkey_url: str
) -> None:
    data = tmp_path / "data"
    (data / "first-key").mkdir(parents=True)  # no file can be there
    environment = {"ADALINE_DATA": str(data), "ADALINE_BROKER_URL": valkey_url}
    done = adaline("api", "--host", "0.0.0.0", "--port", "0", **environment)
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr
    assert json.loads(adaline("keys", "list", "--json", **environment).stdout) == []


def test_on_loopback_no_key_is_needed_until_there_is_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    environment = {"ADALINE_DATA": str(data), "ADALINE_WORKER_PROCESSES": "1", "ADALINE_SHORT_PROCESSES": "0"}
    with started([*PYTHON, "serve", "--port", "0"], environment) as running:
        url = running.until(WHERE).split(WHERE)[1].split()[0]
        assert httpx.get(f"{url}/v1/session").json() == {
            "owner": "default", "scopes": ["read", "predict", "train", "admin"], "key": None, "csrf_token": None,
        }  # fmt: skip
        made = adaline("keys", "create", "--name", "me", "--scopes", "admin", ADALINE_DATA=str(data))
        key = made.stdout.strip()
        assert eventually(lambda: httpx.get(f"{url}/v1/models").status_code == 401, 5)
        with Client(url, key=key) as client:
            assert client.who_am_i()["owner"] == "default"
            assert [one.name for one in client.list_keys()] == ["me"]
