"""What is around every page: where one can go, by pointer and by keyboard, its colours, and what it says of itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.pages.furnished import Furnished
from tests.integration.pages.named import SECTIONS
from tests.integration.pages.visitor import Visitor, sign_in, visiting


def test_the_root_leads_to_the_pages(browser: Browser, furnished: Furnished) -> None:
    with visiting(browser, furnished.url) as visitor:
        visitor.page.goto(furnished.url)
        visitor.arrived("/")
        expect(visitor.page).to_have_title("Sign in · Adaline")


def test_each_section_is_a_link_away_and_is_marked_as_the_one_that_is_shown(visitor: Visitor) -> None:
    for name, path in SECTIONS.items():
        visitor.follow(name)
        visitor.arrived(path)
        visitor.settled()
        expect(visitor.link(name).first).to_have_attribute("aria-current", "page")
        heading = visitor.main.get_by_role("heading", level=1)
        expect(heading).to_have_count(1)
        expect(visitor.page).to_have_title(f"{heading.inner_text()} · Adaline")
    visitor.page.go_back()
    visitor.arrived(list(SECTIONS.values())[-2])


def test_a_page_that_is_not_there_says_so_and_leads_back(visitor: Visitor) -> None:
    visitor.go("/nowhere/at/all")
    visitor.heading("There is no such page").wait_for()
    visitor.follow("Go to the first page")
    visitor.heading("Overview").wait_for()


def test_one_may_skip_what_is_around_the_page(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.settled()
    visitor.page.keyboard.press("Tab")
    expect(visitor.link("Skip to the page")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.main.evaluate("it => it.contains(document.activeElement)")


def test_colours_are_the_systems_unless_others_are_chosen_which_are_kept(visitor: Visitor) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = visitor.page.evaluate(ground)
    visitor.page.emulate_media(color_scheme="dark")
    dark = visitor.page.evaluate(ground)
    assert light != dark
    visitor.press("Colours: system")
    visitor.button("Colours: light").wait_for()
    visitor.page.reload()
    visitor.button("Colours: light").wait_for()
    assert visitor.page.evaluate(ground) == light


def test_a_server_that_is_gone_is_said_to_be_and_asked_again(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.settled()
    visitor.page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    visitor.follow("Jobs")
    visitor.page.get_by_role("alert").filter(has_text="The server does not answer").first.wait_for()
    visitor.page.unroute("**/v1/**")
    visitor.press("Try again")
    expect(visitor.page.get_by_role("alert")).to_have_count(0)
    visitor.complaints.clear()  # the browser's own words of the refused connection


@pytest.mark.parametrize("path", ["/datasets/ds_none", "/jobs/job_none", "/models/none", "/models/none/versions/1"])
def test_a_thing_that_is_not_there_is_said_to_be(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    visitor.page.get_by_role("alert").or_(visitor.heading("There is no such page")).first.wait_for()


def test_after_signing_out_the_back_button_shows_nothing(browser: Browser, furnished: Furnished) -> None:
    with visiting(browser, furnished.url) as visitor:
        visitor.go("/")
        sign_in(visitor, furnished.key)
        visitor.heading("Overview").wait_for()
        visitor.follow("Datasets")
        visitor.press("Sign out")
        visitor.heading("Sign in").wait_for()
        visitor.page.go_back()
        visitor.heading("Sign in").wait_for()
        assert furnished.dataset not in visitor.page.content()
