"""The HTTP API as a WSGI application."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import orjson
from flask import Flask
from flask.json.provider import JSONProvider

from service.api import blueprints, context, datasets, jobs, operations, pages
from service.api.access import keys, shares, signing_in
from service.api.admission import admit
from service.api.documentation import DocumentedApi
from service.api.foreign import inference_v2, invocations
from service.api.http import access, problems, references, turns
from service.api.operators import keeping, owners, steering, webhooks, workers
from service.api.predictions import batch_predictions
from service.api.predictions import views as predictions
from service.wiring import Deps

BLUEPRINTS = (
    datasets.blueprint,
    jobs.blueprint,
    steering.blueprint,
    workers.blueprint,
    keeping.blueprint,
    webhooks.blueprint,
    owners.blueprint,
    shares.shared_models,
    shares.blueprint,  # the models', with their aliases and shares
    predictions.blueprint,
    inference_v2.blueprint,
    invocations.blueprint,
    batch_predictions.blueprint,
    keys.blueprint,
    signing_in.blueprint,
    operations.blueprint,
)


class OrjsonProvider(JSONProvider):
    """JSON by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def create_app(deps: Deps) -> Flask:
    """The app that answers with these parts."""
    app, _ = bare_app()
    context.attach(app, deps)
    return app


def bare_app() -> tuple[Flask, dict[str, Any]]:
    """The app without its parts, and its OpenAPI document."""
    app = Flask("service.api", static_folder=None)
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    references.register(app)
    access.register(app)
    admit.register(app)
    turns.register(app)
    blueprints.register(app)
    api = DocumentedApi(app, version("adaline"))
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    problems.register(app)
    document = api.document()
    operations.serve_document(app, document)
    pages.register(app)
    admit.check_rules(app)
    return app, document
