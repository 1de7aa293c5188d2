"""axe-core in a page: what it finds that keeps people out."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from service.api.pages import BUILT

AXE = BUILT.parent / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
RUN = """([type, values]) => axe.run(document, {runOnly: {type, values}}).then((found) =>
  found.violations.map((it) => ({
  id: it.id, impact: it.impact, help: it.help,
  nodes: it.nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`)})))"""
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


# what other colours, or less room, may change
OF_COLOURS = ("color-contrast",)
OF_ROOM = ("scrollable-region-focusable", "target-size", "color-contrast")


@cache
def program() -> str:
    return AXE.read_text()


def faults(page: Page, *rules: str) -> list[dict[str, Any]]:
    """The serious and critical violations of what is shown now, of all rules or of some."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(program())  # by the debugger, which the page's policy does not hold up
    found: list[dict[str, Any]] = page.evaluate(RUN, ["rule", rules] if rules else ["tag", list(TAGS)])
    return [it for it in found if it["impact"] in GRAVE]
