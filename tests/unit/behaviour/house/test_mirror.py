"""Where a test lies says what it tests: a module of the same path, or a behaviour that several modules make. Tests of
the pages, in whatever folder of tests/unit/dashboard, are named for a TypeScript module or a folder of such."""

from __future__ import annotations

from pathlib import Path

UNIT = Path(__file__).parents[2]
REPOSITORY = UNIT.parents[1]
PAGES = REPOSITORY / "service" / "dashboard" / "src"


def place_of(test: Path) -> Path:
    """`service/a/b` of tests/unit/a/test_b.py, `workers/a/b` of tests/unit/workers/a/test_b.py."""
    *folders, name = test.relative_to(UNIT).parts
    package = () if folders[:1] == ["workers"] else ("service",)
    return REPOSITORY.joinpath(*package, *folders, name.removeprefix("test_").removesuffix(".py"))


def _is_of_pages(place: Path) -> bool:
    return place.is_relative_to(PAGES.parent)


def test_every_unit_test_is_named_for_the_module_or_the_package_that_it_tests() -> None:
    tests = [path for path in UNIT.rglob("test_*.py") if UNIT / "behaviour" not in path.parents]
    places = {str(path.relative_to(REPOSITORY)): place_of(path) for path in tests}
    assert len(places) > 100
    of_pages = {path.stem for path in PAGES.rglob("*")}
    gone = [
        test
        for test, it in places.items()
        if not it.with_suffix(".py").is_file() and not it.is_dir() and not (_is_of_pages(it) and it.name in of_pages)
    ]
    assert gone == [], "no such module: rename the test with what it tests, or move it to tests/unit/behaviour"
