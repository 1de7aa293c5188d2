"""Who may see and do what: a key is asked for, and what it does not open is shown as closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.pages.furnished import MODEL, Furnished
from tests.integration.pages.visitor import Visitor, sign_in, visiting


@pytest.fixture
def stranger(browser: Browser, furnished: Furnished) -> Iterator[Visitor]:
    """Somebody who has not signed in."""
    with visiting(browser, furnished.url) as visitor:
        visitor.go("/models")
        yield visitor


def test_nothing_is_shown_before_a_key_is_given(stranger: Visitor) -> None:
    stranger.heading("Sign in").wait_for()
    assert {one.split("/v1/")[1] for one in stranger.requests if "/v1/" in one} == {"session"}


def test_a_wrong_key_is_refused_in_words_and_a_right_one_leads_to_where_one_wanted_to_go(
    stranger: Visitor, furnished: Furnished
) -> None:
    sign_in(stranger, "adl_none_none")
    stranger.page.get_by_role("alert").wait_for()
    sign_in(stranger, furnished.key)
    stranger.heading("Models").wait_for()
    stranger.arrived("/models")
    assert furnished.key not in stranger.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert stranger.page.evaluate("document.cookie") == ""  # no script can read it


def test_a_session_outlives_the_window_and_ends_with_signing_out(stranger: Visitor, furnished: Furnished) -> None:
    sign_in(stranger, furnished.key)
    stranger.heading("Models").wait_for()
    stranger.page.reload()
    stranger.heading("Models").wait_for()
    stranger.press("Sign out")
    stranger.heading("Sign in").wait_for()
    stranger.page.reload()
    stranger.heading("Sign in").wait_for()


def test_a_session_that_ended_elsewhere_asks_for_the_key_again(stranger: Visitor, furnished: Furnished) -> None:
    sign_in(stranger, furnished.key)
    stranger.heading("Models").wait_for()
    stranger.page.context.clear_cookies()
    stranger.follow("Jobs")
    stranger.heading("Sign in").wait_for()


def test_a_key_that_may_only_read_sees_and_changes_nothing(stranger: Visitor, furnished: Furnished) -> None:
    sign_in(stranger, furnished.reader)
    stranger.heading("Models").wait_for()
    for section in ("Datasets", "Jobs", "System"):
        stranger.follow(section)
        stranger.settled()
        assert stranger.page.get_by_role("alert").count() == 0
    stranger.go("/datasets/new")
    stranger.heading("This key may not upload").wait_for()
    stranger.go(f"/train?dataset={furnished.dataset}&target=price")
    stranger.text("Your key may not train").wait_for()
    expect(stranger.button("Train")).to_be_disabled()
    stranger.go(f"/jobs/{furnished.jobs['succeeded'].id}")
    expect(stranger.button("Delete")).to_be_disabled()
    stranger.go(f"/models/{MODEL}")
    expect(stranger.button("Delete this model")).to_be_disabled()
    stranger.go(f"/predict/{MODEL}")
    stranger.heading("Your key may not predict").wait_for()
