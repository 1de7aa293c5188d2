"""Before each view: who asks, and whether the operation's rule lets them."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, request
from werkzeug.wrappers import Request

from service.api.admission.rules import rule_of
from service.api.context import Context, context
from service.api.http.callers import SAFE
from service.api.http.sessions import COOKIE, CSRF_HEADER, PageSession
from service.domain.access.identity import Identity
from service.domain.access.quotas import Quotas
from service.domain.access.scopes import INCLUDES
from service.domain.resolving.limits import Limits
from service.errors import KeyMissing, ScopeMissing
from service.usecases.limits.rates import COUNTED, LimitHeaders


def register(app: Flask) -> None:
    """Ask for a key before the app's views."""
    app.before_request(_admit)
    app.after_request(_tell_limit)


def check_rules(app: Flask) -> None:
    """Raises LookupError for a route whose view has no rule."""
    for route in app.url_map.iter_rules():
        rule_of(view_of(route.endpoint))


def view_of(endpoint: str) -> str:
    """The view's name: that of its operation in the document."""
    return endpoint.rpartition(".")[2]


def identity() -> Identity:
    """Who asks. Only in a view that needs to know: one that is public is asked by anybody."""
    who: Identity = g.identity
    return who


def owner() -> str:
    """Whose things the present request is about."""
    return identity().owner


def session() -> PageSession | None:
    """The session that the request came with; None with a key."""
    found: PageSession | None = g.session
    return found


def check_still_admitted(here: Context, who: Identity) -> None:
    """For an answer that takes long: who asked may still be answered. Raises Unauthenticated."""
    if who.key is not None:
        here.keys.holder(who.key)


def who_asks(here: Context, asked: Request) -> tuple[Identity, PageSession | None]:
    """By the key, or by a page's session where there is no key. Raises Unauthenticated."""
    authorization, cookie = asked.headers.get("Authorization"), asked.cookies.get(COOKIE)
    try:
        return here.keys.identify(authorization), None
    except KeyMissing:
        if cookie is None:
            raise
    found = here.sessions.read(cookie)
    return here.keys.holder(found.key), found


def _admit() -> None:
    if request.endpoint is None:  # no such path or method: that is answered whoever asks
        return
    rule = rule_of(view_of(request.endpoint))
    if rule.is_public:
        return
    who, page_session = who_asks(context(), request)
    g.identity, g.session = who, page_session
    counted: LimitHeaders | None = request.environ.get(COUNTED)  # before Flask
    g.limit = context().rates.admit(who) if counted is None else counted
    structlog.contextvars.bind_contextvars(owner=who.owner, key=who.key)
    if not rule.scopes & who.scopes:
        raise _scope_missing(who, rule.scope)
    if page_session is not None and request.method not in SAFE:
        page_session.check(request.headers.get(CSRF_HEADER))


def _tell_limit(answer: Response) -> Response:
    """Say how many requests there may still be, where they are limited."""
    answer.headers.extend(g.get("limit", ()))
    return answer


def quotas() -> Quotas:
    """What who asks may have."""
    return Quotas.of(context().deps.settings, identity().limits)


def allowed() -> Limits:
    """What who asks may train."""
    return context().deps.limits_within(identity().limits)


def _scope_missing(who: Identity, scope: str) -> ScopeMissing:
    has = ", ".join(sorted(who.scopes)) or "none"
    also = [wider for wider in INCLUDES if scope in INCLUDES[wider]]
    or_wider = f" (or {' or '.join(also)})" if also else ""
    return ScopeMissing(
        f"this needs the scope {scope}{or_wider}, and the key {who.key} has {has}; ask who runs this server for a "
        "key with it"
    )
