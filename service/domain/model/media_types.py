"""What the files of a version are served as, by how their names end."""

from __future__ import annotations

from pathlib import PurePosixPath

BINARY = "application/octet-stream"
MEDIA_TYPES = {".json": "application/json", ".svg": "image/svg+xml", ".md": "text/markdown", ".py": "text/x-python"}


def media_type(file: str) -> str:
    """The media type of a file, by its name; bytes if nothing else is known."""
    return MEDIA_TYPES.get(PurePosixPath(file).suffix, BINARY)
