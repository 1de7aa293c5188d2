"""Every page, with names that are code or formulas elsewhere: they stay text; and nobody is kept out, nothing cut."""

from __future__ import annotations

import pytest

from tests.integration.pages import axe
from tests.integration.pages.furnished import BROKEN, Furnished
from tests.integration.pages.named import PATTERNS
from tests.integration.pages.visitor import Visitor

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_page_is_for_everybody_and_reads_no_name_as_code(
    visitor: Visitor, furnished: Furnished, pattern: str
) -> None:
    visitor.go(furnished.path(pattern))
    visitor.settled()
    assert visitor.page.get_by_role("alert").all_inner_texts() == []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
        assert axe.faults(visitor.page) == []
    visitor.page.set_viewport_size({"width": 400, "height": 800})
    visitor.page.wait_for_timeout(200)  # what is drawn to measure is drawn anew
    assert visitor.page.evaluate(WIDER) <= 0, "the page is wider than a narrow window"
    assert not visitor.page.evaluate(BROKEN)


def test_what_keeps_people_out_is_found(visitor: Visitor) -> None:
    visitor.page.evaluate("document.body.append(Object.assign(document.createElement('input'), {type: 'text'}))")
    assert [it["id"] for it in axe.faults(visitor.page)] == ["label"]
