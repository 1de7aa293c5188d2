"""The encoding of a text file, by its bytes: a byte order mark, valid UTF-8, UTF-16 by its zeros, else windows-1252."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FALLBACK = "windows-1252"
BAD = re.compile("[\udc80-\udcff]")
"""A byte that the encoding does not have, as the error handler `surrogateescape` (PEP 383) keeps it."""
NO_TABLES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


class EncodingUnknown(ValueError):
    """A name that is no encoding of text."""


def canonical(name: str) -> str:
    """Python's name of a declared encoding. Raises EncodingUnknown."""
    codec: codecs.CodecInfo | None
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        codec = None
    if codec is None or not codec._is_text_encoding or codec.name in NO_TABLES:
        raise EncodingUnknown(f"{name!r} is not a text encoding; try utf-8, utf-16, latin-1 or windows-1252")
    return FALLBACK if codec.name == "cp1252" else codec.name


def detect(sample: bytes, whole: bool) -> str:
    """The encoding of a file by its first bytes; `whole` says that these are all."""
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    if name := _utf16(sample):
        return name
    votes = Votes()
    votes.add(sample)
    return votes.encoding(whole)


def _utf16(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of mostly Latin text is zero."""
    pairs = len(sample) // 2
    if not pairs or b"\0" not in sample:
        return ""
    first, second = sample[: 2 * pairs : 2].count(0) / pairs, sample[1 : 2 * pairs : 2].count(0) / pairs
    if second > 0.4 and first < 0.05:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 and second < 0.05 else ""


class Votes:
    """Characters beyond ASCII that are valid UTF-8, against bytes that are not, chunk by chunk."""

    def __init__(self) -> None:
        self.valid = 0
        self.bad = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def add(self, chunk: bytes, final: bool = False) -> None:
        text = self._decoder.decode(chunk, final)
        if not text.isascii():
            bad = len(BAD.findall(text))
            self.bad += bad
            self.valid += sum(len(found) for found in _BEYOND_ASCII.findall(text)) - bad

    def encoding(self, final: bool) -> str:
        """UTF-8, also with a few damaged bytes; windows-1252 where the bytes are no UTF-8."""
        if final:
            self.add(b"", final=True)
        return FALLBACK if self.bad > self.valid else "utf-8"


_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


def of_chunks(chunks: Iterable[bytes]) -> str:
    """UTF-8 or windows-1252, by all of a file."""
    votes = Votes()
    for chunk in chunks:
        votes.add(chunk)
    return votes.encoding(final=True)
