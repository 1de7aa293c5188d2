"""How large the rooms of the house are: lines of a module, modules of a folder."""

from __future__ import annotations

from pathlib import Path

import service
import workers

MOST_LINES = 250
MOST_MODULES = 16
ROOTS = [Path(package.__file__).parent for package in (service, workers)]
MODULES = [path for root in ROOTS for path in root.rglob("*.py")]


def test_no_module_is_longer_than_can_be_read_at_a_sitting() -> None:
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: n for path, n in lines.items() if n > MOST_LINES} == {}


def test_no_folder_has_more_modules_than_can_be_told_apart() -> None:
    folders = {path.parent for path in MODULES}
    modules = {str(folder): [path.name for path in folder.glob("[!_]*.py")] for folder in folders}
    assert {folder: names for folder, names in modules.items() if len(names) > MOST_MODULES} == {}
