"""A file of any size from the server: where the connection is lost, the rest is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

from service.client.connection import FIRST_PAUSE_SECONDS, RETRIES, Call, Connection
from service.client.errors import Unreachable


def pieces(connection: Connection, path: str) -> Iterator[bytes]:
    """The bytes of a resource that is served in ranges, as they arrive. Raises Unreachable when a connection is lost
    too often without a byte between."""
    received, etag, lost = 0, "", 0
    while True:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if received:
            headers |= {"Range": f"bytes={received}-", "If-Range": etag}
        try:
            with connection.stream(Call("GET", path, headers=headers)) as response:
                if received and response.status_code != 206:
                    raise ValueError(f"{path} changed during the download; start again")
                etag = response.headers.get("etag", "")
                for piece in response.iter_bytes():
                    received, lost = received + len(piece), 0
                    yield piece
            return
        except Unreachable:
            lost += 1
            if lost > RETRIES or not (received and etag):
                raise
            time.sleep(FIRST_PAUSE_SECONDS)
