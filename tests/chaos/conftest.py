"""The servers of the integration tests, to be treated badly."""

from tests.integration.api.conftest import serve
from tests.integration.conftest import houses, server, server_url

__all__ = ["houses", "serve", "server", "server_url"]
