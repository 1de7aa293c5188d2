"""The stack of docker-compose.yml, built and brought up, where a container engine is installed.

Without docker compose or podman-compose on the PATH this is skipped: a machine need not have an engine. One that is
there but cannot build or start the stack fails the test. `make stack` kills every part in turn, here it is one trainer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment.engine import found_engine
from tests.deployment.proof import client_of, disturbed, new_stack, undisturbed, up

EPOCHS = 1000


@pytest.mark.skipif(found_engine() is None, reason="no container engine with compose on the PATH")
def test_training_outlives_its_container(tmp_path: Path) -> None:
    engine = found_engine()
    assert engine is not None
    stack = new_stack(*engine, project="adaline-test")
    try:
        with stack.pulse():
            up(stack, built=False)
            with client_of(stack) as client:
                dataset, reference = undisturbed(client, tmp_path, EPOCHS)
                disturbed(stack, client, dataset, "worker-cpu", EPOCHS, reference)
            assert set(stack.health().values()) <= {"healthy", "none"}
            assert "broken" not in stack.run("run", "--rm", "doctor", "adaline", "doctor", "--json", check=False)
    finally:
        stack.run("down", "--volumes", check=False)
