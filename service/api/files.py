"""Blobs as answers: streamed, with their hash as ETag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import IO
from urllib.parse import quote

from flask import Response, request

from service.errors import FileNotFound
from service.store.blobs import Blobs
from service.store.bundles import open_file
from service.store.spool import CHUNK
from service.store.tables import Json


def send(
    blobs: Blobs, key: str, media_type: str, *, size_bytes: int | None = None, filename: str | None = None
) -> Response:
    """The blob's bytes, or 304 when the client has them. Raises FileNotFound."""
    return _send(key, lambda: blobs.open(key), media_type, size_bytes, filename)


def send_file(blobs: Blobs, file: Json, media_type: str) -> Response:
    """A file of a version, as `send`."""
    return _send(file["sha256"], lambda: open_file(blobs, file), media_type, file["bytes"], None)


def _send(
    etag: str, opened: Callable[[], IO[bytes]], media_type: str, size_bytes: int | None, filename: str | None
) -> Response:
    answer = Response(mimetype=media_type)
    answer.set_etag(etag)
    if etag in request.if_none_match:
        answer.status_code = HTTPStatus.NOT_MODIFIED
        return answer
    try:
        stream = opened()
    except KeyError:
        raise FileNotFound("these bytes have just been deleted") from None
    answer.response = _pieces(stream)
    answer.call_on_close(stream.close)
    if size_bytes is not None:
        answer.content_length = size_bytes
    if filename is not None:
        answer.headers["Content-Disposition"] = _attachment(filename)
    return answer


def _attachment(filename: str) -> str:
    """RFC 6266: the name as it is for those who read `filename*`, and in ASCII for the others."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(CHUNK):
            yield piece
