"""Content codings: gzip and zstd, undone piece by piece; no piece is large, whatever comes in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import zstandard

from service.errors import BodyMalformed

CHUNK = 64 * 1024
ZSTD_SLICE = 64  # a block of 4 bytes may unpack to 128 KiB: at most 2 MiB come out of so many bytes at once
ZSTD_WINDOW = 8 * 1024 * 1024  # what RFC 9659 allows a content encoding to ask for


class CutOff(BodyMalformed):
    """The bytes end before what they hold does."""


def gunzipped(received: Iterable[bytes]) -> Iterator[bytes]:
    """The content of all members of a gzip stream. Raises BodyMalformed, CutOff."""
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
                    raise BodyMalformed(f"the body is not valid gzip, as Content-Encoding says: {error}") from None
                data = decoder.unconsumed_tail
                more = not decoder.eof and (bool(data) or len(piece) == CHUNK)
                if piece:
                    yield piece
            if decoder.eof:
                data, ended = decoder.unused_data, True
    if begun and not ended:
        raise CutOff("the gzip stream is truncated; send the whole body again")


def unzstd(received: Iterable[bytes]) -> Iterator[bytes]:
    """The content of all frames of a zstd stream. Raises BodyMalformed, CutOff."""
    frames = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    decoder = frames.decompressobj()
    begun = False
    unpacked = bytearray()
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
                    raise BodyMalformed(f"the body is not valid zstd, as Content-Encoding says: {error}") from None
                unpacked += piece
                if len(unpacked) >= CHUNK:
                    yield bytes(unpacked)
                    unpacked.clear()
                rest = decoder.unused_data if decoder.eof else b""
        if unpacked:
            yield bytes(unpacked)
            unpacked.clear()
    if begun and not decoder.eof:
        raise CutOff("the zstd stream is truncated; send the whole body again")


DECODERS: Mapping[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "gzip": gunzipped,
    "x-gzip": gunzipped,
    "zstd": unzstd,
}
