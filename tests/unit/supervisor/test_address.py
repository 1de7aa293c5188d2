from __future__ import annotations

import socket
import threading

import pytest

from service.errors import CannotStart
from service.settings import Settings
from service.supervisor.address import Address, reserve


def listener(port: int = 0, *, shared: bool = False) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


def test_port_0_becomes_a_free_port() -> None:
    with reserve("127.0.0.1", 0) as address:
        assert address.ip == "127.0.0.1"
        assert address.port > 0
        assert address.url == f"http://127.0.0.1:{address.port}"


@pytest.mark.parametrize("shared", [False, True])
def test_taken_port_is_refused_even_when_its_listener_shares(shared: bool) -> None:
    with listener(shared=shared) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} of 127.0.0.1 is in use"), reserve("127.0.0.1", port):
            pass


def test_reserved_port_is_refused_to_others_but_not_to_who_shares() -> None:
    with reserve("127.0.0.1", 0) as address:
        with pytest.raises(CannotStart, match="in use"), reserve("127.0.0.1", address.port):
            pass
        with listener(address.port, shared=True) as api, socket.create_connection(api.getsockname(), timeout=5):
            api.settimeout(5)
            api.accept()[0].close()


def test_port_that_becomes_free_in_time_is_taken() -> None:
    taken = listener()
    port = taken.getsockname()[1]
    leaving = threading.Timer(0.2, taken.close)
    leaving.start()
    with reserve("127.0.0.1", port, patience_seconds=30) as address:
        assert address.port == port
    leaving.join()


def test_wildcard_is_reached_at_the_loopback() -> None:
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::", 80).url == "http://[::1]:80"


def test_name_becomes_an_address_by_number() -> None:
    with reserve("localhost", 0) as address:
        assert address.ip in ("127.0.0.1", "::1")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_host_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CannotStart, match=host), reserve(host, 0):
        pass


def test_a_name_that_was_resolved_stays_a_name_of_the_server() -> None:
    told = Address("192.0.2.7", 81).told(Settings(host="box.example.com", port=0, allowed_hosts="a.example"))
    assert (told.host, told.port, told.allowed_hosts) == ("192.0.2.7", 81, "a.example,box.example.com")
    assert Address("192.0.2.7", 81).told(Settings(host="192.0.2.7")).allowed_hosts == ""
