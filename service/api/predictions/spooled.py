"""Answers that begin before they are whole: what is made beyond what the client takes waits on the disk.

A client that sends everything before it reads anything would wait for ever on a server that stops reading until its
answer is taken. Here the body is read on by a thread, whatever the client takes; also when the answer has broken off,
for otherwise it would never see why.

Browsers are such clients: a fetch is half duplex (https://fetch.spec.whatwg.org/#dom-requestinit-duplex). Nothing is
sent to them before all is read, or the kernel would cut off, after some seconds, who takes nothing of what was sent.
"""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import IO

from flask import Request, Response, g
from werkzeug.exceptions import ClientDisconnected

from service.api.context import context
from service.api.files import CROWDED
from service.errors import TooManyAnswers
from service.settings import MIB

BEGIN_BYTES = MIB  # what is wrong before so much of an answer is made has a status of its own
IN_MEMORY_BYTES = MIB
TAKEN_BYTES = 128 * 1024  # from the disk at once


def streamed(
    pieces: Generator[bytes], broken: Callable[[Exception], bytes], media_type: str, request: Request
) -> Response:
    """The answer of these pieces, made from the request's body: whole with its length when it is short, else begun once
    it is known to begin well.

    What is raised before that is raised here. Later, `broken` logs it and makes the end of an answer that no client
    takes for whole; see `service.api.predictions.breaking`.
    """
    begun: list[bytes] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size >= BEGIN_BYTES:
            break
    else:
        return Response(b"".join(begun), mimetype=media_type)
    release = context().sending.take(TooManyAnswers(CROWDED))
    g.body_is_read_on = True
    answer = Response(Spooled(begun, pieces, broken, request.stream, _is_browsers(request)), mimetype=media_type)
    answer.call_on_close(release)
    return answer


def _is_browsers(request: Request) -> bool:
    """Browsers name the page's origin in every POST; other clients have none."""
    return "Origin" in request.headers


class Spooled:
    """The bytes of an answer, made by a thread. `close` ends the thread and frees all that waits."""

    def __init__(
        self,
        begun: list[bytes],
        rest: Generator[bytes],
        broken: Callable[[Exception], bytes],
        body: IO[bytes],
        is_held: bool,
    ) -> None:
        self._rest = rest
        self._broken = broken
        self._body = body
        self._is_held = is_held  # nothing is given before all is made
        self._changed = threading.Condition()
        self._waiting = deque(begun)
        self._in_memory = sum(map(len, begun))
        self._file: IO[bytes] | None = None
        self._on_disk = (0, 0)  # from where to where
        self._is_ended = self._is_closed = False
        context = copy_context()
        threading.Thread(target=context.run, args=(self._make,), name="answer", daemon=True).start()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._changed:
            while not self._is_ended and (self._is_held or self._is_empty()):
                self._changed.wait()
            if self._waiting:
                piece = self._waiting.popleft()
                self._in_memory -= len(piece)
                return piece
            start, end = self._on_disk
            if self._file is None or start == end:
                self._free()
                raise StopIteration
            self._file.seek(start)
            piece = self._file.read(min(TAKEN_BYTES, end - start))
            self._on_disk = (start + len(piece), end)
            if self._on_disk[0] == end:  # all is taken: the room on the disk is free again
                self._file.seek(0)
                self._file.truncate()
                self._on_disk = (0, 0)
            return piece

    def _is_empty(self) -> bool:
        return not self._waiting and self._on_disk[0] == self._on_disk[1]

    def close(self) -> None:
        """Nobody takes any more."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._free()
            self._on_disk = (0, 0)

    def _free(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _make(self) -> None:
        try:
            for piece in self._rest:
                if not self._put(piece):
                    return
        except Exception as error:  # noqa: BLE001  # it is logged, and ends the answer
            if not self._is_closed:
                self._put_last(self._broken(error))
                self._read_on()
        finally:
            self._rest.close()
            with self._changed:
                self._is_ended = True
                self._changed.notify_all()

    def _read_on(self) -> None:
        """Take in what is still to come, as fast as it must, while the client is there."""
        with suppress(ClientDisconnected, OSError):
            while not self._is_closed and self._body.read(TAKEN_BYTES):
                pass

    def _put_last(self, piece: bytes) -> None:
        """In memory: the disk may be what failed."""
        with self._changed:
            start, end = self._on_disk
            if self._file is not None and start < end:
                self._file.seek(start)
                self._waiting.append(self._file.read(end - start))
                self._on_disk = (0, 0)
            self._waiting.append(piece)
            self._changed.notify_all()

    def _put(self, piece: bytes) -> bool:
        """Whether anybody still waits for it."""
        with self._changed:
            if self._is_closed:
                return False
            if self._on_disk[0] == self._on_disk[1] and self._in_memory < IN_MEMORY_BYTES:
                self._waiting.append(piece)
                self._in_memory += len(piece)
            else:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(prefix="adaline-answer-")  # noqa: SIM115  # see close
                self._file.seek(self._on_disk[1])
                self._file.write(piece)
                self._on_disk = (self._on_disk[0], self._on_disk[1] + len(piece))
            self._changed.notify_all()
            return True
