"""How a person acts on what a page shows: by pointer, or by the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_STEPS = 600  # of the Tab key, from one thing to another
FOCUSED = "it => it === document.activeElement"
SEEN = "it => it.matches(':focus-visible') && getComputedStyle(it).outlineStyle !== 'none'"


class Hands(Protocol):
    """What the story needs to do."""

    def press(self, button: Locator) -> None:
        """A button or a link."""

    def write(self, field: Locator, text: str) -> None:
        """In the place of what the field holds."""

    def choose(self, field: Locator, option: str) -> None:
        """An option of a list, by what it says."""

    def pick(self, radio: Locator) -> None:
        """One of several."""

    def tick(self, box: Locator) -> None:
        """What is not ticked."""

    def turn(self, tab: Locator) -> None:
        """To another view of the same."""

    def slide_to_end(self, slider: Locator) -> None:
        """As far as it goes."""

    def bring(self, button: Locator, file: Path) -> None:
        """A file, to a button that asks for one."""

    def save(self, link: Locator) -> str:
        """What a link leads to, as a file; its text."""


class Pointer:
    """A mouse, with a keyboard for text."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: Locator) -> None:
        button.click()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        field.select_option(label=option)

    def pick(self, radio: Locator) -> None:
        radio.check()

    def tick(self, box: Locator) -> None:
        box.check()

    def turn(self, tab: Locator) -> None:
        tab.click()

    def slide_to_end(self, slider: Locator) -> None:
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": box["width"] - 2, "y": box["height"] / 2})

    def bring(self, button: Locator, file: Path) -> None:
        with self.page.expect_file_chooser() as asked:
            button.click()
        asked.value.set_files(file)

    def save(self, link: Locator) -> str:
        with self.page.expect_download() as saved:
            link.click()
        return saved.value.path().read_text()


class Keyboard:
    """Nothing but keys: what cannot be reached by Tab or whose focus is not seen fails."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # who listens is asked for files from now on; one who begins with the key may come too late for it
        page.on("filechooser", lambda _: None)

    def reach(self, wanted: Locator) -> None:
        """Tab from where the focus is, on through the page and round its end, until the thing has it."""
        wanted.wait_for()
        for _ in range(MOST_STEPS):
            if wanted.evaluate(FOCUSED):
                assert wanted.evaluate(SEEN), f"the focus of {wanted} is not seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} cannot be reached by the keyboard")

    def press(self, button: Locator) -> None:
        expect(button).to_be_enabled()
        self.reach(button)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.reach(field)
        options = [it.strip() for it in field.locator("option").all_inner_texts()]
        wanted, now = options.index(option), int(field.evaluate("it => it.selectedIndex"))
        for _ in range(abs(wanted - now)):
            self.page.keyboard.press("ArrowDown" if wanted > now else "ArrowUp")
        assert field.evaluate("it => it.selectedOptions[0].textContent.trim()") == option

    def pick(self, radio: Locator) -> None:
        """Tab leads into a group, arrows lead through it."""
        radio.wait_for()
        name = radio.get_attribute("name")
        for _ in range(MOST_STEPS):
            if self.page.evaluate("name => document.activeElement?.name === name", name):
                break
            self.page.keyboard.press("Tab")
        for _ in range(MOST_STEPS):
            if radio.evaluate(FOCUSED):
                self.page.keyboard.press("Space")
                expect(radio).to_be_checked()
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{radio} cannot be reached by the keyboard")

    def tick(self, box: Locator) -> None:
        self.reach(box)
        self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def turn(self, tab: Locator) -> None:
        """Tab leads to the view that is shown, arrows lead to its neighbours."""
        tabs = tab.locator("xpath=ancestor::*[@role='tablist']").get_by_role("tab")
        self.reach(tabs.and_(self.page.locator("[aria-selected=true]")))
        for _ in range(tabs.count()):
            if tab.get_attribute("aria-selected") == "true":
                return
            self.page.keyboard.press("ArrowRight")
        raise AssertionError(f"{tab} cannot be reached by the keyboard")

    def slide_to_end(self, slider: Locator) -> None:
        self.reach(slider)
        self.page.keyboard.press("End")

    def bring(self, button: Locator, file: Path) -> None:
        self.reach(button)
        with self.page.expect_file_chooser() as asked:
            self.page.keyboard.press("Enter")
        asked.value.set_files(file)

    def save(self, link: Locator) -> str:
        self.reach(link)
        with self.page.expect_download() as saved:
            self.page.keyboard.press("Enter")
        return saved.value.path().read_text()
