"""Every page, with names that are code or formulas elsewhere: they stay text; and nobody is kept out, nothing cut."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.integration.pages import axe
from tests.integration.pages.furnished import BROKEN, FORMULA, PICTURE, SCRIPT, Furnished, table
from tests.integration.pages.named import PATTERNS
from tests.integration.pages.visitor import Visitor

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIEWS = (
    "/datasets/:id?view=rows",
    "/datasets/:id?view=rejected",
    "/datasets/:id?view=reading",
    "/datasets/:id?with=price",
    "/train?dataset=:id&target=price",
    "/jobs/:failed",
    "/jobs/:cancelled",
    "/models/:name/compare?a=1&b=2",
    "/predict/:ref?by=file",
    "/predict/:ref?by=dataset",
    "/learn?dataset=:id",
)
# pages of which somebody would expect that name
SHOW_THE_SCRIPT = {
    "/", "/datasets", "/datasets/:id", "/datasets/:id?view=rows", "/datasets/:id?view=reading",
    "/datasets/:id?with=price", "/train", "/train?dataset=:id&target=price", "/jobs/:id",
    "/models/:name/versions/:version", "/predict/:ref", "/learn?dataset=:id",
}  # fmt: skip


@pytest.mark.parametrize("pattern", [*PATTERNS, *VIEWS])
def test_a_page_is_for_everybody_and_reads_no_name_as_code(
    visitor: Visitor, furnished: Furnished, pattern: str
) -> None:
    visitor.go(furnished.path(pattern))
    visitor.settled()
    assert visitor.page.get_by_role("alert").all_inner_texts() == []
    if pattern in SHOW_THE_SCRIPT:
        expect(visitor.main).to_contain_text(SCRIPT)
    assert axe.faults(visitor.page) == []
    visitor.page.emulate_media(color_scheme="dark")
    assert axe.faults(visitor.page, *axe.OF_COLOURS) == []
    visitor.page.set_viewport_size({"width": 400, "height": 800})
    visitor.page.wait_for_timeout(200)  # what is drawn to measure is drawn anew
    assert visitor.page.evaluate(WIDER) <= 0, "the page is wider than a narrow window"
    assert axe.faults(visitor.page, *axe.OF_ROOM) == []
    assert not visitor.page.evaluate(BROKEN)


def test_a_file_is_looked_at_before_it_is_sent_without_reading_a_name_as_code(visitor: Visitor) -> None:
    visitor.go("/datasets/new")
    with visitor.page.expect_file_chooser() as asked:
        visitor.press("Choose a file")
    asked.value.set_files({"name": f"{PICTURE}.csv", "mimeType": "text/csv", "buffer": table()})
    visitor.field(f"Kind of {SCRIPT}").wait_for()
    visitor.field(f"Kind of {FORMULA}").wait_for()
    assert axe.faults(visitor.page) == []
    assert not visitor.page.evaluate(BROKEN)


def test_a_form_with_hostile_names_predicts(visitor: Visitor, furnished: Furnished) -> None:
    visitor.go(furnished.path("/predict/:ref"))
    visitor.field(SCRIPT).fill("12")
    visitor.field(PICTURE).select_option(label=SCRIPT)
    expect(visitor.main.locator("[aria-live=polite]").filter(has_text="price")).to_contain_text("90")
    assert not visitor.page.evaluate(BROKEN)


def test_what_keeps_people_out_is_found(visitor: Visitor) -> None:
    visitor.page.evaluate("document.body.append(Object.assign(document.createElement('input'), {type: 'text'}))")
    assert [it["id"] for it in axe.faults(visitor.page)] == ["label"]
