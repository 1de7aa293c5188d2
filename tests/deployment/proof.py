"""What `make stack` runs: the compose stack built and brought up, used as in the demo, and each container of it killed
in the middle of a training. Nothing may be lost: every training ends in the bits of one that nobody disturbed.

    make stack STACK="--built --keep"       images that are there are taken, and the stack stays up
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.cli.showing.rendering import console
from service.client import Client, ClientError
from tests.demo import TARGET, demonstrate, diabetes, step, write_csv
from tests.deployment.engine import Stack, found_engine

START_SECONDS, JOB_SECONDS = 300.0, 300.0
KILLED = ("worker-cpu", "redis", "postgres", "api", "sweeper", "ingest", "short")
LONG: dict[str, Any] = {
    "network": {"kind": "mlp", "hidden": [64, 64]},
    "optimizer": {"kind": "adam", "learning_rate": 0.0001},
    "schedule": "constant",
    "batch_size": 8,
    "early_stopping": None,
    "refit": "never",
}
QUESTION = [{"age": 59, "sex": 2, "bmi": 32.1, "blood_pressure": 101, "cholesterol": 157, "ldl": 93.2, "hdl": 38,
             "cholesterol_ratio": 4, "log_triglycerides": 4.8598, "glucose": 87}]  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="make stack", description=__doc__)
    parser.add_argument("--built", action="store_true", help="take the images that are there")
    parser.add_argument("--keep", action="store_true", help="leave the stack up")
    parser.add_argument("--epochs", type=int, default=4000, help="of the trainings that are disturbed")
    parser.add_argument("--kill", default=",".join(KILLED), help="services, comma-separated")
    asked = parser.parse_args(arguments)
    engine = found_engine()
    if engine is None:
        sys.stderr.write("neither docker compose nor podman-compose is installed\n")
        return 2
    stack = new_stack(*engine)
    told = console()
    try:
        with stack.pulse():
            up(stack, asked.built)
            with client_of(stack) as client, tempfile.TemporaryDirectory() as directory:
                step(told, f"The stack is up: {json.dumps(stack.health())}")
                demonstrate(client, Path(directory), told)
                dataset, reference = undisturbed(client, Path(directory), asked.epochs)
                step(told, f"An undisturbed training of {asked.epochs} epochs predicts {reference}")
                for service in asked.kill.split(","):
                    told.print(disturbed(stack, client, dataset, service, asked.epochs, reference))
        return 0
    finally:
        if not asked.keep:
            stack.run("down", "--volumes", check=False)


def new_stack(engine: str, compose: Sequence[str], project: str = "adaline-proof") -> Stack:
    """A stack on a free port, of its own name."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return Stack(engine, compose, project, {"ADALINE_PORT": str(port)})


def up(stack: Stack, built: bool) -> None:
    """Build and start it, until it serves and works. Raises RuntimeError."""
    if not built:
        options = ["--podman-build-args=--network=host"] if stack.engine == "podman" else []
        stack.run(*options, "build")
    stack.run("up", "-d")
    until(lambda: ready(stack) == "ok", START_SECONDS, lambda: f"the stack is {ready(stack)}: {stack.health()}")


def ready(stack: Stack) -> str:
    """What /readyz says."""
    try:
        with urllib.request.urlopen(f"{url_of(stack)}/readyz", timeout=10) as answer:
            return str(json.load(answer)["status"])
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except (OSError, ValueError) as error:
        return str(error)


def client_of(stack: Stack) -> Client:
    """A client with the first key of the stack."""
    key = re.search(r"adl_\w+", stack.run("exec", "-T", "api", "cat", "/data/first-key", check=False))
    return Client(url_of(stack), headers={"Authorization": f"Bearer {key[0]}"} if key else None)


def url_of(stack: Stack) -> str:
    return f"http://127.0.0.1:{stack.environment['ADALINE_PORT']}"


def undisturbed(client: Client, directory: Path, epochs: int) -> tuple[str, Any]:
    """A dataset, and what the model says of it whose training nobody disturbed."""
    file = directory / "all.csv"
    write_csv(file, diabetes())
    dataset = client.upload(file)
    job = client.train(dataset, TARGET, "reference", wait=False, epochs=epochs, **LONG)
    client.wait(job.id)
    return dataset.id, client.predict("reference", QUESTION)


def disturbed(stack: Stack, client: Client, dataset: str, service: str, epochs: int, reference: Any) -> str:
    """Kill the service's container while a training runs; what happened. Raises AssertionError if anything is lost."""
    model = f"without-{service}"
    job = client.train(dataset, TARGET, model, wait=False, epochs=epochs, **LONG)
    until(lambda: (client.job(job.id).progress or {}).get("epoch", 0) > 0, JOB_SECONDS, lambda: "no epoch has ended")
    before = client.job(job.id)
    began = time.monotonic()
    for name in stack.containers(service):
        stack.kill(name)
    until(lambda: answered(client, job.id).is_terminal, JOB_SECONDS, lambda: f"{service}: the training does not end")
    after = answered(client, job.id)
    assert after.state == "succeeded", (service, after)
    until(lambda: ready(stack) == "ok", START_SECONDS, lambda: f"{service}: the stack is {ready(stack)}")
    said = client.predict(model, QUESTION)
    assert said == reference, (service, said, reference)
    seconds = time.monotonic() - began
    return (
        f"{service}: killed in epoch {(before.progress or {}).get('epoch')} of {epochs}; the training succeeded "
        f"{seconds:.0f} s later, and predicts the same bits"
    )


def answered(client: Client, id: str) -> Any:
    """The job, once the API answers again."""
    until(lambda: reached(client, id), START_SECONDS, lambda: "the API does not answer")
    return client.job(id)


def reached(client: Client, id: str) -> bool:
    try:
        client.job(id)
    except ClientError:
        return False
    return True


def until(true: Any, seconds: float, what: Any) -> None:
    """Wait until it is true. Raises RuntimeError, with `what` is the case instead."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(what())
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
