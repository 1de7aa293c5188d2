"""One log of many processes: whole lines, each with the name of its source, none of which can hold up another.

Everything happens in the event loop, without threads. A reader of the log that is slow makes the children wait, as
a pipe would; it never makes the supervisor wait, and an end is not held up by it: what it does not take is dropped.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

READ_BYTES = 65_536
WRITE_BYTES = select.PIPE_BUF  # a pipe that can be written takes so much without blocking
FULL_BYTES = 1024 * 1024  # unwritten log beyond which the children have to wait
LONGEST_LINE_BYTES = 65_536
LAST_LINES = 20
PIPE_READS = 16  # a pipe holds at most 1 MiB (pipe(7)): what a process that is gone can have left
FLUSH_SECONDS = 1.0

LogForm = Literal["console", "json"]
Level = Literal["info", "warning", "error"]

OWN_NAME = "adaline"
NAME_WIDTH = 8
COLOURS = {OWN_NAME: 36, "api": 32, "train": 35, "ingest": 34, "sweeper": 33, "valkey": 90}  # ECMA-48 SGR


@dataclass(slots=True, eq=False)
class OutputSource:
    """The reading end of one process's output."""

    name: str
    descriptor: int
    hidden: Sequence[str] = ()
    begun: bytearray = field(default_factory=bytearray)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


class Relay:
    """Lines from children and from the supervisor itself to one descriptor. To be made inside the event loop."""

    def __init__(self, out: int, form: LogForm, *, colour: bool) -> None:
        self._out = out
        self._form = form
        self._colour = colour
        self._loop = asyncio.get_running_loop()
        self._unwritten = bytearray()
        self._sources: set[OutputSource] = set()
        self._paused = False
        self._ending = False
        self._waits = True  # until the descriptor turns out to be a file, which is always ready
        self._gone = False

    def attach(self, name: str, descriptor: int, hidden: Sequence[str] = ()) -> OutputSource:
        """Take over a pipe's reading end, until `detach`. Lines that hold one of `hidden` are left out."""
        os.set_blocking(descriptor, False)
        source = OutputSource(name, descriptor, hidden)
        self._sources.add(source)
        if not self._paused:
            self._loop.add_reader(descriptor, self._read, source)
        return source

    def detach(self, source: OutputSource) -> None:
        """Take what is left in the pipe, and close it."""
        for _ in range(PIPE_READS):
            if source not in self._sources:
                return
            try:
                self._take(source, os.read(source.descriptor, READ_BYTES))
            except BlockingIOError:  # empty, but held open by a process that left its parent
                break
        self._take(source, b"")

    def say(self, event: str, *, level: Level = "info", **facts: str | int) -> None:
        """A line of the supervisor's own."""
        if self._form == "json":
            now = datetime.now(UTC).isoformat()
            self._write(_json({"event": event, **facts, "level": level, "source": OWN_NAME, "timestamp": now}))
        else:
            self._write(self._prefixed(OWN_NAME, event))

    def end(self) -> None:
        """From now on nobody waits for the reader of the log: what it is too slow for is dropped."""
        self._ending = True
        self._resume()

    def flush(self) -> None:
        """Write what is still unwritten, for at most FLUSH_SECONDS."""
        self._loop.remove_writer(self._out)
        deadline = self._loop.time() + FLUSH_SECONDS
        writable = select.poll()
        writable.register(self._out, select.POLLOUT)
        while self._unwritten and writable.poll(max(0.0, deadline - self._loop.time()) * 1000):
            self._write_some()

    def _read(self, source: OutputSource) -> None:
        try:
            data = os.read(source.descriptor, READ_BYTES)
        except BlockingIOError:
            return
        self._take(source, data)

    def _take(self, source: OutputSource, data: bytes) -> None:
        source.begun += data
        *lines, source.begun = source.begun.split(b"\n")
        if not data or len(source.begun) > LONGEST_LINE_BYTES:
            lines.append(source.begun)
            source.begun = bytearray()
        shown = bytearray()
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if text and not any(words in text for words in source.hidden):
                source.last_lines.append(text)
                shown += self._line(source.name, text)
        if shown:
            self._write(shown)
        if not data:
            self._close(source)

    def _close(self, source: OutputSource) -> None:
        if source in self._sources:
            self._sources.discard(source)
            self._loop.remove_reader(source.descriptor)
            os.close(source.descriptor)

    def _line(self, name: str, text: str) -> bytes:
        if self._form == "console":
            return self._prefixed(name, text)
        if text.startswith("{"):
            return text.encode() + b"\n"
        return _json({"event": text, "source": name})  # so that every line of the log is JSON

    def _prefixed(self, name: str, text: str) -> bytes:
        prefix = f"{name:<{NAME_WIDTH}}|"
        if self._colour:
            prefix = f"\x1b[{COLOURS.get(name, 0)}m{prefix}\x1b[0m"
        return f"{prefix} {text}\n".encode()

    def _write(self, lines: bytes | bytearray) -> None:
        if self._gone or (self._ending and len(self._unwritten) > FULL_BYTES):
            return
        self._unwritten += lines
        if self._waits:
            try:
                self._loop.add_writer(self._out, self._write_some)
            except PermissionError:  # epoll refuses what is always ready: a regular file, /dev/null
                self._waits = False
        while self._unwritten and not self._waits:
            self._write_some()
        if len(self._unwritten) > FULL_BYTES and not self._ending:
            self._paused = True
            for source in self._sources:
                self._loop.remove_reader(source.descriptor)

    def _write_some(self) -> None:
        try:
            written = os.write(self._out, self._unwritten[:WRITE_BYTES])
            del self._unwritten[:written]
        except BlockingIOError:  # whoever shares the descriptor has made it non-blocking
            return
        except OSError:  # the terminal or the pipe is gone: there is nobody left to tell, the service goes on
            self._gone = True
            self._unwritten.clear()
        if not self._unwritten and self._waits:
            self._loop.remove_writer(self._out)
        if len(self._unwritten) <= FULL_BYTES // 2:
            self._resume()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            for source in self._sources:
                self._loop.add_reader(source.descriptor, self._read, source)


def _json(record: dict[str, str | int]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
