"""How large the rooms of the house are: lines of a module, modules of a folder."""

from __future__ import annotations

import importlib
from pathlib import Path

import service
import workers

MOST_LINES = 250
MOST_MODULES = 16
STORIES = ("workers.jobs.train", "workers.training.loop")
MOST_LINES_OF_A_STORY = 120
ROOTS = [Path(package.__file__).parent for package in (service, workers)]
MODULES = [path for root in ROOTS for path in root.rglob("*.py")]


def test_no_module_is_longer_than_can_be_read_at_a_sitting() -> None:
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: n for path, n in lines.items() if n > MOST_LINES} == {}


def test_the_stories_that_a_newcomer_reads_first_are_short() -> None:
    texts = {name: Path(importlib.import_module(name).__file__ or "").read_text(encoding="utf-8") for name in STORIES}
    assert {name for name, text in texts.items() if len(text.splitlines()) > MOST_LINES_OF_A_STORY} == set()


def test_no_folder_has_more_modules_than_can_be_told_apart() -> None:
    folders = {path.parent for path in MODULES}
    modules = {str(folder): [path.name for path in folder.glob("[!_]*.py")] for folder in folders}
    assert {folder: names for folder, names in modules.items() if len(names) > MOST_MODULES} == {}
