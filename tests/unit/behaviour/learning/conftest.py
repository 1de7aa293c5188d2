"""Parts of these tests."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.wiring import Deps
from tests.unit.behaviour.learning.adaline import Adaline


@pytest.fixture
def adaline(client: FlaskClient, deps: Deps) -> Adaline:
    return Adaline(client, deps)
