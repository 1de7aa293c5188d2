"""What a backup says of itself. A backup is there once its manifest is: one that was cut off has none.

Rows and the list of blobs lie beside the backed-up blobs as blobs of their own, named by their hash as all are. The
manifest's own hash is part of its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from service.errors import StorageDamaged

FORMAT = 1
HASH_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Manifest:
    """`revision` is the database's, `tables` counts the rows of each, `rows` and `listing` are keys; of all blobs that
    the rows name there are so many, with so many bytes."""

    taken_at: str
    adaline: str
    revision: str
    tables: Mapping[str, int]
    rows: str
    listing: str
    blobs: int
    size_bytes: int
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=2).encode() + b"\n"

    @property
    def name(self) -> str:
        """The time, then the manifest's hash: names in order are backups in order."""
        taken = datetime.fromisoformat(self.taken_at)
        return f"{taken:%Y%m%dT%H%M%S.%fZ}-{hashlib.sha256(self.to_bytes()).hexdigest()[:HASH_CHARACTERS]}"


def read_manifest(name: str, data: bytes) -> Manifest:
    """The manifest of this name. Raises StorageDamaged where its bytes are others."""
    if hashlib.sha256(data).hexdigest()[:HASH_CHARACTERS] != name.rpartition("-")[2]:
        raise StorageDamaged("", f"the manifest of backup {name}", "use another backup")
    return Manifest(**json.loads(data))
