"""Bytes named by their hash: what was committed is there, what was not is nowhere."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.errors import SettingInvalid, StorageDamaged, StorageFull
from service.store.blobs.bundles import key_of, open_file, read_file, write_bundle
from service.store.blobs.disk import DiskBlobs
from service.store.blobs.s3 import S3Blobs
from service.store.blobs.spool import Blob
from service.store.blobs.store import Blobs, open_blobs, read_blob
from tests.contract.rows import at_once

DATA = b"a,b\n1,2\n" * 1000
KEY = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["disk", "s3"])
def blobs(request: pytest.FixtureRequest, make_blobs: Callable[[str], Blobs]) -> Blobs:
    """A place with nothing in it, whose temporary files are in `tmp_path` too."""
    return make_blobs(request.param)


def all_keys(blobs: Blobs) -> list[str]:
    return sorted(blobs.keys(0))


def test_files_of_a_bundle_are_each_what_they_are_by_themselves(blobs: Blobs) -> None:
    contents = {str(number): os.urandom(number) for number in (0, 1, 10, 1_000_000)} | {"same": b"", "data": DATA}
    files = write_bundle(blobs, contents.items())
    assert list(files) == list(contents)
    for name, data in contents.items():
        assert (files[name]["sha256"], files[name]["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert read_file(blobs, files[name]) == data
        with contextlib.closing(open_file(blobs, files[name])) as stream:
            assert b"".join(iter(lambda: stream.read(4096), b"")) == data
        with contextlib.closing(open_file(blobs, files[name])) as stream:
            assert stream.read() == data
    assert {key_of(file) for file in files.values()} == set(all_keys(blobs))
    whole = b"".join(contents.values())
    assert all_keys(blobs) == [hashlib.sha256(whole).hexdigest()]


def test_a_file_of_before_bundles_is_a_blob_of_its_own(blobs: Blobs) -> None:
    file = {"sha256": blobs.put(DATA).key, "bytes": len(DATA)}
    assert (key_of(file), read_file(blobs, file)) == (KEY, DATA)


def test_a_bundle_that_breaks_off_leaves_nothing(blobs: Blobs) -> None:
    def contents() -> Iterator[tuple[str, bytes]]:
        yield "first", DATA
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_bundle(blobs, contents())
    assert all_keys(blobs) == []


def write(blobs: Blobs, data: bytes) -> Blob:
    with blobs.writer() as writer:
        writer.write(data)
        return writer.commit()


def files_below(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()]


def test_committed_bytes_are_read_back_under_their_hash(blobs: Blobs) -> None:
    with blobs.writer() as writer:
        for start in range(0, len(DATA), 999):
            writer.write(DATA[start : start + 999])
        blob = writer.commit()
    assert (blob.key, blob.size) == (KEY, len(DATA))
    assert read_blob(blobs, KEY) == DATA
    with contextlib.closing(blobs.open(KEY)) as stream:
        assert stream.read(5) == DATA[:5]
    with blobs.local(KEY) as path:
        assert path.read_bytes() == DATA


def test_no_bytes_and_many_bytes(blobs: Blobs) -> None:
    assert blobs.put(b"").key == hashlib.sha256(b"").hexdigest()
    assert read_blob(blobs, hashlib.sha256(b"").hexdigest()) == b""
    large = os.urandom(9 * 2**20)
    assert read_blob(blobs, blobs.put(large).key) == large


def test_many_pieces_of_any_size_are_hashed_in_their_order(blobs: Blobs) -> None:
    pieces = [os.urandom(size) for size in (1, 2**19, 2**20 + 7, 65_536, 5 * 2**20, 3, 0, 4 * 2**20, 100)]
    with blobs.writer() as writer:
        for piece in pieces:
            assert writer.write(piece) == len(piece)
        blob = writer.commit()
    whole = b"".join(pieces)
    assert (blob.key, blob.size) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert read_blob(blobs, blob.key) == whole
    with blobs.writer() as writer:  # one that is dropped
        writer.write(whole)
    assert not any(thread.name.startswith("hash") for thread in threading.enumerate())


def test_bytes_on_a_disk_are_for_their_owner_only(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    blobs.put(DATA)
    write(blobs, b"more")
    assert {path.stat().st_mode & 0o777 for path in files_below(tmp_path)} == {0o600}


def test_what_is_not_committed_leaves_nothing_behind(blobs: Blobs, tmp_path: Path) -> None:
    before = files_below(tmp_path)
    with blobs.writer() as writer:
        writer.write(DATA)

    def break_off() -> None:
        with blobs.writer() as writer:
            writer.write(DATA)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert files_below(tmp_path) == before
    assert all_keys(blobs) == []


def test_a_commit_leaves_no_temporary_file(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(DATA)
    with blobs.local(KEY):
        pass
    assert [file.name for file in files_below(tmp_path)] in ([KEY], [])


def test_a_key_that_is_not_there(blobs: Blobs) -> None:
    with pytest.raises(KeyError):
        blobs.open(KEY)
    with pytest.raises(KeyError), blobs.local(KEY):
        pass
    blobs.delete(KEY, 0)  # no error


def test_the_same_bytes_are_one_blob_even_when_written_at_once(blobs: Blobs) -> None:
    assert {blob.key for blob in at_once(4, lambda _: blobs.put(DATA))} == {KEY}
    assert all_keys(blobs) == [KEY]
    assert read_blob(blobs, KEY) == DATA


def test_only_old_keys_are_listed_and_deleted(blobs: Blobs) -> None:
    key = blobs.put(DATA).key
    assert list(blobs.keys(3600)) == []
    blobs.delete(key, 3600)  # written too recently: somebody may be about to name it
    assert all_keys(blobs) == [key]
    blobs.delete(key, 0)
    assert all_keys(blobs) == []
    with pytest.raises(KeyError):
        blobs.open(key)


def test_check_says_whether_the_place_can_be_used(blobs: Blobs) -> None:
    blobs.check()


def test_a_reader_never_sees_part_of_a_blob(blobs: Blobs) -> None:
    seen: list[bytes] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with contextlib.suppress(KeyError):
                seen.append(read_blob(blobs, KEY))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(5):
        blobs.put(DATA)
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    done.set()
    reader.join()
    assert set(seen) == {DATA}


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file of this process may grow beyond 64 KiB; the kernel's refusal (EFBIG) is spelt as that of a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    monkeypatch.setattr("service.store.blobs.failing.FULL", (errno.ENOSPC, errno.EFBIG))
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_named_and_harms_nothing(blobs: Blobs, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    earlier = blobs.put(DATA).key
    before = files_below(tmp_path)
    request.getfixturevalue("full_disk")
    with pytest.raises(StorageFull):
        write(blobs, os.urandom(1_000_000))
    with pytest.raises(StorageFull):
        blobs.put(os.urandom(1_000_000))
    assert files_below(tmp_path) == before
    assert all_keys(blobs) == [earlier]
    assert read_blob(blobs, earlier) == DATA


def test_what_a_killed_writer_left_is_cleared_once_it_is_old(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    writer = blobs.writer()
    writer.write(DATA)
    assert list(blobs.keys(3600)) == []
    assert writer.path.exists()
    old = time.time() - 7200
    os.utime(writer.path, (old, old))
    assert list(blobs.keys(3600)) == []
    assert writer.path.exists()  # a slow upload is not over
    writer._file.close()  # as the kernel does for one that was killed
    assert list(blobs.keys(3600)) == []
    assert not writer.path.exists()


def test_a_place_of_another_kind_is_refused() -> None:
    with pytest.raises(SettingInvalid):
        open_blobs("ftp://host/path")


def test_file_of_the_workspace_becomes_a_blob_without_a_copy(blobs: Blobs) -> None:
    with blobs.workspace() as directory:
        (directory / "table").write_bytes(DATA)
        inode = (directory / "table").stat().st_ino
        with blobs.writer() as writer:
            writer.take(directory / "table")
            assert writer.path.stat().st_ino == inode
            writer.seal()
            assert writer.path.read_bytes() == DATA
            blob = writer.commit()
        assert not (directory / "table").exists()
    assert (blob.key, blob.size) == (KEY, len(DATA))
    assert read_blob(blobs, KEY) == DATA


def test_workspace_is_gone_with_what_is_in_it(blobs: Blobs) -> None:
    with blobs.workspace() as directory:
        (directory / "spill").mkdir()
        (directory / "spill" / "part").write_bytes(DATA)
    assert not directory.exists()
    assert all_keys(blobs) == []


def test_workspace_that_a_killed_worker_left_is_swept(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    left = tmp_path / "spool" / "work-left"
    left.mkdir()
    (left / "part").write_bytes(DATA)
    assert list(blobs.keys(3600)) == []
    assert left.exists()
    assert list(blobs.keys(0)) == []
    assert not left.exists()


def test_what_is_held_is_not_swept_however_old_it_is(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    with blobs.workspace() as directory, blobs.writer() as paused, blobs.writer() as taking:
        (directory / "table").write_bytes(DATA)
        taking.take(directory / "table")
        paused.write(DATA)
        for path in (directory, paused.path, taking.path):
            os.utime(path, (1, 1))
        with subprocess.Popen([sys.executable, "-c", SWEEP, tmp_path.as_uri()]) as sweeper:  # a process of its own
            assert sweeper.wait() == 0
        assert directory.is_dir()
        assert [paused.commit().key, taking.commit().key] == [KEY, KEY]
    assert list(blobs.keys(3600)) == []  # what was committed just now is not old, however long it was on its way
    assert read_blob(blobs, KEY) == DATA


SWEEP = """
import sys
from service.store.blobs.store import open_blobs
assert list(open_blobs(sys.argv[1]).keys(3600)) == []
"""


def test_a_directory_of_an_earlier_version_is_closed_to_others(tmp_path: Path) -> None:
    root = tmp_path / "blobs"
    DiskBlobs(root).put(DATA)
    for path in [*root.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    blobs = DiskBlobs(root)
    assert {path.stat().st_mode & 0o077 for path in root.rglob("*")} == {0}
    assert read_blob(blobs, KEY) == DATA


def test_a_stream_never_hands_out_damaged_bytes_to_their_end(blobs: Blobs, tmp_path: Path) -> None:
    large = os.urandom(3 * 2**20 + 5)
    key = blobs.put(large).key
    for harm in (lambda data: data[:-1], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda _: b""):
        _overwrite(blobs, key, harm(large))
        got: list[int] = []
        with pytest.raises(StorageDamaged, match=key):
            _read_on(blobs, key, got)
        assert sum(got) < len(large)
        with pytest.raises(StorageDamaged), blobs.local(key):
            pass
        with pytest.raises(StorageDamaged):
            blobs.verify(key)
    assert blobs.put(large).key == key  # the same bytes again mend it
    with blobs.local(key) as path:
        assert path.read_bytes() == large


def _read_on(blobs: Blobs, key: str, got: list[int]) -> None:
    with contextlib.closing(blobs.open(key)) as stream:
        got.extend(len(piece) for piece in iter(lambda: stream.read(100_000), b""))


def _overwrite(blobs: Blobs, key: str, data: bytes) -> None:
    if isinstance(blobs, DiskBlobs):
        blobs._path(key).write_bytes(data)
    else:
        assert isinstance(blobs, S3Blobs)
        blobs._client.put_object(Bucket=blobs._bucket, Key=blobs._name(key), Body=data)


def test_two_deletions_and_a_new_writing_leave_what_was_written_last(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path)
    for _ in range(20):
        key = blobs.put(DATA).key
        os.utime(tmp_path / "objects" / key[:2] / key, (1, 1))

        def act(place: int, key: str = key) -> None:
            if place == 0:
                blobs.put(DATA)
            else:
                blobs.delete(key, 3600)

        at_once(3, act)
        assert read_blob(blobs, KEY) == DATA


def test_deletions_of_one_blob_at_the_same_moment_all_end_and_it_is_gone(blobs: Blobs) -> None:
    for number in range(10):
        key = blobs.put(b"blob %d" % number).key
        at_once(4, lambda _, key=key: blobs.delete(key, 0))
        with pytest.raises(KeyError):
            blobs.open(key)
        blobs.delete(key, 0)  # nor is one that has gone an error
