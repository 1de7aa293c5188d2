"""The files of a version as files here: each whole and of the hash that the server names, or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.client.connection import Call, Connection
from service.client.errors import DownloadDamaged, Occupied
from service.client.records import Version

CHUNK_BYTES = 1024 * 1024


def download(connection: Connection, version: Version, to: Path, replace: bool) -> Path:
    """The directory, with all the files of the version in it.

    Files that are there already, by their hash, are left as they are: a download that was broken off goes on. Raises
    Occupied, before anything is written, where another file has the name of one and `replace` is not said;
    DownloadDamaged when what came is not what the server named; OSError.
    """
    missing = [file for file in version.files if not _is_there(to / _safe(file["name"]), file)]
    taken = [file["name"] for file in missing if (to / file["name"]).exists()]
    if taken and not replace:
        raise Occupied(to, taken)
    to.mkdir(parents=True, exist_ok=True)
    for file in missing:
        _fetch(connection, version, file, to / file["name"])
    return to


def _fetch(connection: Connection, version: Version, file: Mapping[str, Any], path: Path) -> None:
    name = file["name"]
    url = f"/v1/models/{quote(version.model, safe='')}/versions/{version.version}/files/{quote(name, safe='')}"
    digest = hashlib.sha256()
    with (
        connection.stream(Call("GET", url, headers={"Accept": "*/*"})) as response,
        _replacing(path) as part,
        part.open("wb") as sink,
    ):
        for chunk in response.iter_bytes(CHUNK_BYTES):
            digest.update(chunk)
            sink.write(chunk)
        if digest.hexdigest() != file["sha256"]:
            raise DownloadDamaged(name, file["sha256"], digest.hexdigest())


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside it that takes its place once it is whole, and is gone where it is not."""
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    try:
        yield Path(part)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)  # as any other new file; mkstemp's are the user's alone
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _is_there(path: Path, file: Mapping[str, Any]) -> bool:
    try:
        if path.stat().st_size != file["bytes"]:
            return False
        with path.open("rb") as content:
            return bool(hashlib.file_digest(content, "sha256").hexdigest() == file["sha256"])
    except OSError:
        return False


def _safe(name: str) -> str:
    """The name of a file, in this directory and in no other. Raises ValueError."""
    if name != os.path.basename(name) or name in ("", ".", "..") or "\\" in name:
        raise ValueError(f"the server names a file {name!r}, which is not a plain file name")
    return name
