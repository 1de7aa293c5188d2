"""What the documentation and the code's comments name is there: files by their path, modules by their dotted name."""

from __future__ import annotations

import pkgutil
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parents[4]
TOLD = subprocess.run(["git", "ls-files"], cwd=HERE, capture_output=True, text=True, check=True).stdout.split()
FILES = re.compile(r"(?<![\w/.])((?:service|workers|tests)/[\w/]+\.\w+)")
MODULES = re.compile(r"`((?:service|workers)(?:\.[a-z_0-9]+)+)`")
EXAMPLES = {"tests/unit/a/test_b.py", "service/a/b.py", "tests/unit/workers/a/test_b.py", "workers/a/b.py"}
THEN = "CHANGELOG.md"  # tells what was


def _texts() -> dict[str, str]:
    paths = [name for name in TOLD if name.endswith((".py", ".md", "Makefile", ".toml")) and name != THEN]
    return {name: (HERE / name).read_text() for name in paths if (HERE / name).exists()}


def test_files_that_are_named_exist() -> None:
    missing = {
        (name, path)
        for name, text in _texts().items()
        for path in FILES.findall(text)
        if path not in EXAMPLES and not (HERE / path).exists()
    }
    assert not missing


def test_modules_that_are_named_exist() -> None:
    missing = {
        (name, module) for name, text in _texts().items() for module in MODULES.findall(text) if not _is_there(module)
    }
    assert not missing


def _is_there(named: str) -> bool:
    """Whether it is a module, or something that a module has."""
    try:
        pkgutil.resolve_name(named)
    except (ImportError, AttributeError):
        return False
    return True
