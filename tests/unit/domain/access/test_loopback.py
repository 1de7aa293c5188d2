"""What only the machine itself reaches."""

from __future__ import annotations

import pytest

from service.domain.access.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "a.localhost"]
)
def test_the_machine_itself(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "box", "", "127.1.example"]
)
def test_others_too(host: str) -> None:
    assert not is_loopback(host)
