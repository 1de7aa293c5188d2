"""axe-core in a page: what it finds that keeps people out."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from service.api.pages import BUILT

AXE = BUILT.parent / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
RUN = """(tags) => axe.run(document, {runOnly: tags}).then((found) => found.violations.map((it) => ({
  id: it.id, impact: it.impact, help: it.help,
  nodes: it.nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`)})))"""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def program() -> str:
    return AXE.read_text()


def faults(page: Page) -> list[dict[str, Any]]:
    """The serious and critical violations of what is shown now."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(program())  # by the debugger, which the page's policy does not hold up
    found: list[dict[str, Any]] = page.evaluate(RUN, list(RULES))
    return [it for it in found if it["impact"] in GRAVE]
