"""The files of a version, one after the other in one blob: they are written, waited for and deleted together.

A version's row says of each file {"sha256", "bytes", "bundle", "start"}. Versions of before have each file in a blob of
its own, and no "bundle".
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable
from typing import IO

from service.store.blobs import Blobs
from service.store.tables import Json


def write_bundle(blobs: Blobs, contents: Iterable[tuple[str, bytes]]) -> dict[str, Json]:
    """Store files, and say of each what a row has to know. Raises StorageFull."""
    files: dict[str, Json] = {}
    with blobs.writer() as writer:
        for name, data in contents:
            files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "start": writer.size}
            writer.write(data)
        key = writer.commit().key
    return {name: {**file, "bundle": key} for name, file in files.items()}


def key_of(file: Json) -> str:
    """The blob that has the file."""
    key: str = file["bundle"] if "bundle" in file else file["sha256"]
    return key


def open_file(blobs: Blobs, file: Json) -> IO[bytes]:
    """A readable stream of the file alone. Raises KeyError for one that is not there."""
    if not file["bytes"]:
        return io.BytesIO()
    return blobs.open(key_of(file), (file["start"], file["bytes"]) if "bundle" in file else None)


def read_file(blobs: Blobs, file: Json) -> bytes:
    """All its bytes. Raises KeyError."""
    with contextlib.closing(open_file(blobs, file)) as stream:
        return stream.read(file["bytes"])
