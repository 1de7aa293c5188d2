"""The servers that bench-predict asks, each started on a free port with its output in a file, as services have it.

The peers' own virtual environments are made by the Makefile; one that could not be installed is left out, and said so.
All of them, Adaline's API among them, compute with one thread in a request.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import psutil

from service.settings import Settings
from service.supervisor import parts
from tests.benchmarks.bare import FEATURES
from tests.benchmarks.prediction_models import Numbers
from tests.integration.processes import eventually

REPOSITORY = Path(__file__).parents[2]
SAVE_MODELS = Path(__file__).parent / "peers" / "save_models.py"
MODELS = ("linear", "network")
TENSOR = "mlflow tensor"  # MLflow once more, asked in another form
IDLE = 0.02  # of a core


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one server: where it is asked, the body for rows, and the numbers of an answer."""

    system: str
    model: str
    url: str
    body: Callable[[Numbers], bytes]
    numbers: Callable[[Any], list[float]]


def records(rows: Numbers) -> bytes:
    return orjson.dumps({"records": [dict(zip(FEATURES, row, strict=True)) for row in rows.tolist()]})


def inference(rows: Numbers) -> bytes:
    """Of the Open Inference Protocol."""
    tensor = {"name": "rows", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}
    return orjson.dumps({"inputs": [tensor]})


def dataframe_split(rows: Numbers) -> bytes:
    """Of MLflow: columns by name."""
    return orjson.dumps({"dataframe_split": {"columns": FEATURES, "data": rows.tolist()}})


def inputs(rows: Numbers) -> bytes:
    """Of MLflow: a tensor."""
    return orjson.dumps({"inputs": rows.tolist()})


def predictions(answer: Any) -> list[float]:
    return [float(value) for value in answer["predictions"]]


def _outputs(answer: Any) -> list[float]:
    return [float(value) for value in answer["outputs"][0]["data"]]


