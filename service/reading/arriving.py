"""The text of a body as it arrives: any encoding in, UTF-8 out, a first part to look at, and blocks of whole lines."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from service.domain.reading import encodings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MANY_BYTES = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
STATEFUL = ("utf-7", "hz", "iso2022")  # ASCII bytes that may be other letters
BOM = "\ufeff".encode()


class Arriving:
    """The bytes of a body, of which some may be looked at before they are read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._kept = bytearray()
        self._ended = False
        self._decode: Callable[[bytes, bool], bytes] | None = None

    def look(self, size: int) -> tuple[bytes, bool]:
        """The first `size` bytes as they came, and whether they are all there are."""
        while len(self._kept) <= size and not self._ended:
            self._ended = not self._take()
        return bytes(self._kept[:size]), self._ended and len(self._kept) <= size

    def as_utf8(self, encoding: str, otherwise: str) -> None:
        """From here on the bytes are UTF-8. Of `encoding` "", they are so already or, when the first letters beyond
        ASCII are none, of the encoding `otherwise`. Bytes that the encoding does not have are kept as they are."""
        decode = _decoder(encoding) if encoding else _Undecided(otherwise)
        self._kept = bytearray(decode(bytes(self._kept), self._ended))
        self._kept = self._kept.removeprefix(BOM)
        self._decode = decode

    def lines(self, size: int, longest: int) -> bytes | None:
        """The next lines, about `size` bytes of them; b"" at the end. None, and nothing is taken, when the next line
        is longer than `longest`."""
        looked = 0
        while True:
            while len(self._kept) < size and not self._ended:
                self._ended = not self._take()
            end = len(self._kept) if self._ended else self._kept.rfind(b"\n", looked) + 1
            if end:
                block = bytes(memoryview(self._kept)[:end])
                del self._kept[:end]
                return block
            if self._ended:
                return b""
            if len(self._kept) > longest:
                return None
            looked = len(self._kept)
            size = looked + max(size, 1)

    def give_back(self, block: bytes) -> None:
        """What was read and is to be read again."""
        self._kept[:0] = block

    def file(self) -> io.TextIOWrapper:
        """The rest as a text file; bytes that are no text are surrogates (PEP 383)."""
        return io.TextIOWrapper(io.BufferedReader(Raw(self)), "utf-8", "surrogateescape", newline="")

    def read(self, size: int) -> bytes:
        while not self._kept and not self._ended:
            self._ended = not self._take()
        part = bytes(self._kept[:size])
        del self._kept[:size]
        return part

    def _take(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            if self._decode:
                self._kept += self._decode(b"", True)
            return False
        self._kept += self._decode(piece, False) if self._decode else piece
        return True


def encoding_of(sample: bytes, whole: bool, declared: str | None, usual: str) -> tuple[str, str]:
    """The encoding of a body by its first bytes, and which to take when "" is answered and it turns out not to be
    UTF-8. `usual` is that of the model's own file. Raises EncodingUnknown for a declared one that is none."""
    if declared:
        return encodings.canonical(declared), ""
    otherwise = usual if usual not in ("utf-8", *MANY_BYTES) else encodings.FALLBACK
    found = encodings.detect(sample, whole)
    if any(sample.startswith(mark) for mark, _ in encodings.BOMS) or found in MANY_BYTES:
        return found, ""
    if usual.startswith(STATEFUL) and sample.isascii():
        return usual, ""
    return "", otherwise


def _decoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    if encoding == "utf-8":
        return lambda piece, _: piece
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    return lambda piece, final: decoder.decode(piece, final).encode("utf-8", "surrogateescape")


class _Undecided:
    """UTF-8 or another encoding, by the first piece that is not all ASCII; its like are both in ASCII."""

    def __init__(self, otherwise: str) -> None:
        self._otherwise = otherwise
        self._decode: Callable[[bytes, bool], bytes] | None = None

    def __call__(self, piece: bytes, final: bool) -> bytes:
        if self._decode is None:
            if piece.isascii():
                return piece
            votes = encodings.Votes()
            votes.add(piece)
            self._decode = _decoder("utf-8" if votes.encoding(final) == "utf-8" else self._otherwise)
        return self._decode(piece, final)


class Raw(io.RawIOBase):
    """The same bytes as a raw file."""

    def __init__(self, source: Arriving) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        part = self._source.read(len(view))
        view[: len(part)] = part
        return len(part)
