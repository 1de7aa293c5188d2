"""Sessions of pages: a signed cookie in the place of a key, which a page could not keep from its own scripts.

The cookie says which key was shown, and until when it is valid; it ends with that key. It is good for requests of this
server's own pages alone (SameSite), and what changes something needs besides the CSRF token, which only they can read.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property

from itsdangerous import BadData, URLSafeTimedSerializer

from service.errors import CsrfTokenInvalid, SessionInvalid
from service.store.access.secrets import shared_secret
from service.store.session import Database

COOKIE, CSRF_HEADER = "adaline_session", "X-CSRF-Token"
SECRET = "sessions"  # its name in the database
SESSION_SECONDS = 12 * 3600
AGAIN = "sign in again: POST /v1/session"


@dataclass(frozen=True, slots=True)
class PageSession:
    """A session: by which key, and the token that its page sends with what changes something."""

    key: str
    cookie: str
    csrf_token: str

    def check(self, token: str | None) -> None:
        """Raises CsrfTokenInvalid."""
        if token is None or not hmac.compare_digest(token.encode(), self.csrf_token.encode()):
            raise CsrfTokenInvalid(
                f"a session needs its token in the header {CSRF_HEADER} for what changes something; the answer to "
                "signing in has it"
            )


class Sessions:
    """Makes and reads the sessions of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, key: str) -> PageSession:
        """A new session of who has shown this key."""
        return self._session(key, self._serializer.dumps([key, secrets.token_urlsafe(16)]))

    def read(self, cookie: str) -> PageSession:
        """Raises SessionInvalid for what is none, or none any more."""
        try:
            key, _ = self._serializer.loads(cookie, max_age=SESSION_SECONDS)
        except (BadData, ValueError, TypeError):
            raise SessionInvalid(f"the session is over, or none of this server's; {AGAIN}") from None
        return self._session(str(key), cookie)

    def _session(self, key: str, cookie: str) -> PageSession:
        token = hmac.new(self._secret.encode(), f"csrf {cookie}".encode(), hashlib.sha256).hexdigest()
        return PageSession(key, cookie, token)

    @cached_property
    def _secret(self) -> str:
        return shared_secret(self._database, SECRET)

    @cached_property
    def _serializer(self) -> URLSafeTimedSerializer:
        signed = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeTimedSerializer(self._secret, salt="adaline.session", signer_kwargs=signed)