class Servers:
    """Started one after the other, and ended together; `families` are their first processes, by name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self.families: dict[str, psutil.Process] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def adaline(self, **settings: str) -> str:
        """The whole stack on embedded defaults, but for these ADALINE_… variables; its address."""
        port = free_port()
        command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
        url = f"http://127.0.0.1:{port}"
        environment = {"ADALINE_DATA": str(self._directory / "data"), **settings}
        self._start("adaline", command, environment, f"{url}/readyz", REPOSITORY)
        return url

    def bare(self, models: Path) -> list[Target]:
        """The bare view, behind Adaline's own server with Adaline's own settings."""
        settings = Settings(data=self._directory / "bare", port=free_port())
        program = parts.api(settings)
        environment = {**program.environment, "BARE_MODELS": str(models)}
        url = f"http://{settings.host}:{settings.port}"
        self._start("bare", [*program.command, "tests.benchmarks.bare:app"], environment, url, REPOSITORY)
        return [Target("bare", name, f"{url}/{name}", records, predictions) for name in MODELS]

    def mlserver(self, models: Path) -> list[Target]:
        """Raises OSError or subprocess.SubprocessError where it is not there or does not work."""
        folder = self._saved("mlserver", models)
        ports = {f"MLSERVER_{name}_PORT": str(free_port()) for name in ("HTTP", "GRPC", "METRICS")}
        url = f"http://127.0.0.1:{ports['MLSERVER_HTTP_PORT']}/v2/models"
        self._start("mlserver", [_program("mlserver", "mlserver"), "start", str(folder)], ports, f"{url}/network/ready")
        return [Target("mlserver", name, f"{url}/{name}/infer", inference, _outputs) for name in MODELS]

    def mlflow(self, models: Path) -> list[Target]:
        """A server for each model, for it has one. Raises as `mlserver`."""
        folder = self._saved("mlflow", models)
        targets = []
        for name in MODELS:
            port = free_port()
            serve = ["models", "serve", "-m", str(folder / name), "-h", "127.0.0.1", "-p", str(port)]
            command = [_program("mlflow", "mlflow"), *serve, "--env-manager", "local"]
            url = f"http://127.0.0.1:{port}"
            path = {"PATH": f"{_binaries('mlflow')}:{os.environ['PATH']}"}  # it starts others by their names
            self._start(f"mlflow {name}", command, path, f"{url}/ping")
            for system, body in (("mlflow", dataframe_split), (TENSOR, inputs)):
                targets.append(Target(system, name, f"{url}/invocations", body, predictions))
        return targets

    def trainers(self) -> psutil.Process:
        """The first of Adaline's training processes, whose descendants the others are."""
        family = self.families["adaline"].children(recursive=True)
        return next(one for one in family if "workers" in one.cmdline() and "train" in one.cmdline())

    def settle(self) -> None:
        """Until all of them do nothing. Raises SystemExit with the name of one that goes on."""
        for name, process in self.families.items():
            if not eventually(lambda: _share_of_a_core(process) < IDLE):  # noqa: B023  # asked before the next one
                raise SystemExit(f"{name} computes without being asked, which would slow the others")

    def _saved(self, peer: str, models: Path) -> Path:
        folder = self._directory / peer
        folder.mkdir()
        python = _program(peer, "python")
        subprocess.run(
            [python, SAVE_MODELS, peer, models, folder], cwd=folder, check=True, capture_output=True, text=True
        )
        return folder

    def _start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], ready: str, cwd: Path | None = None
    ) -> None:
        log = self._directory / f"{name}.log"
        process = self._stack.enter_context(_running(command, environment, log, cwd or self._directory))
        self.families[name] = process

        def answers() -> bool:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                raise OSError(f"{name} ended before it answered:\n{log.read_text()[-3000:]}")
            with suppress(httpx.TransportError):
                return httpx.get(ready).status_code in (200, 404)  # the bare view has no page at its root
            return False

        if not eventually(answers):
            raise OSError(f"{name} does not answer at {ready}:\n{log.read_text()[-3000:]}")


def check(target: Target, rows: Numbers, expected: Numbers) -> None:
    """Raises SystemExit when a server answers with other numbers; float32 weights and inputs hold seven digits."""
    answer = httpx.post(target.url, content=target.body(rows), headers={"Content-Type": "application/json"}, timeout=30)
    if not answer.is_success:
        raise SystemExit(f"{target.system} refuses: {answer.status_code} {answer.text[:500]}")
    found = np.array(target.numbers(answer.json()))
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
        raise SystemExit(f"{target.system}, {target.model}: answers {found[:3]}, where {expected[:3]} is right")


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> Iterator[psutil.Process]:
    rest = {name: text for name, text in os.environ.items() if not name.startswith("ADALINE_")}
    chosen = {**rest, **parts.ONE_THREAD, **environment}
    with log.open("wb") as out, subprocess.Popen(command, env=chosen, cwd=cwd, stdout=out, stderr=out) as started:
        process = psutil.Process(started.pid)
        try:
            yield process
        finally:
            with suppress(psutil.NoSuchProcess):
                for one in (*process.children(recursive=True), process):
                    with suppress(psutil.NoSuchProcess):
                        one.kill()


def _share_of_a_core(process: psutil.Process) -> float:
    before = computed(process)
    time.sleep(1)
    return computed(process) - before


def computed(process: psutil.Process) -> float:
    """Seconds that it and its descendants have had of cores."""
    seconds = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(one.cpu_times()[:2])
    return seconds


def _binaries(peer: str) -> Path:
    return Path(sys.executable).parent.parent / f"peers-{peer}" / "bin"


def _program(peer: str, name: str) -> str:
    program = _binaries(peer) / name
    if not program.exists():
        raise OSError(f"{peer} is not installed (make bench-predict installs it where its packages can be had)")
    return str(program)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
