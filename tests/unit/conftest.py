"""The API on the parts of a test, without a server in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api.app import create_app
from service.wiring import Deps


@pytest.fixture
def app(deps: Deps) -> Flask:
    return create_app(deps)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def limited(make_deps: Callable[..., Deps]) -> Callable[..., FlaskClient]:
    """A client of an API with the settings that a test cares for."""
    return lambda **settings: create_app(make_deps(**settings)).test_client()
