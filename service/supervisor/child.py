"""One process under supervision: started in a group of its own, ended politely and then for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.supervisor.parent import tie_to
from service.supervisor.relay import OutputSource, Relay


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, under which name in the log."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    hidden: Sequence[str] = ()  # a line that holds one of these is not worth a place in the log


class Child:
    """A program's present process. After `start`, `reap` is to be called whenever SIGCHLD has come."""

    def __init__(self, program: Program, relay: Relay) -> None:
        self.program = program
        self.proved = False  # it has answered, or lived long enough to show that it can
        self._relay = relay
        self._tie = tie_to(os.getpid())
        self._process: subprocess.Popen[bytes] | None = None
        self._source: OutputSource | None = None
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def last_lines(self) -> list[str]:
        """What it said last."""
        return list(self._source.last_lines) if self._source else []

    def start(self) -> None:
        """Raises OSError or subprocess.SubprocessError when no process can be made.

        To be called in the main thread, and with no other running: the kernel takes the end of the thread that forked
        for the parent's, and the tie is Python code between fork and exec.
        """
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                self.program.command,
                env=self.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches the supervisor alone, which ends all in order
                preexec_fn=self._tie,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._source = self._relay.attach(self.name, reading, self.program.hidden)
        self._ended.clear()

    def reap(self) -> None:
        """Notice an end: what is left of the group is killed, and the log read out."""
        if self._process is None or self._ended.is_set() or self._process.poll() is None:
            return
        # the number cannot have been given to others while a process of the group lives
        self.kill()
        if self._source is not None:
            self._relay.detach(self._source)
        self._ended.set()

    async def ended(self) -> int:
        """The exit code, once there is one; a signal's is negative, as in `subprocess`."""
        await self._ended.wait()
        return self._process.returncode if self._process is not None else 0

    async def stop(self, seconds: float, hurry: asyncio.Event) -> None:
        """SIGTERM, and SIGKILL when it is not gone after `seconds` or when `hurry` is set."""
        if self._process is None or self._ended.is_set():
            return
        self._process.terminate()  # the leader only: it knows in which order its own end
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._ended, hurry)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        if not self._ended.is_set():
            why = "as requested" if hurry.is_set() else f"since it did not stop within {seconds:g} s"
            self._relay.say(f"{self.name} was killed, {why}", level="warning", child=self.name)
            self.kill()
            await self._ended.wait()

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self._process is not None and not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def describe(code: int) -> str:
    """An exit code in words: `exit code 3`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # a real-time signal
        return f"signal {-code}"
