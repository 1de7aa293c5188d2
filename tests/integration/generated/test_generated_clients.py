"""Clients that others' generators make of openapi.yaml: each uploads, trains and predicts on a running stack."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import price
from tests.integration.generated import tools

EXPECTED = pytest.approx([price(4, True, "Nice")], rel=1e-3)


def check(told: str) -> None:
    """What a program said of its job, its prediction and, in Python, of a report and an error."""
    said: dict[str, Any] = json.loads(told)
    assert said["state"] == "succeeded"
    assert said["predictions"] == EXPECTED
    if "explained" in said:
        assert said["explained"] >= 3
        assert said["code"] == "job_not_found"


def test_python_client_of_openapi_generator(server_url: str, houses: Path, tmp_path: Path) -> None:
    tools.generate("python", tmp_path)
    program = tools.PROGRAMS / "openapi_generator.py"
    check(tools.run([sys.executable, program, server_url, houses.read_text()], path=tmp_path))


def test_openapi_python_client(server_url: str, houses: Path, tmp_path: Path) -> None:
    python = tools.python_of_openapi_python_client()
    generator = python.parent / "openapi-python-client"
    command = [generator, "generate", "--path", tools.DOCUMENT, "--output-path", tmp_path / "made", "--meta", "none"]
    told = tools.run(command, tmp_path)
    # it knows no bodies but JSON, forms and octets; nothing else may be left out
    assert "Failure to process schema" not in told
    warned = re.findall(r"^WARNING parsing .*\n\n(.*)$", told, re.MULTILINE)
    assert {line.split(" content type ")[0] for line in warned} <= {"Unsupported"}
    program = tools.PROGRAMS / "openapi_python_client.py"
    check(tools.run([python, program, server_url, houses.read_text()], path=tmp_path))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both clients in TypeScript, and a program for each, through the compiler's strict checks."""
    folder = tmp_path_factory.mktemp("typescript")
    modules = tools.node_modules()
    (folder / "node_modules").symlink_to(modules)
    for file in (*tools.PROGRAMS.glob("*.ts"), tools.PROGRAMS / "tsconfig.json"):
        shutil.copy(file, folder)
    tools.run([tools.NODE, modules / "openapi-typescript/bin/cli.js", tools.DOCUMENT, "-o", folder / "schema.ts"])
    tools.generate("typescript-fetch", folder / "typescript-fetch")
    tools.run([tools.NODE, modules / "typescript/bin/tsc", "-p", folder])
    return folder / "built"


@pytest.mark.parametrize("program", ["openapi_fetch", "typescript_fetch"])
def test_client_in_typescript(program: str, compiled: Path, server_url: str, houses: Path) -> None:
    check(tools.run([tools.NODE, compiled / f"{program}.js", server_url, houses.read_text()]))
