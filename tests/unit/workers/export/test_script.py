"""The file that users get is whole: nothing in it is of Adaline's modules, and no name is left undefined."""

from __future__ import annotations

import subprocess
import sys

from workers.export.script import script


def test_it_has_no_undefined_name_and_no_import_that_is_not_used() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I", "--line-length", "120", "-"]
    done = subprocess.run(command, input=script(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout.decode()


def test_it_imports_nothing_of_adaline() -> None:
    lines = script().decode().splitlines()
    assert not [line for line in lines if line.startswith(("import ", "from ")) and "workers" in line]
    assert sum(line == "from __future__ import annotations" for line in lines) == 1
