"""Blobs as answers: streamed, with their hash as ETag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import IO
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from service.api.context import context
from service.errors import FileNotFound, TooManyAnswers
from service.store.blobs.bundles import open_file
from service.store.blobs.store import Blobs
from service.store.tables import Json

SMALL_BYTES = 256 * 1024  # read before it is answered
PIECE_BYTES = 64 * 1024  # at once: of an answer that nobody reads, the server holds half a dozen
CROWDED = "too many responses are being sent right now; try again shortly (ADALINE_SENDING_REQUESTS)"


def send(
    blobs: Blobs, key: str, media_type: str, *, size_bytes: int | None = None, filename: str | None = None
) -> Response:
    """The blob's bytes, or 304 when the client has them; where `size_bytes` is given, also a range of them (206).

    Damaged bytes are never sent as whole: what is small is read before it is answered, of what is large the last piece
    is held back, and before a range all is read once. Raises FileNotFound; StorageDamaged;
    RequestedRangeNotSatisfiable (416).
    """

    def opened(part: tuple[int, int] | None) -> IO[bytes]:
        if part is not None:
            blobs.verify(key)
        return blobs.open(key, part)

    return _send(key, opened, media_type, size_bytes, filename, lambda: blobs.size(key), in_ranges=True)


def send_file(blobs: Blobs, file: Json, media_type: str) -> Response:
    """A file of a version, as `send`, always whole."""
    return _send(
        file["sha256"], lambda _: open_file(blobs, file), media_type, file["bytes"], None, lambda: int(file["bytes"])
    )


def _send(
    etag: str,
    opened: Callable[[tuple[int, int] | None], IO[bytes]],
    media_type: str,
    size_bytes: int | None,
    filename: str | None,
    size: Callable[[], int],
    in_ranges: bool = False,
) -> Response:
    answer = Response(mimetype=media_type)
    answer.set_etag(etag)
    if etag in request.if_none_match:
        answer.status_code = HTTPStatus.NOT_MODIFIED
        return answer
    part = None
    if size_bytes is not None:
        answer.content_length = size_bytes
        if in_ranges:
            answer.accept_ranges = "bytes"
            part = _asked_range(etag, size_bytes)
    if part is not None and size_bytes is not None:
        first, count = part
        answer.status_code = HTTPStatus.PARTIAL_CONTENT
        answer.content_length = count
        answer.content_range.set(first, first + count, size_bytes)
    try:
        stream = opened(part)
        begin, release = _first(stream)
    except KeyError:
        raise FileNotFound("these bytes have just been deleted") from None
    if size_bytes is None:  # an answer without a length that breaks off would look like a whole one
        answer.content_length = size() if len(begin) == SMALL_BYTES else len(begin)
    answer.response = _pieces(begin, stream)
    answer.call_on_close(stream.close)
    if release is not None:
        answer.call_on_close(release)
    if filename is not None:
        answer.headers["Content-Disposition"] = _attachment(filename)
    return answer


def _asked_range(etag: str, size_bytes: int) -> tuple[int, int] | None:
    """Where the range that is asked for begins, and its length; None for all bytes.

    As RFC 9110, section 14 allows, several ranges at once, other units and what is no range are as if they were not
    there; so is a range of bytes that have changed since (If-Range). Raises RequestedRangeNotSatisfiable.
    """
    asked = request.range
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if request.headers.get("If-Range", f'"{etag}"').strip() != f'"{etag}"':
        return None
    ((first, end),) = asked.ranges
    first = max(size_bytes + first, 0) if first < 0 else first  # the last so many bytes, or all of fewer
    if first >= size_bytes:
        detail = f"the file has {size_bytes} bytes, none in this range; request within bytes=0-{max(size_bytes - 1, 0)}"
        raise RequestedRangeNotSatisfiable(size_bytes, description=detail)
    return first, (size_bytes if end is None else min(end, size_bytes)) - first


def _attachment(filename: str) -> str:
    """RFC 6266: the name as it is for those who read `filename*`, and in ASCII for the others."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _first(stream: IO[bytes]) -> tuple[bytes, Callable[[], None] | None]:
    """The first piece, and how the answer's place is given back: a thread waits for clients that take more."""
    try:
        begin = stream.read(SMALL_BYTES)
        return begin, context().sending.take(TooManyAnswers(CROWDED)) if len(begin) == SMALL_BYTES else None
    except BaseException:
        stream.close()
        raise


def _pieces(piece: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """What breaks off here leaves an answer that ends before its last piece, and the client sees that."""
    with stream:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]
        del piece
        while more := stream.read(PIECE_BYTES):
            yield more
