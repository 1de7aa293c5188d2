"""References in paths: `name`, `name@alias`, `name:version`, and before each the owner of a model that is shared."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter

# of /v2, those of other servers that are not here among them: what follows a model's name there is no model's name
OPERATIONS = ("infer", "ready", "versions", "config", "stats", "load", "unload")


class ReferenceConverter(BaseConverter):
    """`<ref:…>` in a route: a model's reference with at most one slash, as it is in `alice/house-price@live`.

    A shared model that is called as an operation of /v2 is named in the body of /v1/predict.
    """

    regex = rf"[^/]+(?:/(?!(?:{'|'.join(OPERATIONS)})(?![^/]))[^/]+)?"
    part_isolating = False


def register(app: Flask) -> None:
    """Let the app's routes speak of references."""
    app.url_map.converters["ref"] = ReferenceConverter
