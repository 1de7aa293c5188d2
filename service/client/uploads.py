"""What is uploaded: an open file with its name, media type and encoding, read off the file's name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from service.client import frames

GivenFile = str | Path | bytes | BinaryIO | Any  # the last: a DataFrame

PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = {
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".arrows": "application/vnd.apache.arrow.stream",
}
PREVIEW_BYTES = 1024 * 1024  # what the server looks at
ENCODINGS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes to send, with what the server must know of them. `name` is None for bytes without a name."""

    content: BinaryIO
    name: str | None
    headers: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)  # of columns whose type in a DataFrame says it

    def with_kinds(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options of an upload, with these kinds beside those that they name."""
        return {**options, "types": {**self.kinds, **(options.get("types") or {})}} if self.kinds else dict(options)

    def part(self) -> bytes:
        """As much as a preview looks at: the first part, and one byte that tells of more; of a Parquet file its end."""
        is_plain = "Content-Encoding" not in self.headers
        if self.headers["Content-Type"] == PARQUET and is_plain and self.content.seekable():
            start, end = self.content.tell(), self.content.seek(0, io.SEEK_END)
            self.content.seek(max(start, end - PREVIEW_BYTES))
        return self.content.read(PREVIEW_BYTES + 1)


def parameters(name: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The query of an upload; `types` and `null_values` travel as JSON."""
    return {"name": name, **query_of(options)}


def query_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a query: lists and mappings travel as JSON."""
    return {key: json.dumps(to) if isinstance(to, Mapping | list | tuple) else to for key, to in options.items()}


@contextmanager
def opened(source: GivenFile, name: str | None) -> Iterator[Upload]:
    """The source as an open binary file, never read whole. Raises OSError, TypeError for a text file."""
    if frames.is_frame(source):
        file, kinds = frames.parquet_of(source)
        with file:
            yield Upload(file, name or frames.NAME, {"Content-Type": PARQUET}, kinds)
    elif isinstance(source, bytes):
        yield _described(io.BytesIO(source), name, name)
    elif isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            yield _described(file, name, Path(source).name)
    elif callable(getattr(source, "read", None)):
        if not isinstance(source.read(0), bytes):
            raise TypeError('the file gives text, not bytes: open it with mode "rb"')
        yield _described(source, name, _name_of(source))
    else:
        raise TypeError(
            f"cannot upload a {type(source).__name__}: give a path, bytes, a file opened in binary mode or a DataFrame"
        )


def _described(content: BinaryIO, name: str | None, file_name: str | None) -> Upload:
    path = Path(file_name or name or "")
    encoding = ENCODINGS.get(path.suffix.lower())
    if encoding:
        path = path.with_suffix("")
    headers = {"Content-Type": MEDIA_TYPES.get(path.suffix.lower(), "text/csv")}
    if encoding:
        headers["Content-Encoding"] = encoding
    return Upload(content, name or path.name or None, headers)


def _name_of(file: Any) -> str | None:
    name = getattr(file, "name", None)  # a number where the file was opened by its descriptor
    return Path(name).name if isinstance(name, str | Path) else None
