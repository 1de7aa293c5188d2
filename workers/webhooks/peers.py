"""Connections for webhooks: only to addresses of the public Internet, or to those that an operator allows.

A name may mean another address each time it is asked for (DNS rebinding), so what is judged is what is connected to: a
name is resolved once, each address judged, the connection made to that address, and its other end looked at again.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from ssl import SSLContext
from typing import Any

import httpcore

PeerNetwork = Any  # ipaddress's two kinds of networks have no common type
PeerAddress = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class PeerRefused(Exception):
    """Nothing is sent to this address."""


def networks(text: str) -> tuple[PeerNetwork, ...]:
    """Networks of a comma-separated list. Raises ValueError.

    >>> [str(network) for network in networks("127.0.0.0/8, ::1")]
    ['127.0.0.0/8', '::1/128']
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def check_allowed(address: str, allowed: Iterable[PeerNetwork]) -> None:
    """Raises PeerRefused for an address that is not public, unless it is in one of the allowed networks."""
    found = ip_address(address.partition("%")[0])
    if any(found in network for network in allowed):
        return
    meant = _meant(found)
    if any(meant in network for network in allowed):
        return
    if not meant.is_global or meant.is_multicast or meant.is_reserved:
        raise PeerRefused(
            f"{address} is a loopback, private, link-local or otherwise reserved address "
            "(ADALINE_WEBHOOK_ALLOWED_PEERS allows networks)"
        )


def _meant(address: PeerAddress) -> PeerAddress:
    """The IPv4 address that an IPv6 one stands for; any other itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to allowed peers only, and reads and writes until a deadline, by `time.monotonic`."""

    def __init__(self, allowed: Sequence[PeerNetwork], deadline: float) -> None:
        self._allowed, self._deadline = allowed, deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Raises PeerRefused, httpcore.ConnectError."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:
            check_allowed(address, self._allowed)
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(address, port, left(self._deadline), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            peer = stream.get_extra_info("server_addr")
            try:
                check_allowed(str(peer[0]), self._allowed)
            except PeerRefused:
                stream.close()
                raise
            return BoundedStream(stream, self._deadline)
        raise failed or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never."""
        raise PeerRefused(path)


class BoundedStream(httpcore.NetworkStream):
    """A stream that ends at a deadline, however slowly its other end goes on."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises httpcore.ReadTimeout."""
        return self._inner.read(max_bytes, left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Raises httpcore.WriteTimeout."""
        self._inner.write(buffer, left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def left(deadline: float) -> float:
    """The seconds until then. Raises httpcore.ReadTimeout when there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the time for an attempt is over")
    return seconds
