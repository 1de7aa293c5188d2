"""The bytes of a request's body: decompressed on the way, counted, and whole, or an error that says what they lack."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import zstandard
from flask import Request
from werkzeug.exceptions import ClientDisconnected

from service.errors import BodyMalformed, BodyTooLarge, MediaTypeUnsupported
from service.settings import MIB

CHUNK = 64 * 1024
ENCODINGS = ("gzip", "zstd")
FREE_BYTES = MIB  # so much may come out of any body, whatever its ratio
ZSTD_SLICE = 512  # at most 22 MB come out of so many bytes at once
ZSTD_WINDOW = 8 * MIB  # what RFC 9659 allows a content encoding to ask for


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a body is taken: bytes after decompression, and how many of them from each received byte."""

    size_bytes: int
    ratio: int
    setting: str

    def too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"the body is larger than {self.size_bytes:,} bytes, the limit set by {self.setting}; send it in parts"
        )


def read(request: Request, limit: Limit) -> bytes:
    """The whole body. Raises BodyTooLarge, BodyMalformed, MediaTypeUnsupported."""
    return b"".join(chunks(request, limit))


def chunks(request: Request, limit: Limit) -> Iterator[bytes]:
    """The body, piece by piece. Raises BodyTooLarge, BodyMalformed, MediaTypeUnsupported."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.content_length is not None and request.content_length > limit.size_bytes:
        raise limit.too_large()
    counter = _Counter()
    received = counter.counted(_received(request))
    if encoding in ("identity", ""):
        return _limited(received, limit)
    if encoding in ("gzip", "x-gzip"):
        return _limited(_gunzipped(received), limit, counter)
    if encoding == "zstd":
        return _limited(_unzstd(received), limit, counter)
    raise MediaTypeUnsupported(
        f"Content-Encoding {encoding!r} is not understood; use {' or '.join(ENCODINGS)}, or send the body as it is"
    )


class _Counter:
    """How many bytes have come in."""

    def __init__(self) -> None:
        self.received = 0

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.received += len(piece)
            yield piece


def _received(request: Request) -> Iterator[bytes]:
    total = 0
    while True:
        try:
            piece = request.stream.read(CHUNK)
        except (ClientDisconnected, OSError):
            raise BodyMalformed("the connection ended before the body did; nothing was stored") from None
        if not piece:
            break
        total += len(piece)
        yield piece
    if request.content_length is not None and total < request.content_length:
        raise BodyMalformed(
            f"the body ended after {total:,} of the {request.content_length:,} bytes that Content-Length promised; "
            "nothing was stored"
        )


def _limited(pieces: Iterable[bytes], limit: Limit, compressed: _Counter | None = None) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit.size_bytes:
            raise limit.too_large()
        if compressed is not None and total > FREE_BYTES and total > limit.ratio * compressed.received:
            raise BodyTooLarge(
                f"the body grows more than {limit.ratio} times when decompressed, which is refused "
                "(ADALINE_MAX_DECOMPRESSION_RATIO); send it as it is"
            )
        yield piece


def _gunzipped(received: Iterable[bytes]) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=31)
    begun = ended = False
    for data in received:
        while data:
            if ended:  # another member may follow; zeros after the last one are padding
                data = data.lstrip(b"\0")
                if not data:
                    break
                decoder, ended = zlib.decompressobj(wbits=31), False
            begun = True
            more = True
            while more:
                try:
                    piece = decoder.decompress(data, CHUNK)
                except zlib.error as error:
                    raise BodyMalformed(
                        f"the body is not the gzip stream that Content-Encoding says: {error}"
                    ) from None
                data = decoder.unconsumed_tail
                more = not decoder.eof and (bool(data) or len(piece) == CHUNK)
                if piece:
                    yield piece
            if decoder.eof:
                data, ended = decoder.unused_data, True
    if begun and not ended:
        raise BodyMalformed("the gzip stream ends too early: the body was cut off; send it again, whole")


def _unzstd(received: Iterable[bytes]) -> Iterator[bytes]:
    frames = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    decoder = frames.decompressobj()
    begun = False
    for data in received:
        for start in range(0, len(data), ZSTD_SLICE):
            rest = data[start : start + ZSTD_SLICE]
            while rest:
                if decoder.eof:
                    decoder = frames.decompressobj()
                begun = True
                try:
                    piece = decoder.decompress(rest)
                except zstandard.ZstdError as error:
                    raise BodyMalformed(
                        f"the body is not the zstd stream that Content-Encoding says: {error}"
                    ) from None
                if piece:
                    yield piece
                rest = decoder.unused_data if decoder.eof else b""
    if begun and not decoder.eof:
        raise BodyMalformed("the zstd stream ends too early: the body was cut off; send it again, whole")
