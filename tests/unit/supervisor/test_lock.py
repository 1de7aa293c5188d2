from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from service.errors import AlreadyRunning, CannotStart
from service.store.session import Database
from service.supervisor.lock import Running, hold, running

HOLDER = """
import sys, time
from pathlib import Path
from service.supervisor.lock import Running, hold
with hold(Path(sys.argv[1])) as lock:
    lock.write(Running(4242, "http://127.0.0.1:9"))
    subprocess = __import__("subprocess").Popen(["sleep", "5"], stdout=-3)  # a child that outlives its parent
    print("held", flush=True)
    time.sleep(1000)
"""


def test_nobody_runs_where_nothing_is(tmp_path: Path) -> None:
    assert running(tmp_path) is None


def test_holder_is_known_while_it_holds(tmp_path: Path) -> None:
    holder = Running(os.getpid(), "http://127.0.0.1:8000")
    with hold(tmp_path) as lock:
        assert lock.left_behind is None
        assert running(tmp_path) is None  # it has only begun
        lock.write(Running(1, "http://a.longer.name.than.the.next.example:65535"))
        lock.write(holder)
        assert running(tmp_path) == holder
        assert running(tmp_path) == holder  # looking takes nothing away
    assert running(tmp_path) is None


def test_second_holder_is_told_who_holds(tmp_path: Path) -> None:
    with hold(tmp_path) as lock:
        lock.write(Running(4242, "http://127.0.0.1:8000"))
        with pytest.raises(AlreadyRunning, match=r"process 4242, http://127\.0\.0\.1:8000"), hold(tmp_path):
            pass
        assert running(tmp_path) is not None


def test_lock_of_a_killed_holder_is_free_though_its_child_lives(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert running(tmp_path) is not None
        holder.kill()
        holder.wait()
        assert running(tmp_path) is None
        with hold(tmp_path) as lock:
            assert lock.left_behind == Running(4242, "http://127.0.0.1:9")


def test_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(CannotStart, match="file/data cannot be used: Not a directory"),
        hold(tmp_path / "file" / "data"),
    ):
        pass


def test_a_data_directory_is_its_owners_alone_and_so_is_what_an_earlier_version_left_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    blob = data / "blobs" / "objects" / "ab" / "abcd"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"x")
    (data / "adaline.db").write_bytes(b"")
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with hold(data):
        found = {str(path.relative_to(tmp_path)): oct(path.stat().st_mode & 0o777) for path in (data, *data.rglob("*"))}
    database = Database(f"sqlite:///{tmp_path / 'new' / 'adaline.db'}")
    with database.write() as session:
        session.execute(text("CREATE TABLE x (y)"))
    made = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "new").rglob("*")}
    database.close()
    assert {mode for name, mode in found.items() if "." in name or name.endswith(("lock", "abcd"))} == {"0o600"}
    assert found["data"] == found["data/blobs"] == found["data/blobs/objects/ab"] == "0o700"
    assert {"adaline.db", "adaline.db-wal", "adaline.db-shm"} <= set(made)
    assert set(made.values()) == {"0o600"}
    assert oct((tmp_path / "new").stat().st_mode & 0o777) == "0o700"
