"""Models that more than one person looks after, and tables that are longer than a screen."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from service.client import Client
from tests.integration.pages import axe
from tests.integration.pages.furnished import MODEL, Furnished
from tests.integration.pages.visitor import Visitor, sign_in, visiting

WIDE, FEATURES = "wide-one", 300
ALIAS = "kept-by-two"


@pytest.fixture
def colleague(furnished: Furnished) -> Iterator[Client]:
    """Somebody else who has the same key, and no page."""
    with Client(furnished.url, key=furnished.key) as client:
        yield client


@pytest.fixture(scope="module")
def wide(furnished: Furnished) -> str:
    """A linear neuron with so many weights that a screen does not hold them."""
    draw = random.Random(5)
    names = [f"x{number}" for number in range(FEATURES)]
    rows = [",".join(f"{draw.gauss(0, 1):.3f}" for _ in [*names, "y"]) for _ in range(400)]
    with Client(furnished.url, key=furnished.key) as client:
        dataset = client.upload(io.BytesIO("\n".join([",".join([*names, "y"]), *rows]).encode()), name="wide.csv")
        client.train(dataset, "y", WIDE, epochs=5)
    return f"/models/{WIDE}/versions/1"


def test_an_alias_that_somebody_else_has_moved_meanwhile_is_looked_at_again(
    visitor: Visitor, colleague: Client
) -> None:
    colleague.set_alias(MODEL, ALIAS, 1)
    visitor.go(f"/models/{MODEL}/versions/1")
    visitor.field("Alias").fill(ALIAS)
    visitor.press("Point the alias at version 1")
    visitor.text(f"{ALIAS} points at version 1 already.").wait_for()
    visitor.go(f"/models/{MODEL}/versions/2")
    visitor.field("Alias").fill(ALIAS)
    visitor.press("Point the alias at version 2")
    question = visitor.page.get_by_role("dialog", name=f"Move {ALIAS} to version 2?")
    expect(question).to_contain_text(f"{ALIAS} points at version 1")
    colleague.delete_alias(MODEL, ALIAS)
    visitor.press("Move it to version 2", question)
    question = visitor.page.get_by_role("dialog", name=f"Make the alias {ALIAS}?")
    expect(question).to_contain_text("Somebody else has changed this alias since you looked at it.")
    colleague.set_alias(MODEL, ALIAS, 1)
    visitor.press("Point it at version 2", question)
    question = visitor.page.get_by_role("dialog", name=f"Move {ALIAS} to version 2?")
    expect(question).to_contain_text("Somebody else has changed this alias since you looked at it.")
    assert colleague.model(MODEL).aliases[ALIAS] == 1  # nothing was written over
    assert axe.faults(visitor.page) == []
    visitor.press("Move it to version 2", question)
    visitor.text(f"{ALIAS} points at version 2 now.").wait_for()
    assert colleague.model(MODEL).aliases[ALIAS] == 2
    colleague.delete_alias(MODEL, ALIAS)


def test_notes_of_a_version_are_added_changed_and_removed(visitor: Visitor, colleague: Client) -> None:
    before = colleague.version(MODEL, 1).metadata
    visitor.go(f"/models/{MODEL}/versions/1")
    visitor.field("Name of the note").fill("audit")
    visitor.field("Text").fill("<b>kept</b> for the audit\nuntil spring")
    visitor.press("Add the note")
    visitor.text("<b>kept</b> for the audit").wait_for()  # as it was typed
    assert colleague.version(MODEL, 1).metadata == {**before, "audit": "<b>kept</b> for the audit\nuntil spring"}
    colleague.annotate(MODEL, {"by": "a colleague"}, 1)  # who has changed something else meanwhile
    visitor.press("Edit audit")
    visitor.field("Text").fill("gone")
    visitor.press("Replace the note")
    visitor.text("gone").wait_for()
    visitor.text("a colleague").wait_for()
    assert axe.faults(visitor.page) == []
    visitor.field("Text").fill("x" * 17_000)
    visitor.press("Replace the note")
    visitor.text(re.compile("at most 16,384 are kept")).wait_for()
    assert colleague.version(MODEL, 1).metadata == {**before, "audit": "gone", "by": "a colleague"}
    for name in ("audit", "by"):
        visitor.press(f"Remove {name}")
        expect(visitor.button(f"Remove {name}")).to_have_count(0)
    assert colleague.version(MODEL, 1).metadata == before


def test_who_may_only_read_is_told_what_is_closed_and_why(browser: Browser, furnished: Furnished) -> None:
    with visiting(browser, furnished.url) as reader:
        reader.go(f"/models/{MODEL}")
        sign_in(reader, furnished.reader)
        expect(reader.button("Delete this model")).to_be_disabled()
        reader.text("The key of this session may not train, and so not change models.").wait_for()
        reader.go(f"/models/{MODEL}/versions/1")
        expect(reader.button("Point the alias at version 1")).to_be_disabled()
        expect(reader.button("Delete this version")).to_be_disabled()


def test_of_a_long_table_only_what_is_seen_is_drawn_and_readers_of_screens_know_its_length(
    visitor: Visitor, wide: str
) -> None:
    visitor.go(wide)
    table = visitor.main.get_by_role("table", name="Weights")
    expect(table).to_have_attribute("aria-rowcount", str(FEATURES + 2))  # the intercept, and the row of headers
    assert drawn(table) < 60
    box = visitor.main.get_by_role("group", name="Weights")
    box.focus()
    visitor.page.keyboard.press("End")
    last = table.get_by_role("row").filter(
        has=visitor.page.get_by_role("rowheader", name=f"x{FEATURES - 1}", exact=True)
    )
    expect(last).to_be_visible()
    expect(last).to_have_attribute("aria-rowindex", str(FEATURES + 2))
    assert drawn(table) < 60
    visitor.field("Find a feature").fill("x29")
    expect(table).to_have_attribute("aria-rowcount", "12")  # x29, x290 to x299, and the row of headers
    assert axe.faults(visitor.page) == []


def drawn(table: Locator) -> int:
    return table.get_by_role("rowheader").count()
