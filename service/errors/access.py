"""Who asks is not known, or may not do this."""

from __future__ import annotations

from service.errors.root import AdalineError


class Unauthenticated(AdalineError):
    code = "unauthenticated"
    title = "Who asks is not known"


class KeyMissing(Unauthenticated):
    code = "key_missing"
    title = "A key is needed"


class KeyInvalid(Unauthenticated):
    code = "key_invalid"
    title = "Not a key of this server"


class KeyExpired(Unauthenticated):
    code = "key_expired"
    title = "The key has expired"


class KeyRevoked(Unauthenticated):
    code = "key_revoked"
    title = "The key has been revoked"


class SessionInvalid(Unauthenticated):
    code = "session_invalid"
    title = "Not signed in"


class NotPermitted(AdalineError):
    code = "not_permitted"
    title = "Not allowed"


class ScopeMissing(NotPermitted):
    code = "scope_missing"
    title = "The key does not allow this"


class CsrfTokenInvalid(NotPermitted):
    code = "csrf_token_invalid"
    title = "CSRF token missing or wrong"
