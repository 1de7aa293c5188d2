"""What the Dockerfile promises of the pages, read from the file: no engine is needed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
STAGES = {
    re.split(r" AS ", part.splitlines()[0])[1].strip(): part
    for part in re.split(r"^FROM ", "\n".join(LINES), flags=re.MULTILINE)[1:]
}
BUILT = "service/dashboard/built"


def test_the_pages_are_built_in_a_stage_of_their_own_from_locked_packages() -> None:
    pages = STAGES["pages"]
    assert "--require-hashes -r /node.txt" in pages
    assert " ci --ignore-scripts" in pages
    assert "openapi.yaml" in pages, "the client of the pages is made from it"


def test_images_take_the_built_files_alone() -> None:
    taken = [line for stage in STAGES.values() for line in stage.splitlines() if "--from=pages" in line]
    assert taken == [f"COPY --from=pages /src/{BUILT} {BUILT}"]
    assert [name for name, stage in STAGES.items() if "node" in stage.lower()] == ["pages"]


def test_what_was_built_outside_stays_outside() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"**/node_modules", BUILT} <= set(ignored)
