"""Uploads that break off: whatever way they came, nothing of them stays."""

from __future__ import annotations

import gzip
import select
import socket
import struct
from collections.abc import Callable

import pytest

from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server
from tests.integration.processes import eventually
from tests.samples import parquet

LINES = b"a,b\n" + b"1,2\n" * 20_000
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n' + LINES
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: a close is a reset


def chunked(data: bytes, promised: int | None = None) -> bytes:
    """The data as one chunk, or as the beginning of a larger one; no last chunk follows."""
    end = b"\r\n" if promised is None else b""
    return b"%x\r\n" % (promised or len(data)) + data + end


def with_length(data: bytes, length: int) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % length + data


LAST = b"0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = b"Content-Encoding: gzip\r\n"
OF_FORM = b"Content-Type: multipart/form-data; boundary=b\r\n"
OF_CSV = b"Content-Type: text/csv\r\n"
OF_PARQUET = b"Content-Type: application/vnd.apache.parquet\r\n"
PACKED = gzip.compress(LINES)
TABLE = parquet({"a": list(range(10_000))})

BROKEN = {
    "raw": OF_CSV + with_length(LINES, len(LINES) + 1),
    "raw, hardly begun": OF_CSV + with_length(b"", 100),
    "chunked, within a line": OF_CSV + CHUNKED + chunked(LINES[:-2]),
    "chunked, at the end of a line": OF_CSV + CHUNKED + chunked(LINES),
    "chunked, within a chunk": OF_CSV + CHUNKED + chunked(LINES, len(LINES) + 100),
    "chunked, with a broken chunk": OF_CSV + CHUNKED + chunked(LINES) + b"zz\r\n",
    "chunked, at the end of a line, with a key": OF_CSV + b"Idempotency-Key: k\r\n" + CHUNKED + chunked(LINES),
    "chunked, waiting": OF_CSV + b"Prefer: wait=30\r\n" + CHUNKED + chunked(LINES),
    "chunked, said not to be packed": OF_CSV + b"Content-Encoding: identity\r\n" + CHUNKED + chunked(LINES),
    "multipart": OF_FORM + with_length(FORM, len(FORM) + 7),
    "multipart, chunked": OF_FORM + CHUNKED + chunked(FORM),
    "multipart, chunked, but for its end": OF_FORM + CHUNKED + chunked(FORM + b"\r\n--b-"),
    "gzip": OF_CSV + GZIP + with_length(PACKED[:-9], len(PACKED)),
    "gzip, chunked": OF_CSV + GZIP + CHUNKED + chunked(PACKED[:-9]),
    "gzip, chunked, without its checksum": OF_CSV + GZIP + CHUNKED + chunked(PACKED[:-8]),
    "multipart, gzip, chunked": OF_FORM + GZIP + CHUNKED + chunked(gzip.compress(FORM)[:-8]),
    "Parquet, chunked": OF_PARQUET + CHUNKED + chunked(TABLE[:-1]),
}


WHOLE = {
    "raw": OF_CSV + with_length(LINES, len(LINES)),
    "gzip, chunked": OF_CSV + GZIP + CHUNKED + chunked(PACKED) + LAST,
    "multipart, chunked": OF_FORM + CHUNKED + chunked(FORM + b"\r\n--b--\r\n") + LAST,
    "multipart, gzip, chunked": OF_FORM + GZIP + CHUNKED + chunked(gzip.compress(FORM + b"\r\n--b--\r\n")) + LAST,
    "Parquet, chunked": OF_PARQUET + CHUNKED + chunked(TABLE) + LAST,
}


@pytest.mark.parametrize("ending", ["closed", "reset", "half-closed"])
def test_upload_that_breaks_off_leaves_nothing(serve: Callable[..., Server], deps: Deps, ending: str) -> None:
    server = serve()
    blobs = deps.settings.data / "blobs"
    for number, (case, request) in enumerate(BROKEN.items(), 1):
        connection = server.send(b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n" + request)
        # all that was sent is in the server's spool, or refused; then the line goes dead
        assert eventually(lambda: [*(blobs / "spool").iterdir()] or _is_answered(connection)), case  # noqa: B023
        if ending == "half-closed":
            connection.shutdown(socket.SHUT_WR)
            assert _status(connection) in (400, 411), case
        elif ending == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()
        assert eventually(lambda: len(_uploads(server)) == number), case  # noqa: B023
        assert eventually(lambda: server.http.get("/v1/datasets").json()["data"] == []), case
        assert list((blobs / "spool").iterdir()) == [], case
    good = server.http.post("/v1/datasets", content=LINES, headers={"Content-Type": "text/csv", "Idempotency-Key": "k"})
    assert good.status_code == 202  # neither the bytes nor the key are remembered


def test_upload_that_is_whole_stays_however_it_came(serve: Callable[..., Server]) -> None:
    server = serve()
    for case, request in WHOLE.items():
        with server.send(b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n" + request) as connection:
            assert _status(connection) in (200, 202), case
    assert len(server.http.get("/v1/datasets").json()["data"]) == 2  # the lines and the table


@pytest.mark.parametrize("cut", [b"", b"zz\r\n"], ids=["without its last chunk", "with a broken chunk"])
def test_half_a_line_is_never_predicted(serve: Callable[..., Server], deps: Deps, cut: bytes) -> None:
    samples.publish(deps, samples.price_predictor(), "houses")
    server = serve()
    cases = {b"text/csv": b"size,colour,sold\n2,red,false\n33", b"application/x-ndjson": b'{"size": 2}\n{"size": 3}'}
    for media_type, rows in cases.items():
        head = b"POST /v1/models/houses/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + media_type + b"\r\n"
        with server.send(head + CHUNKED + chunked(rows) + cut) as connection:
            connection.shutdown(socket.SHUT_WR)
            assert _status(connection) == 400, media_type


def _is_answered(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


def _status(connection: socket.socket) -> int:
    connection.settimeout(60)
    return int(connection.recv(65536).split()[1])


def _uploads(server: Server) -> list[dict[str, object]]:
    return [request for request in server.requests() if request["method"] == "POST"]
