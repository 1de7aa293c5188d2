"""Who may use which route, as SECURITY.md tells it: `python -m tests.routes` writes that table (`make openapi`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from service.api.admission.admit import view_of
from service.api.admission.rules import rule_of
from service.api.app import bare_app

FILE = Path(__file__).parent.parent / "SECURITY.md"
BEGIN, END = "<!-- routes: written by `make openapi` -->", "<!-- end of routes -->"
HEAD = ("| method | path | scope | whose |", "|---|---|---|---|")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the app: what is asked of whom, and about whose things."""

    method: str
    path: str
    scope: str
    whose: str

    def __str__(self) -> str:
        return f"| {self.method} | `{self.path}` | {self.scope} | {self.whose} |"


def of_app(app: Flask) -> Iterator[tuple[str, Route]]:
    """Each route with the name of its view."""
    for rule in app.url_map.iter_rules():
        view = view_of(rule.endpoint)
        for method in METHODS:
            if method in (rule.methods or ()):
                path = PARAMETER.sub(r"{\1}", rule.rule)
                yield view, Route(method, path, rule_of(view).scope, rule_of(view).whose)


def in_text(text: str) -> list[Route]:
    """The routes of the table in SECURITY.md."""
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()[len(HEAD) :]
    return [Route(*(cell.strip(" `") for cell in line.strip("|").split("|"))) for line in lines]


def table(app: Flask) -> str:
    """The table, by path."""
    order = {method: place for place, method in enumerate(METHODS)}
    routes = sorted((route for _, route in of_app(app)), key=lambda one: (one.path, order[one.method]))
    return "\n".join([BEGIN, *HEAD, *map(str, routes), END])


def with_table(text: str, app: Flask) -> str:
    """The text of SECURITY.md with this table in it."""
    before, _, rest = text.partition(BEGIN)
    return before + table(app) + rest.partition(END)[2]


if __name__ == "__main__":
    FILE.write_text(with_table(FILE.read_text(), bare_app()[0]))
