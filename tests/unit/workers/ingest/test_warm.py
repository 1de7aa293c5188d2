"""What a worker does before its first upload."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from service.wiring import Deps
from workers.ingest.warm import warm_up

LATE = """
import sys, tempfile
from pathlib import Path
from tests.unit.workers.ingest.reading import LIMITS
from workers.deps import process_deps
from workers.ingest.load import load
from workers.ingest.profiling.profile import profile
from workers.ingest.run import opening
from workers.ingest.warm import warm_up

deps = process_deps()
if sys.argv[1] == "warm":
    warm_up(deps)
before = set(sys.modules)
with tempfile.TemporaryDirectory() as name:
    source = Path(name) / "source"
    for text in ("a,b,c\\n1,x,y\\n" * 2, "a,b\\n1,2.5\\n" * 2, "a,b\\n1,2.5\\n,-3\\n"):
        source.write_text(text)
        loaded = load(opening(deps.settings, Path(name), source), Path(name), source, {}, LIMITS)
        profile(loaded.path, loaded.kinds, loaded.declared, 1000, 2)
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_the_first_file_of_a_warm_process_imports_nothing_more(start: str, deps: Deps) -> None:
    found = subprocess.run(
        [sys.executable, "-c", LATE, start], env=deps.settings.to_environment(os.environ),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (not found.stdout.split()) == (start == "warm"), found.stdout


def test_nothing_of_it_is_kept(deps: Deps) -> None:
    warm_up(deps)
    assert list(deps.blobs.keys(older_than_seconds=-1)) == []
