"""The life of all children together: begin in order, bring back what dies, end in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from service.supervisor.child import Child, describe
from service.supervisor.relay import Relay

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0  # who has lived so long starts again without a pause held against it
PROOF_SECONDS = 10.0  # who has lived so long can live; its later deaths are accidents
UNPROVED_DEATHS = 5
BROKER_SECONDS = 15.0
PATIENCE_SECONDS = 30.0
HEAD_START_SECONDS = 2.0

Question = Callable[[], Coroutine[Any, Any, None]]

FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)


class Stack:
    """A broker if there is one of our own, then the API and the workers; the other way round at the end."""

    def __init__(
        self, *, broker: Child | None, api: Child, workers: Sequence[Child], relay: Relay, stop_seconds: float
    ) -> None:
        self._broker = broker
        self._api = api
        self._workers = list(workers)
        self._relay = relay
        self._stop_seconds = stop_seconds
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._code = 0

    async def run(self, broker_answers: Question, api_answers: Question, greeting: str) -> int:
        """Until SIGINT, SIGTERM or SIGHUP, or a child that cannot live. The exit code: 0, or 1 for the latter."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
                loop.add_signal_handler(number, self._asked_to_stop)
        try:
            async with asyncio.TaskGroup() as tasks:
                beginning = tasks.create_task(self._begin(tasks, broker_answers, api_answers, greeting))
                await self._stop.wait()
                beginning.cancel()
                await self._end()
        finally:
            for child in self._children():  # nobody is left, unless an error of our own brought us here
                child.kill()
            self._relay.flush()
        return self._code

    async def _begin(
        self, tasks: asyncio.TaskGroup, broker_answers: Question, api_answers: Question, greeting: str
    ) -> None:
        if self._broker is not None:
            tasks.create_task(self._keep(self._broker))
            try:
                await asyncio.wait_for(broker_answers(), BROKER_SECONDS)
            except TimeoutError:
                self._give_up(self._broker, f"it did not answer within {BROKER_SECONDS:g} s")
                return
            self._broker.proved = True
        tasks.create_task(self._keep(self._api))
        ready = tasks.create_task(self._greet(api_answers, greeting))
        # the API's start and the workers' would double each other's time on few cores; people wait for the API
        try:
            await asyncio.wait({ready}, timeout=HEAD_START_SECONDS)
            for child in self._workers:
                tasks.create_task(self._keep(child))
            await ready
        finally:
            ready.cancel()

    async def _greet(self, api_answers: Question, greeting: str) -> None:
        """Say where Adaline listens, once it answers there."""
        slow = partial(self._relay.say, f"not ready after {PATIENCE_SECONDS:g} s; still waiting", level="warning")
        impatience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, slow)
        try:
            await api_answers()
        finally:
            impatience.cancel()
        self._api.proved = True
        self._relay.say(greeting)

    async def _keep(self, child: Child) -> None:
        """Start a child, and again whenever it dies."""
        loop = asyncio.get_running_loop()
        pause_seconds = FIRST_PAUSE_SECONDS
        unproved_deaths = 0
        while not self._stop.is_set():
            born = loop.time()
            try:
                child.start()
                code = await child.ended()
                how = f"ended with {describe(code)}"
            except (OSError, subprocess.SubprocessError) as error:  # no such program, no memory for a process
                code, how = 1, f"cannot be started: {error}"
            if self._stop.is_set():
                return
            lived_seconds = loop.time() - born
            child.proved = child.proved or lived_seconds >= PROOF_SECONDS
            if not child.proved and code not in FROM_OUTSIDE:
                unproved_deaths += 1
            if unproved_deaths >= UNPROVED_DEATHS and not child.proved:
                self._give_up(child, f"it {how}, {unproved_deaths} times in a row")
                return
            if lived_seconds >= STEADY_SECONDS:
                pause_seconds = FIRST_PAUSE_SECONDS
            self._relay.say(
                f"{child.name} {how}; restarting in {pause_seconds:.1f} s", level="warning", child=child.name
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    async def _end(self) -> None:
        """The API first, so that nothing new comes in; the broker last, since the workers give jobs back through it."""
        self._relay.end()
        for together in ([self._api], self._workers, [self._broker] if self._broker else []):
            await asyncio.gather(*(child.stop(self._stop_seconds, self._hurry) for child in together))

    def _give_up(self, child: Child, why: str) -> None:
        """A child that never lived ends everything: an installation that cannot work should say so, not spin."""
        self._code = 1
        self._stop.set()
        self._relay.say(f"{child.name} cannot run: {why}. Its last lines:", level="error", child=child.name)
        for line in child.last_lines:
            self._relay.say(f"    {line}", level="error", child=child.name)

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        else:
            self._relay.say("stopping; press Ctrl-C again to kill")
            self._stop.set()

    def _reap(self) -> None:
        for child in self._children():
            child.reap()

    def _children(self) -> list[Child]:
        return [*([self._broker] if self._broker else []), self._api, *self._workers]
