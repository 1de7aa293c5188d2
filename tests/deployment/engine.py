"""A container engine with compose, as the tests and `make stack` use it: Docker, or podman with podman-compose."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 5.0
RESTART_SECONDS = 10.0


@dataclass(slots=True)
class Stack:
    """The compose project of this name, with these variables."""

    engine: str
    compose: Sequence[str]
    project: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str, check: bool = True) -> str:
        """What a compose command prints. Raises RuntimeError with it, where the command fails."""
        return _output([*self.compose, "-p", self.project, *words], check, dict(self.environment))

    def ask(self, *words: str, check: bool = True) -> str:
        """What a command of the engine prints."""
        return _output([self.engine, *words], check)

    def containers(self, service: str = "") -> list[str]:
        """The names of the containers, of one service or of all, that are there."""
        label = f"label=com.docker.compose.project={self.project}"
        names = self.ask("ps", "-a", "--filter", label, "--format", "{{.Names}}").split()
        pattern = re.compile(rf"{re.escape(self.project)}[-_]{re.escape(service)}[-_]\d+")
        return sorted(name for name in names if not service or pattern.fullmatch(name))

    def kill(self, container: str) -> None:
        """End its first process as a lost machine would: at once, and not as an operator who wants it stopped. It is
        started again by its restart policy; where the engine does not (podman, where a dependency has ended), by hand.
        """
        before = self._pid(container)
        try:
            os.kill(before, 9)
        except (ProcessLookupError, PermissionError):  # the engine's machine is another one
            self.ask("kill", container)
        deadline = time.monotonic() + RESTART_SECONDS
        while self._pid(container) in (0, before) and time.monotonic() < deadline:
            time.sleep(0.5)
        if self._pid(container) in (0, before):
            self.ask("start", container)

    def _pid(self, container: str) -> int:
        """0 while it does not run."""
        return int(self.ask("inspect", "--format", "{{.State.Pid}}", container))

    def health(self) -> dict[str, str]:
        """What the health check of each container last said."""
        found = json.loads(self.ask("inspect", *self.containers()) or "[]")
        said = {one["Name"].lstrip("/"): one["State"].get("Health", {}).get("Status") for one in found}
        return {name: status or "none" for name, status in said.items()}

    @contextlib.contextmanager
    def pulse(self) -> Iterator[None]:
        """Run the health checks while this lasts, for an engine that has no timer for them (podman without systemd)."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(LOOK_SECONDS):
                for name in self.containers():
                    self.ask("healthcheck", "run", name, check=False)

        beside = threading.Thread(target=look, daemon=True)
        if self.engine == "podman":
            beside.start()
        try:
            yield
        finally:
            ended.set()
            if beside.is_alive():
                beside.join()


def found_engine() -> tuple[str, list[str]] | None:
    """The engine's and compose's commands, where both are installed."""
    asked = ["docker", "compose", "version"]
    if shutil.which("docker") and subprocess.run(asked, check=False, capture_output=True).returncode == 0:
        return "docker", ["docker", "compose"]
    if shutil.which("podman") and (compose := shutil.which("podman-compose")):
        return "podman", [compose]
    return None


def _output(command: Sequence[str], check: bool, environment: Mapping[str, str] | None = None) -> str:
    merged = os.environ | dict(environment or {})
    done = subprocess.run(command, cwd=ROOT, env=merged, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout
