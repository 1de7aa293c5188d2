"""What the files of a version are served as, by how their names end."""

from __future__ import annotations

from pathlib import PurePosixPath

BINARY = "application/octet-stream"
MEDIA_TYPES = {".json": "application/json", ".svg": "image/svg+xml", ".md": "text/markdown", ".py": "text/x-python"}


def media_type(file: str) -> str:
    """Of a file by its name; bytes, where nothing else is known of them."""
    return MEDIA_TYPES.get(PurePosixPath(file).suffix, BINARY)
