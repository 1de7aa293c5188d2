from __future__ import annotations

import gzip
import io
import zlib

import pytest
import zstandard
from flask import Request
from werkzeug.test import EnvironBuilder

from service.api.http.bodies import Limit, read
from service.errors import (
    BodyMalformed,
    BodyTooLarge,
    DecompressedTooLarge,
    DecompressionRatioTooLarge,
    MediaTypeUnsupported,
)


def limit(size_bytes: int = 10_000_000, decompressed_bytes: int = 10_000_000) -> Limit:
    return Limit(size_bytes, decompressed_bytes, 200, "ADALINE_MAX_SENT", "ADALINE_MAX_UNPACKED")


LIMIT = limit()
TEXT = b"".join(b"%d,%d\n" % (number, number * 7919 % 1000) for number in range(200_000))


def request(data: bytes, encoding: str = "", length: int | None = None, chunked: bool = False) -> Request:
    environ = EnvironBuilder(method="POST", input_stream=io.BytesIO(data)).get_environ()
    if encoding:
        environ["HTTP_CONTENT_ENCODING"] = encoding
    if chunked:
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(len(data) if length is None else length)
    return Request(environ)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:70_000]) + gzip.compress(TEXT[70_000:])),
        ("gzip", gzip.compress(TEXT) + b"\0" * 512),
        ("zstd", zstandard.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT[:70_000]) + zstandard.compress(TEXT[70_000:])),
    ],
    ids=["absent", "identity", "gzip", "x-gzip", "gzip members", "gzip padding", "zstd", "zstd frames"],
)
def test_body_is_decompressed(encoding: str, data: bytes) -> None:
    assert read(request(data, encoding), LIMIT) == TEXT
    assert read(request(data, encoding, chunked=True), LIMIT) == TEXT


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_compressed_body_that_breaks_off_is_malformed(compress: object) -> None:
    encoding = "gzip" if compress is gzip.compress else "zstd"
    data = compress(TEXT)  # type: ignore[operator]
    for cut in (5, len(data) // 2, len(data) - 1):
        with pytest.raises(BodyMalformed, match="is truncated"):
            read(request(data[:cut], encoding), LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_body_that_is_not_compressed_as_it_says_is_malformed(encoding: str) -> None:
    with pytest.raises(BodyMalformed, match=encoding):
        read(request(b"a,b\n1,2\n", encoding), LIMIT)


def test_corrupt_gzip_is_malformed() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-5] ^= 1  # in the checksum
    with pytest.raises(BodyMalformed):
        read(request(bytes(data), "gzip"), LIMIT)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(MediaTypeUnsupported, match="gzip or zstd"):
        read(request(zlib.compress(TEXT), encoding), LIMIT)


@pytest.mark.parametrize("chunked", [False, True])
def test_body_past_the_limit_is_refused(chunked: bool) -> None:
    with pytest.raises(BodyTooLarge, match="ADALINE_MAX_SENT"):
        read(request(TEXT, chunked=chunked), limit(len(TEXT) - 1))
    assert len(read(request(TEXT, chunked=chunked), limit(len(TEXT)))) == len(TEXT)


def test_sent_and_decompressed_bytes_are_counted_apart() -> None:
    packed = gzip.compress(TEXT)
    with pytest.raises(DecompressedTooLarge, match="ADALINE_MAX_UNPACKED"):
        read(request(packed, "gzip"), limit(decompressed_bytes=len(TEXT) - 1))
    with pytest.raises(BodyTooLarge, match="ADALINE_MAX_SENT"):
        read(request(packed, "gzip", chunked=True), limit(len(packed) - 1))
    assert read(request(packed, "gzip"), limit(len(packed), len(TEXT))) == TEXT


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_bomb_is_refused_by_its_ratio(compress: object) -> None:
    encoding = "gzip" if compress is gzip.compress else "zstd"
    bomb = compress(b"\0" * 8_000_000)  # type: ignore[operator]
    with pytest.raises(DecompressionRatioTooLarge, match="RATIO"):
        read(request(bomb, encoding), LIMIT)


def test_small_body_may_have_any_ratio() -> None:
    zeros = b"0" * 1_000_000
    assert read(request(gzip.compress(zeros), "gzip"), LIMIT) == zeros


def test_body_shorter_than_its_content_length_is_malformed() -> None:
    with pytest.raises(BodyMalformed):
        read(request(b"a,b\n1,2\n", length=100), LIMIT)
