"""References in paths: `name`, `name@alias`, `name:version`, and before each the owner of a model that is shared."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class ReferenceConverter(BaseConverter):
    """`<ref:…>` in a route: a model's reference with at most one slash, as it is in `alice/house-price@live`."""

    regex = "[^/]+(?:/[^/]+)?"
    part_isolating = False


def register(app: Flask) -> None:
    """Let the app's routes speak of references."""
    app.url_map.converters["ref"] = ReferenceConverter
