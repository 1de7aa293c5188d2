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

from service.store.blobs.store import Blobs, damage_named
from service.store.blobs.verifying import verifying
from service.store.tables import Json, VersionRow


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
    """A readable stream of the file alone. Raises KeyError for one that is not there; StorageDamaged in the place of
    the last bytes where they are not what was written."""
    if not file["bytes"]:
        return io.BytesIO()
    if "bundle" not in file:
        return blobs.open(key_of(file))
    return verifying(blobs.open(key_of(file), (file["start"], file["bytes"])), file["sha256"], key_of(file))


def read_file(blobs: Blobs, file: Json) -> bytes:
    """All its bytes. Raises KeyError, StorageDamaged."""
    with contextlib.closing(open_file(blobs, file)) as stream:
        return stream.read()


def read_version_file(blobs: Blobs, version: VersionRow, name: str) -> bytes:
    """All bytes of a file of a version. Raises KeyError; StorageDamaged, which names it."""
    with version_named(version.model_name, version.version, name):
        return read_file(blobs, version.files[name])


def version_named(model: str, version: int, file: str) -> contextlib.AbstractContextManager[None]:
    """Damage of a version's file is told as that."""
    mend = "train the model again, or restore the file from a backup"
    return damage_named(f"{file} of version {version} of {model!r}", mend)
