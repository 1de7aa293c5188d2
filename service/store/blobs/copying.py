"""Blobs from one store to another, with their hash checked on the way."""

from __future__ import annotations

import contextlib

from service.errors import StorageDamaged
from service.store.blobs.spool import CHUNK
from service.store.blobs.store import Blobs


def copy_blob(source: Blobs, target: Blobs, key: str) -> int:
    """How many bytes were copied; under its key there are all of them or none. Raises KeyError where the source has
    none of that name; StorageDamaged for bytes that are not what was written; StorageFull."""
    with contextlib.closing(source.open(key)) as stream, target.writer() as writer:
        while piece := stream.read(CHUNK):
            writer.write(piece)
        if writer.commit().key != key:
            raise StorageDamaged(key)
    return writer.size
