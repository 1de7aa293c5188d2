from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.errors import CannotStart
from service.supervisor.valkey import LONGEST_SOCKET_BYTES, find_server, socket_in


def program(directory: Path, name: str) -> str:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.touch(mode=0o755)
    return str(path)


def test_server_on_the_path_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server().endswith("valkey-server")  # the wheel's
    assert Path(find_server()).is_file()
    redis = program(tmp_path, "redis-server")
    assert find_server() == redis
    valkey = program(tmp_path, "valkey-server")
    assert find_server() == valkey


def test_socket_lies_in_a_private_directory_of_the_data(short: Path) -> None:
    with socket_in(short) as socket:
        assert socket == short / "run" / "valkey.sock"
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        socket.touch()
    assert not socket.exists()


def test_long_path_moves_the_socket_to_a_private_place_that_is_found_again(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short))
    data = tmp_path / ("long" * 30)
    places = []
    for _ in range(2):
        with socket_in(data) as socket:
            assert len(os.fsencode(socket)) <= LONGEST_SOCKET_BYTES
            assert socket.parent.stat().st_mode & 0o777 == 0o700
            places.append(socket)
        assert not socket.parent.exists()
    assert places[0] == places[1]


def test_private_place_that_is_a_link_is_refused(tmp_path: Path, short: Path) -> None:
    (short / "run").symlink_to(tmp_path)
    with pytest.raises(CannotStart, match="run belongs to another user"), socket_in(short):
        pass


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose path is short wherever the tests' own may be."""
    return tmp_path_factory.mktemp("s")
