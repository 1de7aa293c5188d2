"""Which addresses webhooks may be told at."""

from __future__ import annotations

import pytest

from workers.webhooks.peers import PeerRefused, check_allowed, networks

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "2002:7f00:1::", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_no_public_address_is_refused(address: str) -> None:
    with pytest.raises(PeerRefused, match="ADALINE_WEBHOOK_ALLOWED_PEERS"):
        check_allowed(address, ())


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_allowed(address: str) -> None:
    check_allowed(address, ())


def test_an_operator_allows_networks() -> None:
    allowed = networks("10.1.0.0/16, ::1")
    for address in ("10.1.2.3", "::1", "::ffff:10.1.2.3"):
        check_allowed(address, allowed)
    for address in ("10.2.0.1", "127.0.0.1", "::2"):
        with pytest.raises(PeerRefused):
            check_allowed(address, allowed)
