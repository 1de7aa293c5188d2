"""Blobs as answers: streamed, with their hash as ETag."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import IO
from urllib.parse import quote

from flask import Response, request

from service.errors import FileNotFound
from service.store.blobs import Blobs
from service.store.spool import CHUNK


def send(
    blobs: Blobs, key: str, media_type: str, *, size_bytes: int | None = None, filename: str | None = None
) -> Response:
    """The blob's bytes, or 304 when the client has them. Raises FileNotFound."""
    answer = Response(mimetype=media_type)
    answer.set_etag(key)
    if key in request.if_none_match:
        answer.status_code = HTTPStatus.NOT_MODIFIED
        return answer
    try:
        stream = blobs.open(key)
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
