"""What the wheel holds of the pages: the files that a browser is sent, and nothing that they were made with or from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service.api.pages import BUILT

ROOT = Path(__file__).parents[4]
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of a wheel's files, built as pip would build it, with what the building leaves kept out of the tree."""
    if not (BUILT / "index.html").exists():
        give_up = pytest.fail if os.environ.get("ADALINE_REQUIRE") == "all" else pytest.skip
        give_up("the pages were not built: make pages")
    tree = tmp_path_factory.mktemp("tree")
    for name in ("service", "workers", "pyproject.toml", "README.md", "LICENSE"):
        (tree / name).symlink_to(ROOT / name)
    done = subprocess.run([sys.executable, "-c", BUILD, "out"], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (tree / "out").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_built_file(wheel: list[str]) -> None:
    built = {f"service/dashboard/built/{path.relative_to(BUILT)}" for path in BUILT.rglob("*") if path.is_file()}
    assert {name for name in wheel if name.startswith("service/dashboard/")} == built


def test_the_wheel_holds_nothing_but_python_and_data_of_it(wheel: list[str]) -> None:
    assert "service/api/pages.py" in wheel
    assert not [name for name in wheel if "node_modules" in name or name.endswith((".ts", ".tsx", "package.json"))]
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"service", "workers", "adaline"}
