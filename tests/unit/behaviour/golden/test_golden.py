"""What runs give, and what the house shows, is as it was recorded: to the bit on the machine of the record, else in
form and, but for rounding, in its figures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from service.api.app import bare_app, create_app
from service.settings import Settings
from service.wiring import wire
from tests.unit.behaviour.golden import book
from tests.unit.behaviour.golden.house import PARTS
from tests.unit.behaviour.golden.machine import fingerprint
from tests.unit.behaviour.golden.marks import marks_of, marks_of_dataset
from tests.unit.behaviour.golden.running import House
from tests.unit.behaviour.golden.specs import BATCHES, COMPARISONS, RUNS
from tests.unit.behaviour.golden.tables import TABLES

ASKED = os.environ.get("GOLDEN", "")
WRITES, WRITES_WORDS = ASKED == "write", ASKED == "words"
MACHINE = "machine"
SCHEMAS = bare_app()[1]["components"]["schemas"]
NEEDS_GPU = {("TrainingSpec", "device", "gpu"), ("TrainingSpec", "precision", "tf32")}
JOBS = [*RUNS, *COMPARISONS, *BATCHES]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, valkey_url: str, empty_database: Path) -> Iterator[House]:
    data = tmp_path_factory.mktemp("golden")
    (data / "adaline.db").write_bytes(empty_database.read_bytes())
    deps = wire(Settings(data=data, broker_url=valkey_url))
    yield House(deps, create_app(deps).test_client())
    deps.close()


class Book:
    """Holds what is found against the record. `GOLDEN=write` records it instead, `GOLDEN=words` its sentences alone."""

    def __init__(self) -> None:
        self.entries = book.read()
        if WRITES:
            self.entries[MACHINE] = fingerprint()
        self.same_machine = self.entries[MACHINE] == fingerprint()

    def check(self, name: str, found: book.Entry) -> None:
        if WRITES:
            self.entries[name] = found
        elif WRITES_WORDS and self.same_machine and "words" in found["bits"]:
            self.entries[name]["bits"]["words"] = found["bits"]["words"]
        differences = book.differences(self.entries[name], found, self.same_machine)
        assert not differences, "\n".join([f"{name} differs from {book.FILE.name}:", *differences])

    def check_names(self, kind: str, names: Iterable[str]) -> None:
        """That the entries of a kind are these."""
        wanted = {f"{kind}/{name}" for name in names}
        recorded = {name for name in self.entries if name.startswith(f"{kind}/")}
        if WRITES:
            self.entries = {name: entry for name, entry in self.entries.items() if name not in recorded - wanted}
        else:
            assert recorded == wanted


@pytest.fixture(scope="module")
def golden() -> Iterator[Book]:
    made = Book()
    yield made
    if WRITES or WRITES_WORDS:
        book.write(made.entries)


@pytest.mark.parametrize("name", JOBS)
def test_run_gives_what_is_recorded(name: str, house: House, golden: Book) -> None:
    golden.check(f"run/{name}", marks_of(house.run(name)))


@pytest.mark.parametrize("name", TABLES)
def test_upload_is_read_as_recorded(name: str, house: House, golden: Book) -> None:
    golden.check(f"table/{name}", marks_of_dataset(house.dataset(name)))


@pytest.mark.parametrize("part", PARTS)
def test_house_shows_what_is_recorded(part: str, house: House, golden: Book) -> None:
    shown = PARTS[part](house)
    golden.check_names(part, shown)
    for name, form in shown.items():
        golden.check(f"{part}/{name}", {"form": {"is": form}, "bits": {}, "figures": {}})


def test_record_has_an_entry_for_each_run_and_table(golden: Book) -> None:
    golden.check_names("run", JOBS)
    golden.check_names("table", TABLES)


def test_runs_use_every_word_of_a_spec() -> None:
    """By the document of the API, but for what needs a GPU."""
    words = {
        (name, field, word)
        for name in ("TrainingSpec", "Network", "Optimizer")
        for field, schema in SCHEMAS[name]["properties"].items()
        for choice in schema.get("anyOf", [schema])
        for word in choice.get("enum", [])
    }
    asked = [run.spec for run in RUNS.values()]
    parts = [("TrainingSpec", spec) for spec in asked]
    parts += [("Network", spec["network"]) for spec in asked if "network" in spec]
    parts += [("Optimizer", spec["optimizer"]) for spec in asked if "optimizer" in spec]
    used = {(name, field, value) for name, part in parts for field, value in part.items() if isinstance(value, str)}
    assert words - used - NEEDS_GPU == set()
