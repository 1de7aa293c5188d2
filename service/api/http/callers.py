"""Who may call: the names that this server goes by, and the pages in browsers whose requests it takes.

A browser sends requests to this machine for any page that it shows, from wherever that page came. Two things give
such requests away, and no page can forge either of them:

- `Host`: a stranger's name that was made to mean this machine (DNS rebinding, as in CVE-2025-62593) makes his page and
  this service one origin for the browser, which then lets the page read. The request still carries that name.
- `Origin` and `Sec-Fetch-Site`: forms, uploads and requests without a body are sent to other origins unasked; only
  their answers are kept from the page. What such a request changes is changed.

Programs send neither `Origin` nor `Sec-Fetch-Site`, and call this server by one of its names.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from service.domain.access.loopback import is_loopback
from service.errors import CallerRefused, HostInvalid, HostNotAllowed, OriginNotAllowed
from service.settings import Settings, entries

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # all others change something, those yet unknown too
OWN_PAGES = (None, "same-origin", "none")  # Sec-Fetch-Site: none is a person who typed the address
# what no public name ends in: who can give such a name is in this network, and reaches an open port without it
PRIVATE = (".local", ".internal", ".home.arpa", ".lan", ".svc")
PORTS = {"http": "80", "https": "443"}
SHOWN = 100  # characters of what somebody sent
_HOST = re.compile(r"(\[[0-9a-z:.%_~-]+\]|[0-9a-z._-]+)(?::([0-9]{0,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Callers:
    """The rules of one server. `suffixes` begin with a dot; `open_to_network` is whether it listens beyond loopback."""

    hosts: frozenset[str]
    suffixes: tuple[str, ...]
    any_host: bool
    open_to_network: bool
    origins: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Callers:
        """The rules that the settings ask for."""
        listed = [name.rstrip(".") for name in entries(settings.allowed_hosts)]
        return cls(
            hosts=frozenset({settings.host.lower().rstrip("."), *listed}),
            suffixes=tuple(name[1:] for name in listed if name.startswith("*.")),
            any_host="*" in listed,
            open_to_network=not is_loopback(settings.host),
            origins=frozenset(_canonical(origin) for origin in entries(settings.allowed_origins)),
        )

    def refusal(
        self, *, safe: bool, host: str | None, origin: str | None, site: str | None, old: bool = False
    ) -> CallerRefused | None:
        """Why a request is not taken; None when it is.

        `host`, `origin` and `site` are its headers `Host`, `Origin` and `Sec-Fetch-Site` (None: it has none), `safe`
        whether its method changes nothing, `old` whether it is of HTTP/1.0, which knew no `Host`.
        """
        return self._refused_name(host, old) or (None if safe else self._refused_page(host or "", origin, site))

    def may_read(self, origin: str | None) -> bool:
        """Whether the pages of another origin are shown the answers (CORS)."""
        return origin is not None and bool(self.origins) and _canonical(origin) in self.origins

    def _refused_name(self, host: str | None, old: bool) -> CallerRefused | None:
        if not host and old:
            return None
        found = _HOST.fullmatch(host.lower()) if host else None
        if found is None or int(found[2] or 0) > 65535 or (found[1][0] == "[" and not _is_address(found[1])):
            given = f"its Host is {host[:SHOWN]!r}" if host else "it has no Host, or one that is not ASCII"
            return HostInvalid(f"the request must have exactly one valid Host: {given}; send a single name or address")
        name = found[1].removesuffix(".")
        if self.any_host or _is_address(name) or self._is_own(name):
            return None
        return HostNotAllowed(
            f"{name[:SHOWN]!r} is not a known name of this server; if it should be, add it to ADALINE_ALLOWED_HOSTS "
            "(comma-separated; * for any) and restart the server"
        )

    def _is_own(self, name: str) -> bool:
        if name in self.hosts or name == "localhost" or name.endswith((".localhost", *self.suffixes)):
            return True
        return self.open_to_network and name != "" and ("." not in name or name.endswith(PRIVATE))

    def _refused_page(self, host: str, origin: str | None, site: str | None) -> CallerRefused | None:
        if self.may_read(origin):
            return None
        if origin is not None and not _is_of(host, origin):
            page = "without an origin (a local file, a sandboxed frame)" if origin == "null" else "of another origin"
            return OriginNotAllowed(
                f"a page {page} may not do this: Origin is {origin[:SHOWN]!r}, Host {host[:SHOWN]!r}. "
                "If it should be allowed, add its origin to ADALINE_ALLOWED_ORIGINS and restart the "
                "server; a proxy in between must pass Host on unchanged"
            )
        if site not in OWN_PAGES:
            return OriginNotAllowed(
                f"a page of another site or port may not do this: Sec-Fetch-Site is {(site or '')[:SHOWN]!r}. If it "
                "should be allowed, add its origin to ADALINE_ALLOWED_ORIGINS and restart the server"
            )
        return None


def _is_address(name: str) -> bool:
    """Whether a browser asks nobody what the name means (also 127.1 and 0x7f000001: URL Standard, 4.3)."""
    try:
        if name.startswith("["):
            ipaddress.IPv6Address(name[1:-1])
        else:
            socket.inet_aton(name)
    except (OSError, ValueError):
        return False
    return True


def _canonical(origin: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.2): without the port that its scheme implies."""
    scheme, _, authority = origin.lower().partition("://")
    port = PORTS.get(scheme)
    return f"{scheme}://{authority.removesuffix(f':{port}') if port else authority}"


def _is_of(host: str, origin: str) -> bool:
    """Whether pages of this origin came from where the request goes to.

    Only names and ports are compared: before a proxy that speaks TLS the scheme is another than here.
    """
    scheme = origin.lower().partition("://")[0]
    return scheme in PORTS and _canonical(origin) == _canonical(f"{scheme}://{host}")
