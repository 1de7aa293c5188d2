"""References in paths: `name`, `name@alias`, `name:version`, and before each the owner of a model that is shared; and
ids beside which a path has words."""

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


class JobConverter(BaseConverter):
    """`<job:…>` in a route: an id of a job, and not what else follows `/v1/jobs`: that has methods of its own."""

    regex = r"(?!validate\Z)[^/]+"
    part_isolating = True


def register(app: Flask) -> None:
    """Let the app's routes speak of references and jobs."""
    app.url_map.converters.update(ref=ReferenceConverter, job=JobConverter)
