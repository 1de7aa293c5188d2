"""Downloads of results go on where a connection was lost, and never join the bytes of two files."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from service.client import Client, Unreachable
from service.client.connection import RETRIES

CONTENT = bytes(range(256)) * 40
TAG = '"first"'


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait between attempts."""
    monkeypatch.setattr("service.client.downloads.time.sleep", lambda _: None)


class Breaking(httpx.SyncByteStream):
    """Some bytes, then nothing more."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data
        raise httpx.ReadError("connection reset")


class Server:
    """Serves CONTENT in ranges as RFC 9110 has it; each connection is lost after `most` bytes."""

    def __init__(self, most: int, tags: tuple[str, ...] = (TAG,)) -> None:
        self.most = most
        self.tags = list(tags)
        self.ranges: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        tag = self.tags.pop(0) if len(self.tags) > 1 else self.tags[0]
        asked = request.headers.get("range")
        self.ranges.append(asked)
        is_part = asked is not None and request.headers["if-range"] == tag
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and is_part else 0
        rest = CONTENT[first:]
        headers = {"etag": tag, "content-length": str(len(rest))}
        stream = httpx.ByteStream(rest) if len(rest) <= self.most else Breaking(rest[: self.most])
        return httpx.Response(206 if is_part else 200, headers=headers, stream=stream)


def downloaded(server: Server) -> bytes:
    with Client("http://server", transport=httpx.MockTransport(server)) as client:
        return b"".join(client.download_result("job_1"))


def test_a_whole_download_asks_for_no_range() -> None:
    server = Server(len(CONTENT))
    assert downloaded(server) == CONTENT
    assert server.ranges == [None]


def test_a_lost_connection_costs_only_what_had_not_come() -> None:
    server = Server(3000)
    assert downloaded(server) == CONTENT
    assert server.ranges == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]


def test_a_server_that_sends_nothing_more_is_given_up() -> None:
    server = Server(3000)
    bytes_come = iter([True])

    def answer(request: httpx.Request) -> httpx.Response:
        server.most = 3000 if next(bytes_come, False) else 0
        return server(request)

    with Client("http://server", transport=httpx.MockTransport(answer)) as client, pytest.raises(Unreachable):
        b"".join(client.download_result("job_1"))
    assert server.ranges == [None] + ["bytes=3000-"] * RETRIES


def test_a_file_that_changed_is_not_joined_to_the_old_one() -> None:
    with pytest.raises(ValueError, match="changed during"):
        downloaded(Server(3000, (TAG, '"second"')))
