"""The API on the parts of a test: what it answers is what the files are held against."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.api.app import create_app
from service.wiring import Deps


@pytest.fixture
def client(deps: Deps) -> FlaskClient:
    return create_app(deps).test_client()
