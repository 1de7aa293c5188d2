"""The bytes of a request's body: decompressed on the way, counted, and whole, or an error that says what they lack."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from service.api.http import turns
from service.api.http.decoding import CHUNK, DECODERS, CutOff
from service.errors import BodyTooLarge, DecompressedTooLarge, DecompressionRatioTooLarge, MediaTypeUnsupported
from service.settings import MIB

ARRIVING = 4 * CHUNK  # at once: each piece costs some Python
FREE_BYTES = MIB  # so much may come out of any body, whatever its ratio
REST_BYTES = 16 * MIB
REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a body is taken: bytes as they are sent, bytes once decompressed, and how many of these from each
    of those. `setting` and `decompressed_setting` are what an operator would raise."""

    size_bytes: int
    decompressed_bytes: int
    ratio: int
    setting: str
    decompressed_setting: str
    mend: str = "split it into several requests"

    def too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"the body is larger than {self.size_bytes:,} bytes, the limit set by {self.setting}; {self.mend}"
        )

    def too_large_decompressed(self) -> DecompressedTooLarge:
        return DecompressedTooLarge(
            f"the body is larger than {self.decompressed_bytes:,} bytes once decompressed, the limit set by "
            f"{self.decompressed_setting}; {self.mend}"
        )

    def too_dense(self) -> DecompressionRatioTooLarge:
        return DecompressionRatioTooLarge(
            f"the body is more than {self.ratio} times larger once decompressed, which is refused "
            "(ADALINE_MAX_DECOMPRESSION_RATIO); send it uncompressed"
        )


def read(request: Request, limit: Limit) -> bytes:
    """The whole body; a large one once it is this request's turn. Raises BodyTooLarge, BodyMalformed,
    MediaTypeUnsupported."""
    pieces, size = [], 0
    for piece in Body(request, limit).once_arrived():
        size += len(piece)
        if size > turns.LARGE_BYTES:
            turns.take()
        pieces.append(piece)
    return b"".join(pieces)


def discard_rest(request: Request) -> None:
    """Take in what is still coming of a body that is answered already, in bounds.

    A client that sends all before it reads would otherwise find its connection reset, and the answer lost with it
    (RFC 9112, 9.6).
    """
    end, received = time.monotonic() + REST_SECONDS, 0
    with suppress(ClientDisconnected, OSError):
        while received < REST_BYTES and time.monotonic() < end and (piece := request.stream.read(CHUNK)):
            received += len(piece)


class Body:
    """The body of a request as it arrives. What is decompressed of it is measured against the bytes received."""

    def __init__(self, request: Request, limit: Limit) -> None:
        """Raises BodyTooLarge, MediaTypeUnsupported for what the headers already give away."""
        self._request = request
        self._limit = limit
        self._received = 0
        self._encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if self._encoding not in ("identity", "", *DECODERS):
            raise MediaTypeUnsupported(
                f"Content-Encoding {self._encoding!r} is not supported; use gzip or zstd, or send the body uncompressed"
            )
        if request.content_length is not None and request.content_length > limit.size_bytes:
            raise limit.too_large()

    @property
    def says_its_end(self) -> bool:
        """Whether it is known, when no more comes, that all has come: by a length, or by what it is packed in.

        Of a body in chunks the server ends the reading in the same way whether its last chunk came, the connection
        was lost, or the framing broke.
        """
        return "Transfer-Encoding" not in self._request.headers or self._encoding in DECODERS

    @property
    def received(self) -> int:
        """How many bytes have come so far, as they were sent."""
        return self._received

    def pieces(self) -> Iterator[bytes]:
        """The body, decompressed. Raises BodyTooLarge, BodyMalformed."""
        return self.decoded(self._arriving(), self._encoding)

    def once_arrived(self) -> Iterator[bytes]:
        """The body in pieces, as from `pieces`, beginning once all of it has arrived. Raises BodyTooLarge,
        BodyMalformed."""
        return self.decoded(list(self._arriving()), self._encoding)

    def decoded(self, pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
        """Pieces out of this body, decompressed (once more). Raises BodyTooLarge, BodyMalformed."""
        return self._bounded(DECODERS[encoding](pieces)) if encoding in DECODERS else iter(pieces)

    def _arriving(self) -> Iterator[bytes]:
        promised = self._request.content_length
        while True:
            try:
                piece = self._request.stream.read(ARRIVING)
            except (ClientDisconnected, OSError):
                raise CutOff("the connection ended before the body did; nothing was stored") from None
            if not piece:
                break
            self._received += len(piece)
            if self._received > self._limit.size_bytes:
                raise self._limit.too_large()
            yield piece
        if promised is not None and self._received < promised:
            raise CutOff(
                f"the body ended after {self._received:,} of the {promised:,} bytes that Content-Length promised; "
                "nothing was stored"
            )

    def _bounded(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        total = 0
        for piece in pieces:
            total += len(piece)
            if total > self._limit.decompressed_bytes:
                raise self._limit.too_large_decompressed()
            if total > FREE_BYTES:
                turns.note_growth()
                if total > self._limit.ratio * self._received:
                    raise self._limit.too_dense()
            yield piece
