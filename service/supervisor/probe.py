"""Does it answer yet? Questions to a process that is starting, asked again until the answer is yes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from service.supervisor.address import Address

ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.03


async def valkey_answers(socket: Path) -> None:
    """Return as soon as the server behind the unix socket answers a PING."""
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(socket))
                try:
                    writer.write(b"PING\r\n")
                    if (await reader.readline()).startswith(b"+PONG"):
                        return
                finally:
                    writer.close()
        except OSError:  # TimeoutError is one too
            pass
        await asyncio.sleep(PAUSE_SECONDS)  # nothing tells when a socket begins to be listened to


async def api_answers(address: Address, path: str = "/readyz") -> None:
    """Return as soon as `GET path` is answered with 200. An accepted question waits for its answer, unrepeated."""
    question = f"GET {path} HTTP/1.1\r\nHost: {address.reached_at}\r\nConnection: close\r\n\r\n".encode()
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                # an address by number: a name would be looked up in a thread, and children are forked from this process
                reader, writer = await asyncio.open_connection(address.reached_at, address.port)
                try:
                    writer.write(question)
                    if (await reader.readline()).split()[1:2] == [b"200"]:
                        return
                finally:
                    writer.close()
        except OSError:
            pass
        await asyncio.sleep(PAUSE_SECONDS)
